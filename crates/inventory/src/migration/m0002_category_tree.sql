-- The tree of categories, in a separate table: the original has only a flat list of categories, and continues to use
-- `categorymodel` unchanged. A category without a row has no parent.
CREATE TABLE IF NOT EXISTS mm_category_parent (
	category_id VARCHAR NOT NULL PRIMARY KEY REFERENCES categorymodel (id) ON DELETE CASCADE,
	parent_id VARCHAR NOT NULL REFERENCES categorymodel (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS ix_mm_category_parent_parent_id ON mm_category_parent (parent_id);
