CREATE TABLE IF NOT EXISTS mm_idempotency (
    id TEXT NOT NULL PRIMARY KEY,
    request TEXT NOT NULL,
    response TEXT NOT NULL,
    created_at DATETIME NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_mm_idempotency_created_at ON mm_idempotency (created_at);
