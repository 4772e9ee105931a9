//! Creates a user.

use std::fmt;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{User, hashing};
use crate::db::entity::{usermodel, userrolelink};
use crate::db::record::Secret;
use crate::fields::{Fields, Problem};
use crate::roles::{self, Role};
use crate::{Access, Command, Error, Permission, Work, password};

/// The smallest number of characters in a username.
const MIN_USERNAME: usize = 3;
/// The largest number of characters in a username or an email address.
const MAX_NAME: usize = 255;
/// The largest number of roles of a user.
pub(super) const MAX_ROLES: usize = 100;

/// Creates a user. Only a hash of the password is stored.
///
/// Fails with [`Error::AlreadyExists`] when the username or email address is taken, with [`Error::NotFound`] when a role
/// does not exist, and with [`Error::Forbidden`] when the actor does not hold a permission of a role.
#[derive(Clone, Default)]
pub struct CreateUser {
    /// Unique; at least 3 letters, digits, `_` or `-`.
    pub username: String,
    /// Unique.
    pub email: String,
    /// At least 8 characters, among them an upper-case letter, a lower-case letter and a digit.
    pub password: String,
    /// The names of the roles.
    pub roles: Vec<String>,
    /// Whether the user must change the password at the first sign-in.
    pub password_change_required: bool,
}

impl fmt::Debug for CreateUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateUser")
            .field("username", &self.username)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

impl Command for CreateUser {
    const ACCESS: Access = Access::Permission(Permission::UsersCreate);
    type Output = User;

    fn validate(&self, fields: &mut Fields) {
        let allowed = |char: char| char.is_alphanumeric() || char == '_' || char == '-';
        let long = self.username.chars().count() >= MIN_USERNAME;
        fields.require("username", long, Problem::TooShort { min: MIN_USERNAME });
        fields.require("username", self.username.chars().all(allowed), Problem::NotAName);
        fields.text("username", Some(&self.username), MAX_NAME);
        check_email(&self.email, fields);
        password::validate("password", &self.password, fields);
        fields.items("roles", &self.roles, MAX_ROLES);
    }

    async fn run(&self, work: &mut Work) -> Result<User, Error> {
        // Hashes before the transaction begins, since hashing is slow.
        let hash = hash_password(work, &self.password).await;
        insert(work, self, hash).await
    }
}

pub(super) async fn hash_password(work: &Work, password: &str) -> Secret {
    let (secret, rounds, ambient) = (password.to_owned(), work.rounds(), work.ambient().clone());
    Secret(hashing(move || password::hash(&secret, rounds, &ambient)).await)
}

/// Inserts a user whose password has this hash.
pub(super) async fn insert(
    work: &mut Work,
    new: &CreateUser,
    hashed_password: Secret,
) -> Result<User, Error> {
    for (what, name, column) in [
        ("user", &new.username, usermodel::Column::Username),
        ("user with the email", &new.email, usermodel::Column::Email),
    ] {
        let same = usermodel::Entity::find().filter(column.eq(name));
        if same.one(work.db().await?).await?.is_some() {
            return Err(Error::already_exists(what, name));
        }
    }
    let user = usermodel::Model {
        id: work.new_id(),
        username: new.username.clone(),
        email: new.email.clone(),
        hashed_password,
        is_active: true,
        password_change_required: new.password_change_required,
        created_at: work.now(),
        last_login: None,
    };
    let user = work.insert(user).await?;
    let held = give_roles(work, &user, new.roles.clone()).await?;
    Ok(User::new(user, held))
}

/// Gives roles to a user. Returns them, sorted by name.
pub(super) async fn give_roles(
    work: &mut Work,
    user: &usermodel::Model,
    mut names: Vec<String>,
) -> Result<Vec<Role>, Error> {
    names.sort();
    names.dedup();
    let mut held = Vec::new();
    for name in &names {
        let role = roles::find_by_name(work, name).await?;
        work.actor().require_each(&role.permissions)?;
        let link = userrolelink::Model { user_id: user.id.clone(), role_id: role.id.clone() };
        work.link(user, "roles", &role.name, link).await?;
        held.push(role);
    }
    Ok(held)
}

/// Checks an email address.
pub(super) fn check_email(email: &str, fields: &mut Fields) {
    fields.require("email", is_email(email), Problem::NotAnEmail);
    fields.text("email", Some(email), MAX_NAME);
}

fn is_email(email: &str) -> bool {
    let parts = email.split_once('@');
    parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
        && !email.contains(char::is_whitespace)
}
