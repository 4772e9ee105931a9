-- The marker of a restore: a row that comes into the live database together with the restored data, and so tells after
-- an interruption whether the restore had been committed.
CREATE TABLE IF NOT EXISTS mm_restore (
	id VARCHAR NOT NULL PRIMARY KEY,
	restored_at DATETIME NOT NULL,
	archive VARCHAR NOT NULL
);
