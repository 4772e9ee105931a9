//! Categories of parts. Their names are unique across the whole tree, as in the original, which has no tree.

mod create;
mod list;
mod tree;

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::Error;
use crate::db::entity::categorymodel::{Column, Entity, Model};
use crate::tree::Tree;
use crate::work::Read;

pub use create::CreateCategory;
pub use list::{CategoryFilter, CategorySort, GetCategory, ListCategories};
pub use tree::{GetCategoryPath, GetCategoryTree, MoveCategory};

/// A category of parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Unique.
    pub id: String,
    /// Unique.
    pub name: String,
    /// What belongs in the category.
    pub description: Option<String>,
}

impl From<Model> for Category {
    fn from(row: Model) -> Self {
        Self { id: row.id, name: row.name, description: row.description }
    }
}

const TREE: Tree = Tree {
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
