//! Label printers.
#![expect(missing_docs, reason = "columns are named by the schema")]

use sea_orm::entity::prelude::*;

use crate::json::Json;
use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "printermodel")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub printer_id: String,
    pub name: String,
    pub driver_type: String,
    pub model: String,
    pub backend: String,
    pub identifier: String,
    pub dpi: i64,
    pub scaling_factor: f64,
    pub is_active: bool,
    pub last_seen: Option<Timestamp>,
    pub config: Json,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
