package redis

// FoldKey appends the pattern of a quoted key.
func FoldKey(dst, key []byte) []byte { return append(dst, key...) }
