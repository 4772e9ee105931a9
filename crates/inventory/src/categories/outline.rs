//! The outline of the tree of categories.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QuerySelect};

use crate::db::entity::categorymodel::Entity;
use crate::db::entity::{mm_category_parent, partcategorylink};
use crate::tree::OutlineItem;
use crate::{Access, Error, Permission, Query, Read};

/// Returns all categories with what an outline of their tree shows, in no particular order.
#[derive(Clone, Copy, Debug, Default)]
pub struct GetCategoryOutline {
    /// Whether the parts in each category are counted.
    pub counts: bool,
}

impl Query for GetCategoryOutline {
    const ACCESS: Access = Access::Permission(Permission::CategoriesRead);
    type Output = Vec<OutlineItem>;

    async fn run(&self, read: &Read) -> Result<Vec<OutlineItem>, Error> {
        let db = read.db().await?;
        let rows = Entity::find().all(db).await?;
        let parents = mm_category_parent::Entity::find().all(db).await?;
        let mut parents: HashMap<String, String> =
            parents.into_iter().map(|row| (row.category_id, row.parent_id)).collect();
        let mut counts = if self.counts { part_counts(read).await? } else { HashMap::new() };
        let item = |row: crate::db::entity::categorymodel::Model| OutlineItem {
            parent_id: parents.remove(&row.id),
            part_count: counts.remove(&row.id).unwrap_or_default().cast_unsigned(),
            id: row.id,
            name: row.name,
            ..OutlineItem::default()
        };
        Ok(rows.into_iter().map(item).collect())
    }
}

/// Returns the numbers of parts by the id of the category.
async fn part_counts(read: &Read) -> Result<HashMap<String, i64>, Error> {
    use partcategorylink::Column;
    let counts: Vec<(String, i64)> = partcategorylink::Entity::find()
        .select_only()
        .column(Column::CategoryId)
        .column_as(Column::PartId.count(), "part_count")
        .group_by(Column::CategoryId)
        .into_tuple()
        .all(read.db().await?)
        .await?;
    Ok(counts.into_iter().collect())
}
