//! Which order line a part came from.
#![expect(missing_docs, reason = "columns are named by the schema")]

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "partorderlink")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub part_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_item_id: String,
    pub quantity_from_order: i64,
    pub date_added: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
