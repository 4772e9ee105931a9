//! Signs a user in. A sign-in has no actor yet, and it is not a single use case: the password is verified between reading
//! the hash and recording the sign-in, which is slow and must not hold a transaction.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{SessionUser, User, hashing, with_roles};
use crate::db::entity::usermodel::{Column, Entity, Model};
use crate::db::record::Secret;
use crate::{Access, Actor, Command, Error, Inventory, Query, Read, Work, password};

impl Inventory {
    /// Returns the active user with this name and password, or `None` if either is wrong or the user is not active. All these cases
    /// take equally long. Records the time of the sign-in, and replaces an outdated hash. Who signs in with the default password of
    /// the original must change it.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn sign_in(&self, username: &str, password: &str) -> Result<Option<User>, Error> {
        Ok(self.sign_in_for_session(username, password).await?.map(|found| found.user))
    }

    /// Signs a user in like [`Inventory::sign_in`], for a session that ends if the password is changed at the same time.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn sign_in_for_session(
        &self,
        username: &str,
        password: &str,
    ) -> Result<Option<SessionUser>, Error> {
        let found = self.query(&Actor::Anonymous, FindCredentials { username: username.to_owned() }).await?;
        let (secret, ambient, rounds) = (password.to_owned(), self.ambient().clone(), self.rounds());
        let stored = found.as_ref().map(|(_, Secret(hash))| hash.clone());
        let is_active = found.as_ref().is_some_and(|(user, _)| user.is_active);
        let is_default = password::is_default(password);
        let checked = hashing(move || {
            let matches = password::verify_at_equal_cost(&secret, stored.as_deref(), rounds);
            // A second hash for a user who is not active would take longer than for an unknown one.
            let outdated = stored.filter(|hash| matches && is_active && password::is_outdated(hash, rounds));
            (matches, outdated.map(|_| Secret(password::hash(&secret, rounds, &ambient))))
        });
        let (matches, new_hash) = checked.await;
        match found {
            Some((user, hash)) if matches && user.is_active => {
                self.run(&user.actor(), RecordSignIn { hash, new_hash, is_default }).await
            }
            _ => Ok(None),
        }
    }
}

/// Finds a user by name, with the hash of the password.
#[derive(Clone, Debug)]
pub(crate) struct FindCredentials {
    username: String,
}

/// Records that the actor has signed in with the password of `hash`. Returns `None` if the password was changed in the
/// meantime.
#[derive(Clone, Debug)]
pub(crate) struct RecordSignIn {
    hash: Secret,
    new_hash: Option<Secret>,
    /// Whether the password is the published default, and so must be changed.
    is_default: bool,
}

impl Query for FindCredentials {
    const ACCESS: Access = Access::Public;
    type Output = Option<(User, Secret)>;

    async fn run(&self, read: &Read) -> Result<Self::Output, Error> {
        let row = Entity::find().filter(Column::Username.eq(&self.username)).one(read.db().await?).await?;
        let Some(row) = row else { return Ok(None) };
        let hash = row.hashed_password.clone();
        let user = with_roles(read, vec![row]).await?.pop();
        Ok(user.map(|user| (user, hash)))
    }
}

impl Command for RecordSignIn {
    const ACCESS: Access = Access::SignedIn;
    type Output = Option<SessionUser>;

    async fn run(&self, work: &mut Work) -> Result<Option<SessionUser>, Error> {
        let Actor::User { id, .. } = work.actor() else { return Ok(None) };
        let row = Entity::find_by_id(id).one(work.db().await?).await?;
        let valid = |row: &Model| row.is_active && row.hashed_password == self.hash;
        let Some(before) = row.filter(valid) else { return Ok(None) };
        let after = Model {
            last_login: Some(work.now()),
            hashed_password: self.new_hash.clone().unwrap_or_else(|| before.hashed_password.clone()),
            password_change_required: before.password_change_required || self.is_default,
            ..before.clone()
        };
        let after = work.update(&before, after).await?;
        let Secret(hash) = after.hashed_password.clone();
        let user = with_roles(work, vec![after]).await?.pop();
        Ok(user.map(|user| SessionUser::new(user, &hash)))
    }
}
