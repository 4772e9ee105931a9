//! Roles: named sets of permissions.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::entity::rolemodel::{Column, Entity};
use crate::store::insert;
use crate::{Actor, Error, Inventory, Json};

pub use crate::entity::rolemodel::Model as Role;

/// A role to be created.
#[derive(Clone, Debug, Default)]
pub struct NewRole {
    /// Unique.
    pub name: String,
    /// What the role is for.
    pub description: Option<String>,
    /// Such as `parts:create`; the actor must hold each of them.
    pub permissions: Vec<String>,
}

impl Inventory {
    /// Creates a role.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::Invalid`] without a name, [`Error::Forbidden`].
    pub async fn create_role(&self, actor: &Actor, new: NewRole) -> Result<Role, Error> {
        actor.require("users:create")?;
        actor.require_each(&new.permissions)?;
        if new.name.trim().is_empty() {
            return Err(Error::invalid("role name", "it must not be empty"));
        }
        let transaction = self.write().await?;
        if Entity::find().filter(Column::Name.eq(&new.name)).one(&transaction).await?.is_some() {
            return Err(Error::already_exists("role", &new.name));
        }
        let permissions = new.permissions.iter().collect::<Json>();
        let role = Role { id: self.new_id(), name: new.name, description: new.description, permissions };
        let role = insert(&transaction, role).await?;
        transaction.commit().await?;
        Ok(role)
    }

    /// The role with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn role(&self, actor: &Actor, id: &str) -> Result<Role, Error> {
        actor.require("users:read")?;
        let role = Entity::find_by_id(id).one(&self.read().await?).await?;
        role.ok_or_else(|| Error::not_found("role", id))
    }

    /// The role with this name.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn role_by_name(&self, actor: &Actor, name: &str) -> Result<Role, Error> {
        actor.require("users:read")?;
        let role = Entity::find().filter(Column::Name.eq(name)).one(&self.read().await?).await?;
        role.ok_or_else(|| Error::not_found("role", name))
    }

    /// All roles, by name.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub async fn roles(&self, actor: &Actor) -> Result<Vec<Role>, Error> {
        actor.require("users:read")?;
        Ok(Entity::find().order_by_asc(Column::Name).all(&self.read().await?).await?)
    }
}
