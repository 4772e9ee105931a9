//! Maintenance done on tools.
#![expect(missing_docs, reason = "columns are named by the schema")]

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tool_maintenance_records")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub tool_id: Option<String>,
    pub maintenance_date: Timestamp,
    pub maintenance_type: String,
    pub performed_by: String,
    pub notes: Option<String>,
    pub next_maintenance_date: Option<Timestamp>,
    pub cost: Option<f64>,
    pub created_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
