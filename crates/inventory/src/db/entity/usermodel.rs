//! Users, who may sign in.

use sea_orm::entity::prelude::*;

use crate::db::record::Secret;
use crate::timestamp::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "usermodel")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub username: String,
    pub email: String,
    pub hashed_password: Secret,
    pub is_active: bool,
    pub password_change_required: bool,
    pub created_at: Timestamp,
    pub last_login: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
