//! Suppliers and how to reach them.
#![expect(missing_docs, reason = "columns are named by the schema")]

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "supplier_configs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub supplier_name: String,
    pub display_name: String,
    pub description: Option<String>,
    pub website_url: Option<String>,
    pub image_url: Option<String>,
    pub supplier_type: String,
    pub api_type: String,
    pub base_url: String,
    pub api_version: Option<String>,
    pub api_documentation_url: Option<String>,
    pub rate_limit_per_minute: Option<i64>,
    pub timeout_seconds: i64,
    pub max_retries: i64,
    pub retry_backoff: f64,
    pub enabled: bool,
    pub supports_datasheet: bool,
    pub supports_image: bool,
    pub supports_pricing: bool,
    pub supports_stock: bool,
    pub supports_specifications: bool,
    pub supports_alternatives: bool,
    pub supports_lifecycle_status: bool,
    pub supports_part_validation: bool,
    pub capabilities: Option<String>,
    pub custom_headers: Option<String>,
    pub custom_parameters: Option<String>,
    pub created_by_user_id: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub last_tested_at: Option<Timestamp>,
    pub test_status: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
