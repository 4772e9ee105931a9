//! Tools, which are lent and maintained rather than used up.
#![expect(missing_docs, reason = "columns are named by the schema")]

use sea_orm::entity::prelude::*;

use crate::json::Json;
use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "toolmodel")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub tool_name: String,
    pub tool_number: Option<String>,
    pub description: Option<String>,
    pub manufacturer: Option<String>,
    pub model_number: Option<String>,
    pub tool_type: Option<String>,
    pub supplier: Option<String>,
    pub supplier_part_number: Option<String>,
    pub supplier_url: Option<String>,
    pub product_url: Option<String>,
    pub image_url: Option<String>,
    pub emoji: Option<String>,
    pub additional_properties: Json,
    pub condition: Option<String>,
    pub last_maintenance_date: Option<Timestamp>,
    pub next_maintenance_date: Option<Timestamp>,
    pub maintenance_notes: Option<String>,
    pub is_checked_out: bool,
    pub checked_out_by: Option<String>,
    pub checked_out_at: Option<Timestamp>,
    pub expected_return_date: Option<Timestamp>,
    pub purchase_date: Option<Timestamp>,
    pub purchase_price: Option<f64>,
    pub current_value: Option<f64>,
    pub is_checkable: bool,
    pub is_calibrated_tool: bool,
    pub is_consumable: bool,
    pub exclude_from_analytics: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
