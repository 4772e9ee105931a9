//! Projects. The number of parts is a copy for the original.

use sea_orm::entity::prelude::*;

use crate::json::Json;
use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "projectmodel")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub name: String,
    pub slug: String,
    pub description: Option<String>,
    pub status: String,
    pub image_url: Option<String>,
    pub links: Json,
    pub project_metadata: Json,
    pub parts_count: i64,
    pub estimated_cost: Option<f64>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub completed_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
