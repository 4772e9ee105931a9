//! Locations: rooms, shelves, bins, cassettes and slots, each inside another.

use sea_orm::entity::prelude::*;

use crate::json::Json;
use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "locationmodel")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub name: Option<String>,
    pub description: Option<String>,
    pub parent_id: Option<String>,
    pub location_type: String,
    pub image_url: Option<String>,
    pub emoji: Option<String>,
    pub is_mobile: bool,
    pub container_capacity: Option<i64>,
    pub slot_count: Option<i64>,
    pub slot_naming_pattern: Option<String>,
    pub slot_layout_type: Option<String>,
    pub grid_rows: Option<i64>,
    pub grid_columns: Option<i64>,
    pub slot_layout: Json,
    pub is_auto_generated_slot: bool,
    pub slot_number: Option<i64>,
    pub slot_metadata: Json,
    pub is_smart_location: bool,
    pub smart_device_id: Option<String>,
    pub smart_slot_number: Option<i64>,
    pub smart_capabilities: Json,
    pub auto_created: bool,
    pub hidden_by_default: bool,
    pub is_connected: bool,
    pub last_seen: Option<Timestamp>,
    pub firmware_version: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
