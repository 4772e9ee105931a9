//! Roles: named sets of permissions.

mod create;
mod defaults;
mod list;
mod update;

use crate::db::entity::rolemodel::Model;
use crate::db::record::version_of;
use crate::{Json, Permissions};

pub use create::CreateRole;
pub(crate) use defaults::ADMIN;
pub use defaults::CreateDefaultRoles;
pub use list::{FindRoleByName, GetRole, ListRoles, RoleFilter, RoleSort};
pub(crate) use list::{find_by_name, find_row_by_name};
pub use update::{DeleteRole, UpdateRole};

/// A named set of permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Unique.
    pub id: String,
    /// Unique.
    pub name: String,
    /// What the role is for.
    pub description: Option<String>,
    /// The permissions that the role grants.
    pub permissions: Permissions,
    /// A text that changes with each change of the role.
    pub version: String,
}

impl From<Model> for Role {
    fn from(row: Model) -> Self {
        let version = version_of(&row);
        let permissions = row.permissions.strings().into_iter().collect();
        Self { id: row.id, name: row.name, description: row.description, permissions, version }
    }
}

impl From<&Permissions> for Json {
    fn from(permissions: &Permissions) -> Self {
        permissions.texts().collect()
    }
}
