//! Categories of parts. Their names are unique across the whole tree, as in the original, which has no tree.

mod create;
mod delete;
mod list;
mod outline;
mod tree;
mod update;

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::Error;
use crate::db::entity::categorymodel::{Column, Entity, Model};
use crate::db::entity::{mm_category_parent, partcategorylink};
use crate::db::record::version_with;
use crate::tree::Tree;
use crate::work::{Read, Work};

pub use create::CreateCategory;
pub use delete::{CategoryDeletion, DeleteCategory, PreviewCategoryDeletion};
pub use list::{CategoryFilter, CategorySort, GetCategory, ListCategories};
pub use outline::GetCategoryOutline;
pub use tree::{GetCategoryPath, GetCategoryTree, MoveCategory};
pub use update::UpdateCategory;

/// The largest number of characters in the name of a category.
const MAX_NAME: usize = 255;

/// A category of parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Unique.
    pub id: String,
    /// Unique.
    pub name: String,
    /// What belongs in the category.
    pub description: Option<String>,
    /// The parent category.
    pub parent_id: Option<String>,
    /// The number of parts in the category, without those in categories below it.
    pub part_count: u64,
    /// Changes whenever the name, the description or the parent change.
    pub version: String,
}

/// Adds the parents and the numbers of parts to rows.
async fn describe(read: &Read, rows: Vec<Model>) -> Result<Vec<Category>, Error> {
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let db = read.db().await?;
    let parents = mm_category_parent::Entity::find()
        .filter(mm_category_parent::Column::CategoryId.is_in(ids.iter().copied()))
        .all(db)
        .await?;
    let mut parents: HashMap<String, String> =
        parents.into_iter().map(|row| (row.category_id, row.parent_id)).collect();
    let counts: Vec<(String, i64)> = partcategorylink::Entity::find()
        .select_only()
        .column(partcategorylink::Column::CategoryId)
        .column_as(partcategorylink::Column::PartId.count(), "count")
        .filter(partcategorylink::Column::CategoryId.is_in(ids))
        .group_by(partcategorylink::Column::CategoryId)
        .into_tuple()
        .all(db)
        .await?;
    let counts: HashMap<String, i64> = counts.into_iter().collect();
    let describe = |row: Model| {
        let parent_id = parents.remove(&row.id);
        let part_count = counts.get(&row.id).copied().unwrap_or_default().cast_unsigned();
        let version = version(&row, parent_id.as_deref());
        Category { id: row.id, name: row.name, description: row.description, parent_id, part_count, version }
    };
    Ok(rows.into_iter().map(describe).collect())
}

async fn describe_one(read: &Read, row: Model) -> Result<Category, Error> {
    let id = row.id.clone();
    describe(read, vec![row]).await?.pop().ok_or_else(|| Error::not_found("category", &id))
}

fn version(row: &Model, parent_id: Option<&str>) -> String {
    version_with(row, &[parent_id.unwrap_or_default()])
}

/// Refuses a category that no longer has the expected version.
async fn check_version(work: &Work, row: &Model, expected: Option<&str>) -> Result<(), Error> {
    let parent = mm_category_parent::Entity::find_by_id(&row.id).one(work.db().await?).await?;
    let version = version(row, parent.as_ref().map(|parent| parent.parent_id.as_str()));
    work.check_version_is(row, &version, expected).await
}

pub(crate) const TREE: Tree = Tree {
    what: "category",
    table: "categorymodel",
    edges: "(SELECT category_id AS child, parent_id AS parent FROM mm_category_parent)",
};

pub(crate) async fn find(read: &Read, id: &str) -> Result<Model, Error> {
    let row = Entity::find_by_id(id).one(read.db().await?).await?;
    row.ok_or_else(|| Error::not_found("category", id))
}

/// Finds the categories with these ids, in this order.
pub(crate) async fn find_all(read: &Read, ids: &[String]) -> Result<Vec<Model>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Entity::find().filter(Column::Id.is_in(ids)).all(read.db().await?).await?;
    let mut found: HashMap<String, Model> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
    ids.iter().map(|id| found.remove(id).ok_or_else(|| Error::not_found("category", id))).collect()
}
