//! Parts. Their stock is in `part_location_allocations`.

use sea_orm::entity::prelude::*;

use crate::json::Json;
use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "partmodel")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub part_name: String,
    pub part_number: Option<String>,
    pub description: Option<String>,
    pub manufacturer: Option<String>,
    pub manufacturer_part_number: Option<String>,
    pub component_type: Option<String>,
    pub supplier: Option<String>,
    pub supplier_part_number: Option<String>,
    pub supplier_url: Option<String>,
    pub product_url: Option<String>,
    pub image_url: Option<String>,
    pub emoji: Option<String>,
    pub additional_properties: Json,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
