//! Changes and deletes roles.

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::create::MAX_NAME;
use super::{Role, list};
use crate::change::Change;
use crate::db::entity::{rolemodel, userrolelink};
use crate::fields::{Fields, MAX_TEXT, Problem};
use crate::{Access, Command, Error, Permission, Permissions, Work, administrators};

/// Changes a role.
///
/// Fails with [`Error::Forbidden`] when the actor does not hold a permission that the role grants before or after the change,
/// with [`Error::LastAdministrator`] when no administrator would be left, with [`Error::Changed`] when the role no longer has the
/// expected version, and with [`Error::AlreadyExists`] when the name is taken.
#[derive(Clone, Debug, Default)]
pub struct UpdateRole {
    /// The role.
    pub id: String,
    /// The version that the change is based on. `None` changes any version.
    pub version: Option<String>,
    /// The name.
    pub name: Change<String>,
    /// What the role is for.
    pub description: Change<Option<String>>,
    /// All permissions of the role.
    pub permissions: Change<Permissions>,
}

/// Deletes a role that no user holds.
///
/// Fails with [`Error::RoleInUse`] when a user holds the role, with [`Error::Forbidden`] when the actor does not hold a permission
/// of the role, and with [`Error::Changed`] when the role no longer has the expected version.
#[derive(Clone, Debug)]
pub struct DeleteRole {
    /// The role.
    pub id: String,
    /// The version to delete. `None` deletes any version.
    pub version: Option<String>,
}

impl Command for UpdateRole {
    const ACCESS: Access = Access::Permission(Permission::UsersUpdate);
    type Output = Role;

    fn validate(&self, fields: &mut Fields) {
        if let Change::Set(name) = &self.name {
            fields.name("name", name, MAX_NAME);
        }
        let description = self.description.as_set().and_then(Option::as_deref);
        fields.text("description", description, MAX_TEXT);
        let unknown = self.permissions.as_set().is_some_and(Permissions::has_unknown);
        fields.require("permissions", !unknown, Problem::UnknownPermission);
    }

    async fn run(&self, work: &mut Work) -> Result<Role, Error> {
        let before = list::find(work, &self.id).await?;
        work.check_version(&before, self.version.as_deref()).await?;
        let existed = administrators::exist(work).await?;
        work.actor().require_each(&Role::from(before.clone()).permissions)?;
        let old = before.clone();
        let after = rolemodel::Model {
            name: self.name.clone().or(old.name),
            description: self.description.clone().or(old.description),
            permissions: match &self.permissions {
                Change::Set(permissions) => {
                    work.actor().require_each(permissions)?;
                    permissions.into()
                }
                Change::Keep => old.permissions,
            },
            id: old.id,
        };
        let after = work.update(&before, after).await?;
        administrators::keep(work, existed).await?;
        Ok(after.into())
    }
}

impl Command for DeleteRole {
    const ACCESS: Access = Access::Permission(Permission::UsersDelete);
    type Output = ();

    async fn run(&self, work: &mut Work) -> Result<(), Error> {
        let role = list::find(work, &self.id).await?;
        work.check_version(&role, self.version.as_deref()).await?;
        work.actor().require_each(&Role::from(role.clone()).permissions)?;
        let links = userrolelink::Entity::find().filter(userrolelink::Column::RoleId.eq(&role.id));
        match links.count(work.db().await?).await? {
            0 => work.delete(role).await,
            users => Err(Error::RoleInUse { role: role.name, users }),
        }
    }
}
