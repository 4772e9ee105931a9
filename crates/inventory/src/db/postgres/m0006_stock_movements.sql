CREATE TABLE mm_stock_movement (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    part_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    quantity BIGINT NOT NULL,
    from_location_id TEXT COLLATE "C",
    from_before BIGINT,
    from_after BIGINT,
    to_location_id TEXT COLLATE "C",
    to_before BIGINT,
    to_after BIGINT,
    reason TEXT COLLATE "C",
    user_id TEXT COLLATE "C",
    username TEXT COLLATE "C",
    moved_at TEXT COLLATE "C" NOT NULL,
    undoes TEXT COLLATE "C"
);
CREATE INDEX ix_mm_stock_movement_part_id ON mm_stock_movement (part_id, number);
CREATE INDEX ix_mm_stock_movement_from_location_id ON mm_stock_movement (from_location_id, number);
CREATE INDEX ix_mm_stock_movement_to_location_id ON mm_stock_movement (to_location_id, number);
