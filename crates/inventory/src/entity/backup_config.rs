//! The original's backup settings. Kept for its sake; ours live beside the archives.
#![expect(missing_docs, reason = "columns are named by the schema")]

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "backup_config")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub schedule_enabled: bool,
    pub schedule_type: String,
    pub schedule_cron: Option<String>,
    pub retention_count: i64,
    pub last_backup_at: Option<Timestamp>,
    pub next_backup_at: Option<Timestamp>,
    pub encryption_required: bool,
    pub encryption_password: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
