-- The views of the list of parts that users have saved. No foreign key: the original deletes users without knowing this table.
CREATE TABLE IF NOT EXISTS mm_saved_view (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    UNIQUE (user_id, name)
);
