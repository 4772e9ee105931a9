//! Administrators: the active users who hold [`Permission::All`]. An inventory that has one never loses the last one.

use sea_orm::sea_query::Query as SqlQuery;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::db::entity::{rolemodel, usermodel, userrolelink};
use crate::work::{Read, Work};
use crate::{Error, Permission, Permissions, list};

/// Returns whether there is an administrator.
pub(crate) async fn exist(read: &Read) -> Result<bool, Error> {
    let db = read.db().await?;
    let text = format!("\"{}\"", Permission::All);
    let roles = rolemodel::Entity::find().filter(list::contains(rolemodel::Column::Permissions, &text));
    let granting = roles.all(db).await?.into_iter().filter(|role| {
        let permissions: Permissions = role.permissions.strings().into_iter().collect();
        permissions.grant(Permission::All)
    });
    let holders = SqlQuery::select()
        .column(userrolelink::Column::UserId)
        .from(userrolelink::Entity)
        .and_where(userrolelink::Column::RoleId.is_in(granting.map(|role| role.id)))
        .to_owned();
    let active = usermodel::Entity::find()
        .filter(usermodel::Column::IsActive.eq(true))
        .filter(usermodel::Column::Id.in_subquery(holders));
    Ok(active.count(db).await? > 0)
}

/// Refuses a change that has removed the last administrator. `existed` says whether there was one before the change.
pub(crate) async fn keep(work: &Work, existed: bool) -> Result<(), Error> {
    if existed && !exist(work).await? { Err(Error::LastAdministrator) } else { Ok(()) }
}
