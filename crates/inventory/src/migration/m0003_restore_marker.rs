//! The marker of a restore: a row that comes into the live database together with the restored data, and so tells
//! after an interruption whether the restore had been committed.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

const STATEMENT: &str = "\
CREATE TABLE IF NOT EXISTS mm_restore (
	id VARCHAR NOT NULL PRIMARY KEY,
	restored_at DATETIME NOT NULL,
	archive VARCHAR NOT NULL
);
";

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0003_restore_marker"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(STATEMENT).await.map(|_| ())
    }
}
