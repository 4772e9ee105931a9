//! Settings of the file import: one row, `default`.
#![expect(missing_docs, reason = "columns are named by the schema")]

use sea_orm::entity::prelude::*;

use crate::json::Json;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "csvimportconfigmodel")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub download_datasheets: bool,
    pub download_images: bool,
    pub overwrite_existing_files: bool,
    pub download_timeout_seconds: i64,
    pub show_progress: bool,
    pub enable_enrichment: bool,
    pub auto_create_enrichment_tasks: bool,
    pub additional_settings: Json,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
