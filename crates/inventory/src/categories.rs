//! Categories of parts. Their names are unique as a whole, as in the original; their tree is ours.

use sea_orm::{
    ActiveValue, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, sea_query,
};

use crate::entity::categorymodel::{Column, Entity};
use crate::entity::mm_category_parent;
use crate::store::insert;
use crate::tree::{self, Branch, Parents};
use crate::{Actor, Error, Inventory};

pub use crate::entity::categorymodel::Model as Category;

/// A category to be created.
#[derive(Clone, Debug, Default)]
pub struct NewCategory {
    /// Unique.
    pub name: String,
    /// What belongs in it.
    pub description: Option<String>,
    /// The category it is part of.
    pub parent_id: Option<String>,
}

impl Inventory {
    /// Creates a category.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::NotFound`] for the parent, [`Error::Invalid`] without a name,
    /// [`Error::Forbidden`].
    pub async fn create_category(&self, actor: &Actor, new: NewCategory) -> Result<Category, Error> {
        actor.require("categories:create")?;
        if new.name.trim().is_empty() {
            return Err(Error::invalid("category name", "it must not be empty"));
        }
        let transaction = self.write().await?;
        if Entity::find().filter(Column::Name.eq(&new.name)).one(&transaction).await?.is_some() {
            return Err(Error::already_exists("category", &new.name));
        }
        let category = Category { id: self.new_id(), name: new.name, description: new.description };
        let category = insert(&transaction, category).await?;
        if let Some(parent) = &new.parent_id {
            place(&transaction, &category.id, parent).await?;
        }
        transaction.commit().await?;
        Ok(category)
    }

    /// The category with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn category(&self, actor: &Actor, id: &str) -> Result<Category, Error> {
        actor.require("categories:read")?;
        find(&self.read().await?, id).await
    }

    /// All categories, by name.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub async fn categories(&self, actor: &Actor) -> Result<Vec<Category>, Error> {
        actor.require("categories:read")?;
        Ok(Entity::find().order_by_asc(Column::Name).all(&self.read().await?).await?)
    }

    /// All categories, each followed by those inside it, by name.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub async fn category_tree(&self, actor: &Actor) -> Result<Vec<Branch<Category>>, Error> {
        actor.require("categories:read")?;
        let transaction = self.read().await?;
        let all = Entity::find().order_by_asc(Column::Name).all(&transaction).await?;
        let all = all.into_iter().map(|category| (category.id.clone(), category)).collect();
        Ok(tree::arrange(all, &parents(&transaction).await?))
    }

    /// The category and those it is part of, root first.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn category_path(&self, actor: &Actor, id: &str) -> Result<Vec<Category>, Error> {
        actor.require("categories:read")?;
        let transaction = self.read().await?;
        let mut path = Vec::new();
        for id in tree::path(id, &parents(&transaction).await?) {
            path.push(find(&transaction, &id).await?);
        }
        Ok(path)
    }

    /// Moves a category, with all that is inside it, into another one or to the root.
    ///
    /// # Errors
    /// [`Error::Cycle`], [`Error::NotFound`], [`Error::Invalid`] when nested too deep, [`Error::Forbidden`].
    pub async fn set_category_parent(
        &self,
        actor: &Actor,
        id: &str,
        parent: Option<&str>,
    ) -> Result<(), Error> {
        actor.require("categories:update")?;
        let transaction = self.write().await?;
        find(&transaction, id).await?;
        match parent {
            Some(parent) => place(&transaction, id, parent).await?,
            None => {
                mm_category_parent::Entity::delete_by_id(id).exec(&transaction).await?;
            }
        }
        Ok(transaction.commit().await?)
    }
}

pub(crate) async fn find(transaction: &DatabaseTransaction, id: &str) -> Result<Category, Error> {
    Entity::find_by_id(id).one(transaction).await?.ok_or_else(|| Error::not_found("category", id))
}

async fn parents(transaction: &DatabaseTransaction) -> Result<Parents, Error> {
    let rows = mm_category_parent::Entity::find().all(transaction).await?;
    Ok(rows.into_iter().map(|row| (row.category_id, row.parent_id)).collect())
}

async fn place(transaction: &DatabaseTransaction, id: &str, parent: &str) -> Result<(), Error> {
    find(transaction, parent).await?;
    tree::check_move("category", id, parent, &parents(transaction).await?)?;
    let row = mm_category_parent::ActiveModel {
        category_id: ActiveValue::Set(id.to_owned()),
        parent_id: ActiveValue::Set(parent.to_owned()),
    };
    let mut replace = sea_query::OnConflict::column(mm_category_parent::Column::CategoryId);
    replace.update_column(mm_category_parent::Column::ParentId);
    mm_category_parent::Entity::insert(row).on_conflict(replace).exec_without_returning(transaction).await?;
    Ok(())
}
