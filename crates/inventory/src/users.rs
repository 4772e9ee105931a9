//! Users, what their roles let them do, and their passwords.

use std::fmt;

use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder};

use crate::entity::{rolemodel, usermodel, userrolelink};
use crate::password::{self, Rounds};
use crate::roles::Role;
use crate::store::insert;
use crate::{Actor, Error, Inventory};

pub use crate::entity::usermodel::Model as User;

/// A user to be created.
#[derive(Clone, Default)]
pub struct NewUser {
    /// Unique; at least 3 letters, digits, `_` or `-`.
    pub username: String,
    /// Unique.
    pub email: String,
    /// See [`password::check_rules`]. Only its hash is stored.
    pub password: String,
    /// Names of existing roles; the actor must hold their permissions.
    pub roles: Vec<String>,
    /// How strongly the password is hashed.
    pub rounds: Rounds,
    /// Whether the password is to be changed at the first sign-in.
    pub password_change_required: bool,
}

impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser")
            .field("username", &self.username)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

/// A user and the roles it has.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The user.
    pub user: User,
    /// Its roles, by name.
    pub roles: Vec<Role>,
}

impl Account {
    /// What the roles grant, without repetition.
    pub fn permissions(&self) -> Vec<String> {
        let mut permissions: Vec<String> =
            self.roles.iter().flat_map(|role| role.permissions.strings()).collect();
        permissions.sort();
        permissions.dedup();
        permissions
    }

    /// The user as the actor of use cases.
    pub fn actor(&self) -> Actor {
        let (id, username) = (self.user.id.clone(), self.user.username.clone());
        Actor::User { id, username, permissions: self.permissions() }
    }
}

impl Inventory {
    /// Creates a user.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] for a username or email in use, [`Error::NotFound`] for a role, [`Error::Invalid`] for a
    /// username, email or password against the rules, [`Error::Forbidden`].
    pub async fn create_user(&self, actor: &Actor, new: NewUser) -> Result<Account, Error> {
        actor.require("users:create")?;
        check_username(&new.username)?;
        check_email(&new.email)?;
        password::check_rules(&new.password)?;
        let (secret, rounds, ambient) = (new.password, new.rounds, self.ambient().clone());
        let hashed_password = hashing(move || password::hash(&secret, rounds, &ambient)).await;

        let transaction = self.write().await?;
        for (what, name, column) in [
            ("user", &new.username, usermodel::Column::Username),
            ("user with the email", &new.email, usermodel::Column::Email),
        ] {
            if usermodel::Entity::find().filter(column.eq(name)).one(&transaction).await?.is_some() {
                return Err(Error::already_exists(what, name));
            }
        }
        let user = User {
            id: self.new_id(),
            username: new.username,
            email: new.email,
            hashed_password,
            is_active: true,
            password_change_required: new.password_change_required,
            created_at: self.now(),
            last_login: None,
        };
        let user = insert(&transaction, user).await?;
        let mut names = new.roles;
        names.sort();
        names.dedup();
        let mut roles = Vec::new();
        for name in &names {
            let role =
                rolemodel::Entity::find().filter(rolemodel::Column::Name.eq(name)).one(&transaction).await?;
            let role = role.ok_or_else(|| Error::not_found("role", name))?;
            actor.require_each(&role.permissions.strings())?;
            insert(&transaction, userrolelink::Model { user_id: user.id.clone(), role_id: role.id.clone() })
                .await?;
            roles.push(role);
        }
        transaction.commit().await?;
        Ok(Account { user, roles })
    }

    /// The user with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn user(&self, actor: &Actor, id: &str) -> Result<Account, Error> {
        actor.require("users:read")?;
        let transaction = self.read().await?;
        account(&transaction, id).await?.ok_or_else(|| Error::not_found("user", id))
    }

    /// All users, by name.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub async fn users(&self, actor: &Actor) -> Result<Vec<Account>, Error> {
        actor.require("users:read")?;
        let transaction = self.read().await?;
        let users =
            usermodel::Entity::find().order_by_asc(usermodel::Column::Username).all(&transaction).await?;
        let roles = rolemodel::Entity::find().order_by_asc(rolemodel::Column::Name).all(&transaction).await?;
        let links = userrolelink::Entity::find().all(&transaction).await?;
        let holds = |user: &User, role: &Role| {
            links.iter().any(|link| link.user_id == user.id && link.role_id == role.id)
        };
        let with_roles = |user: User| {
            let roles = roles.iter().filter(|role| holds(&user, role)).cloned().collect();
            Account { user, roles }
        };
        Ok(users.into_iter().map(with_roles).collect())
    }

    /// The active user with this name and password; nobody when either is wrong, which takes equally long.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn verify_password(&self, username: &str, password: &str) -> Result<Option<Account>, Error> {
        let transaction = self.read().await?;
        let by_name = usermodel::Column::Username.eq(username);
        let user = usermodel::Entity::find().filter(by_name).one(&transaction).await?;
        let account = match user {
            Some(user) => account(&transaction, &user.id).await?,
            None => None,
        };
        transaction.commit().await?;
        let (secret, ambient) = (password.to_owned(), self.ambient().clone());
        let stored = account.as_ref().map(|account| account.user.hashed_password.clone());
        let matches = hashing(move || match stored {
            Some(hash) => password::verify(&secret, &hash),
            None => {
                password::hash(&secret, Rounds::DEFAULT, &ambient);
                false
            }
        });
        Ok(if matches.await { account.filter(|account| account.user.is_active) } else { None })
    }
}

pub(crate) async fn account(transaction: &DatabaseTransaction, id: &str) -> Result<Option<Account>, Error> {
    let Some(user) = usermodel::Entity::find_by_id(id).one(transaction).await? else { return Ok(None) };
    let links =
        userrolelink::Entity::find().filter(userrolelink::Column::UserId.eq(id)).all(transaction).await?;
    let of_user = rolemodel::Column::Id.is_in(links.into_iter().map(|link| link.role_id));
    let roles = rolemodel::Entity::find().filter(of_user).order_by_asc(rolemodel::Column::Name);
    Ok(Some(Account { user, roles: roles.all(transaction).await? }))
}

/// Hashes away from the threads that answer requests.
async fn hashing<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

fn check_username(username: &str) -> Result<(), Error> {
    let allowed = |char: char| char.is_alphanumeric() || char == '_' || char == '-';
    if username.chars().count() < 3 || !username.chars().all(allowed) {
        return Err(Error::invalid("username", "it needs at least 3 characters: letters, digits, _ and -"));
    }
    Ok(())
}

fn check_email(email: &str) -> Result<(), Error> {
    match email.split_once('@') {
        Some((name, host))
            if !name.is_empty() && !host.is_empty() && !email.contains(char::is_whitespace) =>
        {
            Ok(())
        }
        _ => Err(Error::invalid("email", "it must be like name@host")),
    }
}
