CREATE TABLE IF NOT EXISTS mm_stock_movement (
    id TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    part_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    from_location_id TEXT,
    from_before BIGINT,
    from_after BIGINT,
    to_location_id TEXT,
    to_before BIGINT,
    to_after BIGINT,
    reason TEXT,
    user_id TEXT,
    username TEXT,
    moved_at DATETIME NOT NULL,
    undoes TEXT
);
CREATE INDEX IF NOT EXISTS ix_mm_stock_movement_part_id ON mm_stock_movement (part_id, number);
CREATE INDEX IF NOT EXISTS ix_mm_stock_movement_from_location_id ON mm_stock_movement (from_location_id, number);
CREATE INDEX IF NOT EXISTS ix_mm_stock_movement_to_location_id ON mm_stock_movement (to_location_id, number);
-- The stock that is there when the ledger begins. A database whose record of migrations was lost may have a ledger already.
INSERT INTO mm_stock_movement
    (id, number, part_id, kind, quantity, to_location_id, to_before, to_after, moved_at)
SELECT 'opening-' || id, row_number() OVER (ORDER BY rowid), part_id, 'opening', quantity_at_location,
    location_id, 0, quantity_at_location, strftime('%Y-%m-%d %H:%M:%f000', 'now')
FROM part_location_allocations
WHERE quantity_at_location <> 0 AND part_id IS NOT NULL AND location_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM mm_stock_movement);
