//! Tags of parts and tools. The counts are copies for the original.

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tagmodel")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub name: String,
    pub name_lower: String,
    pub color: Option<String>,
    pub description: Option<String>,
    pub icon: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub created_by: Option<String>,
    pub usage_count: i64,
    pub parts_count: i64,
    pub tools_count: i64,
    pub last_used_at: Option<Timestamp>,
    pub is_system: bool,
    pub is_active: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
