//! Creates the first administrator.

use std::fmt;

use super::User;
use super::create::{CreateUser, hash_password, insert};
use crate::db::entity::rolemodel;
use crate::fields::Fields;
use crate::roles::{self, ADMIN, CreateDefaultRoles};
use crate::{Access, Command, Error, Permission, Permissions, Query, Read, Work, administrators};

/// Creates an administrator in an inventory that has none, and the default roles that are missing. The role `admin` receives all
/// permissions if it lacks them.
///
/// Fails with [`Error::AlreadySetUp`] when there is an administrator, and with [`Error::AlreadyExists`] when the username or email
/// address is taken.
#[derive(Clone)]
pub struct CreateFirstAdministrator {
    /// As in [`CreateUser`].
    pub username: String,
    /// As in [`CreateUser`].
    pub email: String,
    /// As in [`CreateUser`].
    pub password: String,
}

/// Finds whether the inventory has an administrator: an active user who holds [`Permission::All`].
#[derive(Clone, Copy, Debug)]
pub struct HasAdministrator;

impl fmt::Debug for CreateFirstAdministrator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateFirstAdministrator").field("username", &self.username).finish_non_exhaustive()
    }
}

impl Query for HasAdministrator {
    const ACCESS: Access = Access::Public;
    type Output = bool;

    async fn run(&self, read: &Read) -> Result<bool, Error> {
        administrators::exist(read).await
    }
}

impl Command for CreateFirstAdministrator {
    const ACCESS: Access = Access::Permission(Permission::All);
    type Output = User;

    fn validate(&self, fields: &mut Fields) {
        self.user().validate(fields);
    }

    async fn run(&self, work: &mut Work) -> Result<User, Error> {
        let user = self.user();
        // Hashes before the transaction begins, since hashing is slow.
        let hash = hash_password(work, &user.password).await;
        if administrators::exist(work).await? {
            return Err(Error::AlreadySetUp);
        }
        work.call(&CreateDefaultRoles).await?;
        let before = roles::find_row_by_name(work, ADMIN).await?;
        let mut permissions: Permissions = before.permissions.strings().into_iter().collect();
        if !permissions.grant(Permission::All) {
            permissions.extend(&[Permission::All].into());
            let after = rolemodel::Model { permissions: (&permissions).into(), ..before.clone() };
            work.update(&before, after).await?;
        }
        insert(work, &user, hash).await
    }
}

impl CreateFirstAdministrator {
    fn user(&self) -> CreateUser {
        CreateUser {
            username: self.username.clone(),
            email: self.email.clone(),
            password: self.password.clone(),
            roles: vec![ADMIN.to_owned()],
            password_change_required: false,
        }
    }
}
