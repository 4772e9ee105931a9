//! API keys, by their hash.

use sea_orm::entity::prelude::*;

use crate::db::record::Secret;
use crate::json::Json;
use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub name: String,
    pub description: Option<String>,
    pub key_hash: Secret,
    pub key_prefix: String,
    pub user_id: String,
    pub permissions: Json,
    pub role_names: Json,
    pub is_active: bool,
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    pub usage_count: i64,
    pub allowed_ips: Json,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
