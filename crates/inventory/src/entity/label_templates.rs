//! Label templates.
#![expect(missing_docs, reason = "columns are named by the schema")]

use sea_orm::entity::prelude::*;

use crate::json::Json;
use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "label_templates")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub name: String,
    pub display_name: String,
    pub description: Option<String>,
    pub category: String,
    pub is_system_template: bool,
    pub is_active: bool,
    pub created_by_user_id: Option<String>,
    pub is_public: bool,
    pub label_width_mm: f64,
    pub label_height_mm: f64,
    pub layout_type: String,
    pub layout_config: Json,
    pub qr_enabled: bool,
    pub qr_position: String,
    pub qr_scale: f64,
    pub qr_min_size_mm: f64,
    pub qr_max_margin_mm: f64,
    pub text_template: String,
    pub text_rotation: String,
    pub text_alignment: String,
    pub enable_multiline: bool,
    pub enable_auto_sizing: bool,
    pub font_config: Json,
    pub spacing_config: Json,
    pub supports_rotation: bool,
    pub supports_vertical_text: bool,
    pub custom_processing_rules: Json,
    pub usage_count: i64,
    pub last_used_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub is_validated: bool,
    pub validation_errors: Json,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
