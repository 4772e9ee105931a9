//! How complete the data of a part is, and where it came from.
#![expect(missing_docs, reason = "columns are named by the schema")]

use sea_orm::entity::prelude::*;

use crate::json::Json;
use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "partenrichmentmetadata")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub part_id: Option<String>,
    pub last_enrichment_date: Option<Timestamp>,
    pub enrichment_source: Option<String>,
    pub data_quality_score: Option<f64>,
    pub enrichment_attempts: i64,
    pub last_error: Option<String>,
    pub capabilities_used: Json,
    pub needs_enrichment: bool,
    pub enrichment_enabled: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
