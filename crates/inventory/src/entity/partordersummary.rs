//! What a part has cost, over all orders.
#![expect(missing_docs, reason = "columns are named by the schema")]

use sea_orm::entity::prelude::*;

use crate::numeric::Numeric;
use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "partordersummary")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub part_id: Option<String>,
    pub last_ordered_date: Option<Timestamp>,
    pub last_ordered_price: Option<Numeric>,
    pub last_order_number: Option<String>,
    pub total_orders: i64,
    pub lowest_price: Option<Numeric>,
    pub highest_price: Option<Numeric>,
    pub average_price: Option<Numeric>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
