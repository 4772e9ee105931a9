CREATE TABLE mm_restore (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    restored_at TEXT COLLATE "C" NOT NULL,
    archive TEXT COLLATE "C" NOT NULL
);
