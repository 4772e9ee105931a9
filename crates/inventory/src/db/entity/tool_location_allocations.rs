//! The quantity of a tool at a location.

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tool_location_allocations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub tool_id: Option<String>,
    pub location_id: Option<String>,
    pub quantity_at_location: i64,
    pub is_primary_storage: bool,
    pub allocated_at: Timestamp,
    pub last_updated: Timestamp,
    pub notes: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
