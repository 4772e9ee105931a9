//! The stock ledger: a row for each change of a quantity. The original does not know this table.

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "mm_stock_movement")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub number: i64,
    pub part_id: String,
    pub kind: String,
    pub quantity: i64,
    pub from_location_id: Option<String>,
    pub from_before: Option<i64>,
    pub from_after: Option<i64>,
    pub to_location_id: Option<String>,
    pub to_before: Option<i64>,
    pub to_after: Option<i64>,
    pub reason: Option<String>,
    pub user_id: Option<String>,
    pub username: Option<String>,
    pub moved_at: Timestamp,
    pub undoes: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
