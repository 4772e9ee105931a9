//! Passwords of backups, which the original keeps in the clear: in the input of tasks, and in its settings. This only records
//! that they are gone. They go before any migration, see [`super::migrate`]: free space has to be swept as well, and
//! that cannot be done in a transaction.

use sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0004_passwords"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
