-- When one of a group was first there in the hour of a mark. NULL: the mark is older than this column, the hour is all that is known.
ALTER TABLE mark ADD COLUMN first_seen BIGINT;
