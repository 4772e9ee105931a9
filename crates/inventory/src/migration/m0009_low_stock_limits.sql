-- The quantity below which the stock of a part is low. A part without a row has no limit. No foreign key: the original deletes
-- parts without knowing this table.
CREATE TABLE IF NOT EXISTS mm_low_stock_limit (
    part_id TEXT NOT NULL PRIMARY KEY,
    quantity BIGINT NOT NULL
);
