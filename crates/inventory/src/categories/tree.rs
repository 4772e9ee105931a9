//! The tree of categories.

use sea_orm::EntityTrait;

use super::{Category, TREE, describe, describe_one, find};
use crate::db::entity::categorymodel::{Entity, Model};
use crate::db::entity::mm_category_parent;
use crate::fields::Fields;
use crate::list::{Page, PageNumber};
use crate::tree::TreeNode;
use crate::{Access, Command, Error, Permission, Query, Read, Work};

/// Lists the tree of categories: each category is followed by its descendants, sorted by name.
#[derive(Clone, Debug, Default)]
pub struct GetCategoryTree {
    /// The page.
    pub page: PageNumber,
}

/// Finds a category and its ancestors, from the root down.
#[derive(Clone, Debug)]
pub struct GetCategoryPath {
    /// The category.
    pub category_id: String,
}

/// Moves a category with its descendants into another category or to the root.
///
/// Fails with [`Error::Cycle`].
#[derive(Clone, Debug)]
pub struct MoveCategory {
    /// The category.
    pub category_id: String,
    /// The new parent, or `None` for the root.
    pub parent_id: Option<String>,
}

impl Query for GetCategoryTree {
    const ACCESS: Access = Access::Permission(Permission::CategoriesRead);
    type Output = Page<TreeNode<Category>>;

    fn validate(&self, fields: &mut Fields) {
        self.page.validate(fields);
    }

    async fn run(&self, read: &Read) -> Result<Page<TreeNode<Category>>, Error> {
        let page = TREE.page::<Entity>(read, self.page).await?;
        let Page { items, total, next } = page;
        let (depths, rows): (Vec<usize>, Vec<Model>) =
            items.into_iter().map(|node| (node.depth, node.item)).unzip();
        let items = describe(read, rows).await?.into_iter().zip(depths);
        let items = items.map(|(item, depth)| TreeNode { depth, item }).collect();
        Ok(Page { items, total, next })
    }
}

impl Query for GetCategoryPath {
    const ACCESS: Access = Access::Permission(Permission::CategoriesRead);
    type Output = Vec<Category>;

    async fn run(&self, read: &Read) -> Result<Vec<Category>, Error> {
        let path = TREE.path::<Entity>(read, &self.category_id).await?;
        describe(read, path).await
    }
}

impl Command for MoveCategory {
    const ACCESS: Access = Access::Permission(Permission::CategoriesUpdate);
    type Output = Category;

    async fn run(&self, work: &mut Work) -> Result<Category, Error> {
        let category = find(work, &self.category_id).await?;
        let parent = match &self.parent_id {
            Some(parent) => Some(find(work, parent).await?),
            None => None,
        };
        set_parent(work, &category, parent).await?;
        describe_one(work, category).await
    }
}

pub(super) async fn set_parent(
    work: &mut Work,
    category: &Model,
    parent: Option<Model>,
) -> Result<(), Error> {
    if let Some(parent) = &parent {
        TREE.check_move(work, &category.id, &parent.id).await?;
    }
    let before = mm_category_parent::Entity::find_by_id(&category.id).one(work.db().await?).await?;
    if before.as_ref().map(|row| &row.parent_id) == parent.as_ref().map(|parent| &parent.id) {
        return Ok(());
    }
    if let Some(row) = before {
        let name = find(work, &row.parent_id).await?.name;
        work.unlink(category, "parent", &name, row).await?;
    }
    if let Some(parent) = parent {
        let row = mm_category_parent::Model { category_id: category.id.clone(), parent_id: parent.id };
        work.link(category, "parent", &parent.name, row).await?;
    }
    Ok(())
}
