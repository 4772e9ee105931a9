//! The tree of categories: a row for each category with a parent. The original does not know this table.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "mm_category_parent")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub category_id: String,
    pub parent_id: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
