CREATE TABLE mm_category_parent (
    category_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES categorymodel (id) ON DELETE CASCADE DEFERRABLE,
    parent_id TEXT COLLATE "C" NOT NULL REFERENCES categorymodel (id) ON DELETE CASCADE DEFERRABLE
);
CREATE INDEX ix_mm_category_parent_parent_id ON mm_category_parent (parent_id);
