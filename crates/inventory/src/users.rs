//! Users, their permissions, and sign-in.

mod create;
mod delete;
mod list;
mod password;
mod session;
mod setup;
mod sign_in;
mod update;

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::db::entity::{rolemodel, usermodel, userrolelink};
use crate::roles::Role;
use crate::work::Read;
use crate::{Actor, Error, Permissions, Timestamp, digest_of};

pub use create::CreateUser;
pub use delete::DeleteUser;
pub use list::{FindUserByName, GetAccount, GetUser, ListUsers, UserFilter, UserSort};
pub use password::SetPassword;
pub(crate) use session::FindSessionUser;
pub use session::SessionUser;
pub use setup::{CreateFirstAdministrator, HasAdministrator};
pub(crate) use sign_in::{FindCredentials, RecordSignIn};
pub use update::UpdateUser;

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
    /// A text that changes with each change of the user, but not with a sign-in or a new password.
    pub version: String,
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
        let version = version(&row, &roles);
        Self {
            id: row.id,
            username: row.username,
            email: row.email,
            is_active: row.is_active,
            password_change_required: row.password_change_required,
            created_at: row.created_at,
            last_login: row.last_login,
            roles,
            version,
        }
    }
}

fn version(row: &usermodel::Model, roles: &[Role]) -> String {
    let flags = format!("{} {}", row.is_active, row.password_change_required);
    let texts = [row.id.as_str(), &row.username, &row.email, &flags].into_iter();
    digest_of(texts.chain(roles.iter().map(|role| role.id.as_str())))[..24].to_owned()
}

/// Refuses an actor who does not hold every permission of a user: whoever can change a user could otherwise become that user.
fn require_power_over(actor: &Actor, user: &User) -> Result<(), Error> {
    actor.require_each(&user.permissions())
}

/// Finds the user with an id, and the row of the user.
async fn find_row(read: &Read, id: &str) -> Result<(usermodel::Model, User), Error> {
    let row = usermodel::Entity::find_by_id(id).one(read.db().await?).await?;
    let not_found = || Error::not_found("user", id);
    let row = row.ok_or_else(not_found)?;
    let user = with_roles(read, vec![row.clone()]).await?.pop();
    Ok((row, user.ok_or_else(not_found)?))
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
