//! Roles: named sets of permissions.

mod create;
mod list;

use crate::db::entity::rolemodel::Model;
use crate::{Json, Permissions};

pub use create::CreateRole;
pub(crate) use list::find_by_name;
pub use list::{FindRoleByName, GetRole, ListRoles, RoleFilter, RoleSort};

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
}

impl From<Model> for Role {
    fn from(row: Model) -> Self {
        let permissions = row.permissions.strings().into_iter().collect();
        Self { id: row.id, name: row.name, description: row.description, permissions }
    }
}

impl From<&Permissions> for Json {
    fn from(permissions: &Permissions) -> Self {
        permissions.texts().collect()
    }
}
