//! Background tasks and how far they got.
#![expect(missing_docs, reason = "columns are named by the schema")]

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tasks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub task_type: String,
    pub name: String,
    pub description: Option<String>,
    pub status: String,
    pub priority: String,
    pub progress_percentage: i64,
    pub current_step: Option<String>,
    pub input_data: Option<String>,
    pub result_data: Option<String>,
    pub error_message: Option<String>,
    pub max_retries: i64,
    pub retry_count: i64,
    pub timeout_seconds: Option<i64>,
    pub created_at: Timestamp,
    pub scheduled_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub created_by_user_id: Option<String>,
    pub related_entity_type: Option<String>,
    pub related_entity_id: Option<String>,
    pub parent_task_id: Option<String>,
    pub depends_on_task_ids: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
