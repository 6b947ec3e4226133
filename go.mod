module redistop

go 1.26
