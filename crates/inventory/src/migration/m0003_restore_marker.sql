-- The restore marker: a row that enters the live database together with the restored data. After an interruption it shows
-- whether the restore was committed.
CREATE TABLE IF NOT EXISTS mm_restore (
	id VARCHAR NOT NULL PRIMARY KEY,
	restored_at DATETIME NOT NULL,
	archive VARCHAR NOT NULL
);
