//! Orders placed with suppliers.
#![expect(missing_docs, reason = "columns are named by the schema")]

use sea_orm::entity::prelude::*;

use crate::json::Json;
use crate::numeric::Numeric;
use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ordermodel")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub order_number: Option<String>,
    pub supplier: String,
    pub order_date: Timestamp,
    pub status: String,
    pub tracking_number: Option<String>,
    pub subtotal: Option<Numeric>,
    pub tax: Option<Numeric>,
    pub shipping: Option<Numeric>,
    pub total: Option<Numeric>,
    pub currency: String,
    pub import_source: Option<String>,
    pub import_date: Timestamp,
    pub notes: Option<String>,
    pub order_metadata: Json,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
