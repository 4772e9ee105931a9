//! Creates a role.

use super::Role;
use crate::db::entity::rolemodel;
use crate::fields::{Fields, MAX_TEXT, Problem};
use crate::{Access, Command, Error, Permission, Permissions, Work};

/// The largest number of characters in the name of a role.
pub(super) const MAX_NAME: usize = 255;

/// Creates a role.
///
/// Fails with [`Error::AlreadyExists`] when the name is taken, and with [`Error::Forbidden`] when the actor does not
/// hold a permission of the new role.
#[derive(Clone, Debug, Default)]
pub struct CreateRole {
    /// Unique.
    pub name: String,
    /// What the role is for.
    pub description: Option<String>,
    /// The permissions that the role grants.
    pub permissions: Permissions,
}

impl Command for CreateRole {
    const ACCESS: Access = Access::Permission(Permission::UsersCreate);
    type Output = Role;

    fn validate(&self, fields: &mut Fields) {
        fields.name("name", &self.name, MAX_NAME);
        fields.text("description", self.description.as_deref(), MAX_TEXT);
        fields.require("permissions", !self.permissions.has_unknown(), Problem::UnknownPermission);
    }

    async fn run(&self, work: &mut Work) -> Result<Role, Error> {
        work.actor().require_each(&self.permissions)?;
        let role = rolemodel::Model {
            id: work.new_id(),
            name: self.name.clone(),
            description: self.description.clone(),
            permissions: (&self.permissions).into(),
        };
        Ok(work.insert(role).await?.into())
    }
}
