//! Finds the user of a session.

use std::iter;

use sea_orm::EntityTrait;

use super::{User, with_roles};
use crate::db::entity::usermodel::Entity;
use crate::db::record::Secret;
use crate::{Access, Actor, Error, Inventory, Query, Read, digest_of};

/// The user of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionUser {
    /// The user.
    pub user: User,
    /// A digest that changes when the password, the roles, a permission of a role, or the activation of the user changes.
    /// A session ends when it does, whichever program made the change.
    pub credentials: String,
}

impl SessionUser {
    pub(super) fn new(user: User, password_hash: &str) -> Self {
        let credentials = credentials(&user, password_hash);
        Self { user, credentials }
    }
}

impl Inventory {
    /// Returns the active user with this id, for a session. Returns `None` if there is no such user.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn session_user(&self, user_id: &str) -> Result<Option<SessionUser>, Error> {
        self.query(&Actor::Anonymous, FindSessionUser { user_id: user_id.to_owned() }).await
    }
}

/// Finds the active user of a session.
#[derive(Clone, Debug)]
pub(crate) struct FindSessionUser {
    user_id: String,
}

impl Query for FindSessionUser {
    const ACCESS: Access = Access::Public;
    type Output = Option<SessionUser>;

    async fn run(&self, read: &Read) -> Result<Self::Output, Error> {
        let row = Entity::find_by_id(&self.user_id).one(read.db().await?).await?;
        let Some(row) = row.filter(|row| row.is_active) else { return Ok(None) };
        let Secret(hash) = row.hashed_password.clone();
        let user = with_roles(read, vec![row]).await?.pop();
        Ok(user.map(|user| SessionUser::new(user, &hash)))
    }
}

fn credentials(user: &User, password_hash: &str) -> String {
    let roles = user.roles.iter();
    let of_roles = roles.flat_map(|role| iter::once(role.id.as_str()).chain(role.permissions.texts()));
    digest_of(iter::once(password_hash).chain(of_roles))
}
