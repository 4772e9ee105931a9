//! The quantities below which the stock of parts is low. The original does not know this table.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "mm_low_stock_limit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub part_id: String,
    pub quantity: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
