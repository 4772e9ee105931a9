//! What the system itself knows of a part: views, imports, review marks.
#![expect(missing_docs, reason = "columns are named by the schema")]

use sea_orm::entity::prelude::*;

use crate::json::Json;
use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "partsystemmetadata")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub part_id: Option<String>,
    pub view_count: i64,
    pub search_count: i64,
    pub last_accessed: Option<Timestamp>,
    pub import_source: Option<String>,
    pub import_reference: Option<String>,
    pub import_date: Option<Timestamp>,
    pub needs_review: bool,
    pub is_favorite: bool,
    pub is_obsolete: bool,
    pub tags: Json,
    pub notes: Option<String>,
    pub auto_reorder_enabled: bool,
    pub reorder_threshold: Option<i64>,
    pub preferred_supplier: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
