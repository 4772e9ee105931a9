//! The lines of an order.
#![expect(missing_docs, reason = "columns are named by the schema")]

use sea_orm::entity::prelude::*;

use crate::json::Json;
use crate::numeric::Numeric;
use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "orderitemmodel")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub order_id: String,
    pub part_id: Option<String>,
    pub supplier_part_number: String,
    pub manufacturer_part_number: Option<String>,
    pub description: Option<String>,
    pub manufacturer: Option<String>,
    pub quantity_ordered: i64,
    pub quantity_received: i64,
    pub unit_price: Option<Numeric>,
    pub extended_price: Option<Numeric>,
    pub package: Option<String>,
    pub customer_reference: Option<String>,
    pub status: String,
    pub expected_date: Option<Timestamp>,
    pub received_date: Option<Timestamp>,
    pub properties: Json,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
