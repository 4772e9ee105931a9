//! The tree of categories, in a table of its own: the original knows categories only as a flat list, and goes on
//! using `categorymodel` as it is. A category without a row has no parent.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

const STATEMENTS: &str = "\
CREATE TABLE IF NOT EXISTS mm_category_parent (
	category_id VARCHAR NOT NULL PRIMARY KEY REFERENCES categorymodel (id) ON DELETE CASCADE,
	parent_id VARCHAR NOT NULL REFERENCES categorymodel (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS ix_mm_category_parent_parent_id ON mm_category_parent (parent_id);
";

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0002_category_tree"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(STATEMENTS).await.map(|_| ())
    }
}
