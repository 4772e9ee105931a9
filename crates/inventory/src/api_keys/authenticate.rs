//! Authenticates API keys.

use std::net::IpAddr;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{ApiKey, hash};
use crate::db::entity::api_keys::{Column, Entity};
use crate::db::record::Secret;
use crate::error::KeyProblem;
use crate::users::{self, User};
use crate::{Access, Actor, Error, Inventory, Query, Read, Timestamp};

/// An API key that may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticatedKey {
    /// The id of the key.
    pub id: String,
    /// The user of the key, with those permissions of the key that the user holds.
    pub actor: Actor,
}

impl Inventory {
    /// Finds the API key that is used from `address`. Only reads: [`RecordKeyUses`](super::RecordKeyUses) counts the uses.
    ///
    /// # Errors
    /// [`Error::ApiKey`] when there is no such key, when the key or its user is not active, when the key has expired, or
    /// when it must not be used from the address; [`Error::Database`].
    pub async fn authenticate_api_key(
        &self,
        key: &str,
        address: Option<IpAddr>,
    ) -> Result<AuthenticatedKey, Error> {
        let key_hash = Secret(hash(key));
        self.query(&Actor::Anonymous, AuthenticateApiKey { key_hash, address }).await
    }
}

/// Checks an API key.
#[derive(Clone, Debug)]
pub(crate) struct AuthenticateApiKey {
    key_hash: Secret,
    address: Option<IpAddr>,
}

impl Query for AuthenticateApiKey {
    const ACCESS: Access = Access::Public;
    type Output = AuthenticatedKey;

    async fn run(&self, read: &Read) -> Result<AuthenticatedKey, Error> {
        let refused = |problem| Error::ApiKey { problem };
        let with_hash = Entity::find().filter(Column::KeyHash.eq(self.key_hash.clone()));
        let row = with_hash.one(read.db().await?).await?;
        let key = ApiKey::from(row.ok_or_else(|| refused(KeyProblem::Unknown))?);
        let user = users::find(read, &key.user_id).await?.ok_or_else(|| refused(KeyProblem::UserInactive))?;
        check(&key, &user, self.address, read.now()).map_err(refused)?;
        let permissions = key.permissions.limited_to(&user.permissions());
        let actor = Actor::User { id: user.id, username: user.username, permissions };
        Ok(AuthenticatedKey { id: key.id, actor })
    }
}

/// Checks whether the key may be used at `now` from `address`.
fn check(key: &ApiKey, user: &User, address: Option<IpAddr>, now: Timestamp) -> Result<(), KeyProblem> {
    let expired = key.expires_at.is_some_and(|end| end <= now);
    let is_same = |text: &String, address: IpAddr| {
        text.trim().parse().is_ok_and(|allowed: IpAddr| allowed.to_canonical() == address.to_canonical())
    };
    let allowed = address.is_some_and(|address| key.allowed_ips.iter().any(|ip| is_same(ip, address)));
    if !key.is_active {
        Err(KeyProblem::Inactive)
    } else if expired {
        Err(KeyProblem::Expired)
    } else if !key.allowed_ips.is_empty() && !allowed {
        Err(KeyProblem::Address)
    } else if !user.is_active {
        Err(KeyProblem::UserInactive)
    } else {
        Ok(())
    }
}
