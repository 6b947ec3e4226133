-- How far back the sessions of a server are all known: since its connections were first looked at, or since the end of
-- the oldest that were dropped.
ALTER TABLE server ADD COLUMN since BIGINT;
