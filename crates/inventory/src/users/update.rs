//! Changes a user.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::create::{check_email, give_roles};
use super::{User, find_row, require_power_over};
use crate::change::Change;
use crate::db::entity::{usermodel, userrolelink};
use crate::fields::Fields;
use crate::{Access, Command, Error, Permission, Work, administrators};

/// Changes a user. The sessions of a user end when the roles change, or when the user is deactivated.
///
/// Fails with [`Error::Forbidden`] when the actor does not hold a permission that the user holds before or after the change, with
/// [`Error::LastAdministrator`] when no administrator would be left, with [`Error::Changed`] when the user no longer has the
/// expected version, and with [`Error::AlreadyExists`] when the email address is taken.
#[derive(Clone, Debug, Default)]
pub struct UpdateUser {
    /// The user.
    pub id: String,
    /// The version that the change is based on. `None` changes any version.
    pub version: Option<String>,
    /// The email address.
    pub email: Change<String>,
    /// Whether the user may sign in.
    pub is_active: Change<bool>,
    /// The names of all roles of the user.
    pub roles: Change<Vec<String>>,
}

impl Command for UpdateUser {
    const ACCESS: Access = Access::Permission(Permission::UsersUpdate);
    type Output = User;

    fn validate(&self, fields: &mut Fields) {
        if let Change::Set(email) = &self.email {
            check_email(email, fields);
        }
        if let Change::Set(roles) = &self.roles {
            fields.items("roles", roles, super::create::MAX_ROLES);
        }
    }

    async fn run(&self, work: &mut Work) -> Result<User, Error> {
        let (before, user) = find_row(work, &self.id).await?;
        let version = (user.version.as_str(), self.version.as_deref());
        work.check_version_is(&before, version.0, version.1).await?;
        require_power_over(work.actor(), &user)?;
        let existed = administrators::exist(work).await?;
        let old = before.clone();
        let after = usermodel::Model {
            email: self.email.clone().or(old.email),
            is_active: self.is_active.clone().or(old.is_active),
            ..before.clone()
        };
        let after = work.update(&before, after).await?;
        if let Change::Set(names) = &self.roles {
            take_roles(work, &after, &user, names).await?;
            let held: Vec<&str> = user.roles.iter().map(|role| role.name.as_str()).collect();
            let new = names.iter().filter(|name| !held.contains(&name.as_str())).cloned().collect();
            give_roles(work, &after, new).await?;
        }
        administrators::keep(work, existed).await?;
        Ok(find_row(work, &self.id).await?.1)
    }
}

/// Removes the roles that are not among `names`.
async fn take_roles(
    work: &mut Work,
    row: &usermodel::Model,
    user: &User,
    names: &[String],
) -> Result<(), Error> {
    use userrolelink::{Column, Entity};
    for role in user.roles.iter().filter(|role| !names.contains(&role.name)) {
        let link = Entity::find().filter(Column::UserId.eq(&user.id)).filter(Column::RoleId.eq(&role.id));
        if let Some(link) = link.one(work.db().await?).await? {
            work.unlink(row, "roles", &role.name, link).await?;
        }
    }
    Ok(())
}
