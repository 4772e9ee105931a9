//! Passwords of backups, which the original keeps in the clear: in the input of tasks, and in its settings. They go away
//! as they do from what goes into an archive, see [`crate::sqlite::redact`].

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::sqlite::{SETTINGS, TASK_COLUMNS, without_passwords};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0004_passwords"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let database = manager.get_connection();
        for column in TASK_COLUMNS {
            // Only a few rows are looked at; what is not UTF-8 comes as it is.
            let sql = format!(
                "SELECT rowid, CAST({column} AS BLOB) FROM tasks WHERE typeof({column}) IN ('text', 'blob') \
                 AND (instr(lower(CAST({column} AS TEXT)), 'pass') OR instr(CAST({column} AS TEXT), '\\u00'))"
            );
            for row in database.query_all_raw(statement(&sql, [])).await? {
                let (row_id, text): (i64, Vec<u8>) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
                if let Some((clean, _)) = without_passwords(&text) {
                    let sql = format!("UPDATE tasks SET {column} = ? WHERE rowid = ?");
                    database.execute_raw(statement(&sql, [clean.into(), row_id.into()])).await?;
                }
            }
        }
        let (settings, column) = SETTINGS;
        let sql = format!("UPDATE {settings} SET {column} = NULL WHERE {column} IS NOT NULL");
        database.execute_unprepared(&sql).await.map(|_| ())
    }
}

fn statement<const N: usize>(sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}
