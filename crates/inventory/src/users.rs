//! Users, their permissions, and sign-in.

mod create;
mod list;
mod session;
mod sign_in;

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::db::entity::{rolemodel, usermodel, userrolelink};
use crate::roles::Role;
use crate::work::Read;
use crate::{Actor, Error, Permissions, Timestamp};

pub use create::CreateUser;
pub use list::{GetUser, ListUsers, UserFilter, UserSort};
pub(crate) use session::FindSessionUser;
pub use session::SessionUser;
pub(crate) use sign_in::{FindCredentials, RecordSignIn};

/// A user, who may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Unique.
    pub id: String,
    /// Unique.
    pub username: String,
    /// Unique.
    pub email: String,
    /// Whether the user may sign in.
    pub is_active: bool,
    /// Whether the user must change the password at the next sign-in.
    pub password_change_required: bool,
    /// When the user was created.
    pub created_at: Timestamp,
    /// When the user last signed in.
    pub last_login: Option<Timestamp>,
    /// The roles of the user, sorted by name.
    pub roles: Vec<Role>,
}

impl User {
    /// Returns the combined permissions of all roles.
    pub fn permissions(&self) -> Permissions {
        let mut permissions = Permissions::default();
        for role in &self.roles {
            permissions.extend(&role.permissions);
        }
        permissions
    }

    /// Returns the user as an actor.
    pub fn actor(&self) -> Actor {
        let (id, username) = (self.id.clone(), self.username.clone());
        Actor::User { id, username, permissions: self.permissions() }
    }

    fn new(row: usermodel::Model, roles: Vec<Role>) -> Self {
        Self {
            id: row.id,
            username: row.username,
            email: row.email,
            is_active: row.is_active,
            password_change_required: row.password_change_required,
            created_at: row.created_at,
            last_login: row.last_login,
            roles,
        }
    }
}

/// Finds the user with an id.
pub(crate) async fn find(read: &Read, id: &str) -> Result<Option<User>, Error> {
    let row = usermodel::Entity::find_by_id(id).one(read.db().await?).await?;
    Ok(with_roles(read, row.into_iter().collect()).await?.pop())
}

/// Loads the roles of these users with two queries.
async fn with_roles(read: &Read, users: Vec<usermodel::Model>) -> Result<Vec<User>, Error> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let db = read.db().await?;
    let of_users = userrolelink::Column::UserId.is_in(users.iter().map(|user| &user.id));
    let links = userrolelink::Entity::find().filter(of_users).all(db).await?;
    let linked = rolemodel::Column::Id.is_in(links.iter().map(|link| &link.role_id));
    let roles =
        rolemodel::Entity::find().filter(linked).order_by_asc(rolemodel::Column::Name).all(db).await?;
    let mut held: HashMap<&str, Vec<&str>> = HashMap::new();
    for link in &links {
        held.entry(&link.user_id).or_default().push(&link.role_id);
    }
    let user = |row: usermodel::Model| {
        let held = held.get(row.id.as_str()).map_or(&[][..], Vec::as_slice);
        let roles = roles.iter().filter(|role| held.contains(&role.id.as_str())).cloned().map(Role::from);
        let roles = roles.collect();
        User::new(row, roles)
    };
    Ok(users.into_iter().map(user).collect())
}

/// Runs `work` on a thread for blocking tasks, so that hashing does not block requests.
async fn hashing<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
