//! The roles that every inventory begins with, the same as in the original.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{CreateRole, Role};
use crate::db::entity::rolemodel::{Column, Entity};
use crate::{Access, Command, Error, Permission, Work};

/// The name of the role of administrators.
pub(crate) const ADMIN: &str = "admin";

/// The roles: name, description, and the permissions as the original stores them.
const DEFAULTS: [(&str, &str, &str); 4] = [
    (
        ADMIN,
        "May do everything",
        "all parts:create parts:read parts:update parts:delete locations:create locations:read locations:update \
         locations:delete categories:create categories:read categories:update categories:delete projects:create \
         projects:read projects:update projects:delete users:create users:read users:update users:delete \
         api_keys:create api_keys:read api_keys:update api_keys:delete api_keys:admin tools:create tools:read \
         tools:update tools:delete tools:use tasks:read tasks:create tasks:update tasks:admin backup:create \
         backup:restore backup:manage",
    ),
    (
        "manager",
        "Manages parts, tools, projects, and the places of all of them",
        "parts:create parts:read parts:update parts:delete locations:create locations:read locations:update \
         locations:delete categories:create categories:read categories:update categories:delete tools:create \
         tools:read tools:update tools:delete tools:use tags:create tags:read tags:update tags:delete \
         projects:create projects:read projects:update projects:delete tasks:read tasks:create tasks:update \
         suppliers:read",
    ),
    (
        "user",
        "Finds parts, and uses tools",
        "parts:read locations:read categories:read projects:read tasks:read tools:read tools:use",
    ),
    (
        "viewer",
        "Sees the inventory",
        "parts:read tools:read dashboard:view tags:read projects:read suppliers:read locations:read categories:read",
    ),
];

/// Creates those of the roles `admin`, `manager`, `user` and `viewer` that are missing. Returns the created ones.
#[derive(Clone, Copy, Debug)]
pub struct CreateDefaultRoles;

impl Command for CreateDefaultRoles {
    const ACCESS: Access = Access::Permission(Permission::UsersCreate);
    type Output = Vec<Role>;

    async fn run(&self, work: &mut Work) -> Result<Vec<Role>, Error> {
        let named = Entity::find().filter(Column::Name.is_in(DEFAULTS.map(|(name, ..)| name)));
        let present = named.all(work.db().await?).await?;
        let mut created = Vec::new();
        for (name, description, permissions) in DEFAULTS {
            if present.iter().any(|role| role.name == name) {
                continue;
            }
            let role = CreateRole {
                name: name.to_owned(),
                description: Some(description.to_owned()),
                permissions: permissions.split_whitespace().map(str::to_owned).collect(),
            };
            created.push(work.call(&role).await?);
        }
        Ok(created)
    }
}
