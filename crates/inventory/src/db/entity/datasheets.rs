//! Datasheets of parts; the files are under `static/datasheets`.

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "datasheets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub part_id: String,
    pub filename: String,
    pub file_path: String,
    pub file_size: Option<i64>,
    pub file_type: String,
    pub title: Option<String>,
    pub supplier: Option<String>,
    pub url: Option<String>,
    pub download_date: Timestamp,
    pub is_primary: bool,
    pub is_active: bool,
    pub created_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
