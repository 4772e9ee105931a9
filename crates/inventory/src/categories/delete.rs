//! Deletes a category, and shows what the deletion affects.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::tree::set_parent;
use super::{Category, check_version, describe, describe_one, find};
use crate::db::entity::categorymodel::{Column, Entity, Model};
use crate::db::entity::mm_category_parent;
use crate::{Access, Command, Error, Permission, Query, Read, Work};

/// The tables with links to a category.
const LINKS: [&str; 2] = ["partcategorylink", "tool_category_links"];

/// Shows what the deletion of a category affects.
#[derive(Clone, Debug)]
pub struct PreviewCategoryDeletion(pub String);

/// What the deletion of a category affects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryDeletion {
    /// The category.
    pub category: Category,
    /// The categories directly below, which move to the parent of the category.
    pub children: Vec<Category>,
    /// The number of tools in the category.
    pub tool_count: u64,
}

/// Deletes a category. Its parts and tools stay, and only leave the category.
///
/// Fails with [`Error::Changed`] when the category no longer has the expected version, and with [`Error::HasChildren`].
#[derive(Clone, Debug, Default)]
pub struct DeleteCategory {
    /// The category.
    pub id: String,
    /// The version to delete. `None` deletes any version.
    pub version: Option<String>,
    /// Whether the categories directly below move to the parent of the category. Otherwise they are an error.
    pub move_children: bool,
}

impl Query for PreviewCategoryDeletion {
    const ACCESS: Access = Access::Permission(Permission::CategoriesRead);
    type Output = CategoryDeletion;

    async fn run(&self, read: &Read) -> Result<CategoryDeletion, Error> {
        let category = describe_one(read, find(read, &self.0).await?).await?;
        let children = describe(read, children(read, &category.id).await?).await?;
        let tool_count = read.count_referring("tool_category_links", "category_id", &category.id).await?;
        Ok(CategoryDeletion { category, children, tool_count })
    }
}

impl Command for DeleteCategory {
    const ACCESS: Access = Access::Permission(Permission::CategoriesDelete);
    type Output = ();

    async fn run(&self, work: &mut Work) -> Result<(), Error> {
        let category = find(work, &self.id).await?;
        check_version(work, &category, self.version.as_deref()).await?;
        let above = mm_category_parent::Entity::find_by_id(&category.id).one(work.db().await?).await?;
        let parent = match above {
            Some(above) => Some(find(work, &above.parent_id).await?),
            None => None,
        };
        let children = children(work, &category.id).await?;
        if !children.is_empty() && !self.move_children {
            return Err(Error::HasChildren { what: "category", name: category.name, count: children.len() });
        }
        for child in &children {
            set_parent(work, child, parent.clone()).await?;
        }
        for table in LINKS {
            work.delete_referring(table, "category_id", &category.id).await?;
        }
        work.delete_referring("mm_category_parent", "category_id", &category.id).await?;
        work.delete(category).await
    }
}

/// Returns the categories directly below a category, by name.
async fn children(read: &Read, id: &str) -> Result<Vec<Model>, Error> {
    let below = mm_category_parent::Entity::find().filter(mm_category_parent::Column::ParentId.eq(id));
    let ids = below.all(read.db().await?).await?.into_iter().map(|row| row.category_id);
    let rows = Entity::find().filter(Column::Id.is_in(ids)).order_by_asc(Column::Name);
    Ok(rows.all(read.db().await?).await?)
}
