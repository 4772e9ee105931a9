//! Authenticates API keys.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{ApiKey, hash};
use crate::db::entity::api_keys::{Column, Entity, Model};
use crate::db::record::Secret;
use crate::error::KeyProblem;
use crate::users::{self, User};
use crate::{Access, Actor, Command, Error, Inventory, Timestamp, Work};

impl Inventory {
    /// Returns the actor of an API key that is used from `address`, and counts the use. The actor is the user of the key,
    /// with those permissions of the key that the user still holds.
    ///
    /// # Errors
    /// [`Error::ApiKey`] when there is no such key, when the key or its user is not active, when the key has expired, or
    /// when it must not be used from the address; [`Error::Database`].
    pub async fn authenticate_api_key(&self, key: &str, address: Option<&str>) -> Result<Actor, Error> {
        let (key_hash, address) = (Secret(hash(key)), address.map(str::to_owned));
        self.run(&Actor::Anonymous, AuthenticateApiKey { key_hash, address }).await
    }
}

/// Checks an API key and counts its use.
#[derive(Clone, Debug)]
pub(crate) struct AuthenticateApiKey {
    key_hash: Secret,
    address: Option<String>,
}

impl Command for AuthenticateApiKey {
    const ACCESS: Access = Access::Public;
    type Output = Actor;

    async fn run(&self, work: &mut Work) -> Result<Actor, Error> {
        let refused = |problem| Error::ApiKey { problem };
        let row =
            Entity::find().filter(Column::KeyHash.eq(self.key_hash.clone())).one(work.db().await?).await?;
        let before = row.ok_or_else(|| refused(KeyProblem::Unknown))?;
        let key = ApiKey::from(before.clone());
        let user = users::find(work, &key.user_id).await?.ok_or_else(|| refused(KeyProblem::UserInactive))?;
        check(&key, &user, self.address.as_deref(), work.now()).map_err(refused)?;
        let usage_count = before.usage_count.saturating_add(1);
        let after = Model { last_used_at: Some(work.now()), usage_count, ..before.clone() };
        work.update(&before, after).await?;
        let permissions = key.permissions.limited_to(&user.permissions());
        Ok(Actor::User { id: user.id, username: user.username, permissions })
    }
}

/// Checks whether the key may be used at `now` from `address`.
fn check(key: &ApiKey, user: &User, address: Option<&str>, now: Timestamp) -> Result<(), KeyProblem> {
    let expired = key.expires_at.is_some_and(|end| end <= now);
    let allowed = address.is_some_and(|address| key.allowed_ips.iter().any(|ip| ip == address));
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
