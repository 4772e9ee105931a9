CREATE TABLE mm_low_stock_limit (
    part_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    quantity BIGINT NOT NULL
);
