//! Sets the password of a user.

use std::fmt;

use sea_orm::EntityTrait;

use super::create::hash_password;
use super::{User, find_row, hashing, require_power_over};
use crate::db::entity::usermodel::{Entity, Model};
use crate::db::record::Secret;
use crate::fields::{Fields, Problem};
use crate::{Access, Actor, Command, Error, Permission, Work, password};

/// Sets the password of the actor, who must know the current one, or with [`Permission::UsersUpdate`] that of another user. Ends
/// all sessions of the user.
///
/// Fails with [`Error::Invalid`] when the current password is wrong, and with [`Error::Forbidden`] when the actor does not hold a
/// permission of the other user.
#[derive(Clone, Default)]
pub struct SetPassword {
    /// The user.
    pub user_id: String,
    /// The current password, if the actor is the user.
    pub current_password: Option<String>,
    /// The new password: at least 8 characters, among them an upper-case letter, a lower-case letter and a digit.
    pub new_password: String,
    /// Whether another user must change the password at the next sign-in.
    pub password_change_required: bool,
}

impl fmt::Debug for SetPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetPassword").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

impl Command for SetPassword {
    const ACCESS: Access = Access::SignedIn;
    type Output = User;

    fn validate(&self, fields: &mut Fields) {
        password::validate("new_password", &self.new_password, fields);
        let differs = self.current_password.as_ref() != Some(&self.new_password);
        fields.require("new_password", differs, Problem::SameAs { from: "current_password" });
    }

    async fn run(&self, work: &mut Work) -> Result<User, Error> {
        let is_own = matches!(work.actor(), Actor::User { id, .. } if *id == self.user_id);
        // Verifies and hashes before the transaction begins, since hashing is slow.
        let verified = if is_own {
            Some(self.verify_current(work).await?)
        } else {
            work.actor().require(Permission::UsersUpdate)?;
            None
        };
        let hashed_password = hash_password(work, &self.new_password).await;
        let (before, user) = find_row(work, &self.user_id).await?;
        match verified {
            Some(hash) if hash != before.hashed_password => return Err(wrong_password()),
            Some(_) => {}
            None => require_power_over(work.actor(), &user)?,
        }
        let password_change_required = self.password_change_required && !is_own;
        let after = Model { hashed_password, password_change_required, ..before.clone() };
        work.update(&before, after).await?;
        Ok(find_row(work, &self.user_id).await?.1)
    }
}

impl SetPassword {
    /// Verifies the current password. Returns the hash that it matches.
    async fn verify_current(&self, work: &Work) -> Result<Secret, Error> {
        let missing = || Error::invalid("current_password", Problem::Missing);
        let current = self.current_password.clone().ok_or_else(missing)?;
        let before = work.separate();
        let row = Entity::find_by_id(&self.user_id).one(before.db().await?).await?;
        before.end().await?;
        let stored = row.ok_or_else(|| Error::not_found("user", &self.user_id))?.hashed_password;
        let Secret(hash) = stored.clone();
        if hashing(move || password::verify(&current, &hash)).await {
            Ok(stored)
        } else {
            Err(wrong_password())
        }
    }
}

fn wrong_password() -> Error {
    Error::invalid("current_password", Problem::WrongPassword)
}
