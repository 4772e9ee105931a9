//! Links between parts and tags.

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "part_tag_links")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub part_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub tag_id: String,
    pub added_at: Timestamp,
    pub added_by: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
