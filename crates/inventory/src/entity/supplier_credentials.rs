//! Credentials for suppliers.
#![expect(missing_docs, reason = "columns are named by the schema")]

use sea_orm::entity::prelude::*;

use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "supplier_credentials")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub supplier_config_id: String,
    pub api_key: Option<String>,
    pub secret_key: Option<String>,
    pub username: Option<String>,
    pub password: Option<String>,
    pub oauth_token: Option<String>,
    pub refresh_token: Option<String>,
    pub additional_data: Option<String>,
    pub created_by_user_id: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
