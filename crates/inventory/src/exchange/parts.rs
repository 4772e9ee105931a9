//! Reads parts with everything that an export holds of them.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::db::entity::{
    mm_low_stock_limit, part_location_allocations, part_project_link, part_tag_links, partcategorylink,
    partmodel, projectmodel, tagmodel,
};
use crate::list::{ListQuery, Page};
use crate::parts::{GetStockedParts, ListParts, Part, PartFilter, PartSort, StockedPart};
use crate::{Access, Error, Fields, Permission, Query, Read};

/// Lists parts like [`ListParts`], with everything that an export holds of them.
#[derive(Clone, Debug, Default)]
pub struct ListExportedParts(pub ListQuery<PartFilter, PartSort>);

/// Finds the parts with these ids, in this order, with everything that an export holds of them. Ids without a part are skipped.
#[derive(Clone, Debug)]
pub struct GetExportedParts(pub Vec<String>);

/// A part with everything that an export holds of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportedPart {
    /// The part.
    pub part: Part,
    /// What is linked to it.
    pub(crate) links: Links,
}

/// What is linked to a part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Links {
    /// The ids of the categories.
    pub(crate) category_ids: Vec<String>,
    /// The ids and names of the tags, by name.
    pub(crate) tags: Vec<(String, String)>,
    /// The ids and names of the projects, by name.
    pub(crate) projects: Vec<(String, String)>,
    /// The quantity below which the stock is low.
    pub(crate) low_stock_limit: Option<i64>,
    /// The quantities by location, the primary storage first.
    pub(crate) stock: Vec<StoredQuantity>,
}

/// The quantity of a part at a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredQuantity {
    pub(crate) location_id: String,
    pub(crate) quantity: i64,
    pub(crate) is_primary: bool,
    pub(crate) notes: Option<String>,
}

impl Query for ListExportedParts {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = Page<ExportedPart>;

    async fn run(&self, read: &Read) -> Result<Page<ExportedPart>, Error> {
        let Page { items, total, next } = read.query(&ListParts(self.0.clone())).await?;
        Ok(Page { items: with_links(read, items).await?, total, next })
    }
}

impl Query for GetExportedParts {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = Vec<ExportedPart>;

    fn validate(&self, fields: &mut Fields) {
        GetStockedParts(self.0.clone()).validate(fields);
    }

    async fn run(&self, read: &Read) -> Result<Vec<ExportedPart>, Error> {
        let parts = read.query(&GetStockedParts(self.0.clone())).await?;
        with_links(read, parts).await
    }
}

async fn with_links(read: &Read, parts: Vec<StockedPart>) -> Result<Vec<ExportedPart>, Error> {
    let ids: Vec<&str> = parts.iter().map(|stocked| stocked.part.id.as_str()).collect();
    let mut links = links_of(read, &ids).await?;
    let exported = |StockedPart { part, .. }| {
        let links = links.remove(&part.id).unwrap_or_default();
        ExportedPart { part, links }
    };
    Ok(parts.into_iter().map(exported).collect())
}

/// Returns what is linked to parts, with one query for each kind of link.
pub(crate) async fn links_of(read: &Read, ids: &[&str]) -> Result<HashMap<String, Links>, Error> {
    let mut found: HashMap<String, Links> = HashMap::new();
    if ids.is_empty() {
        return Ok(found);
    }
    add_categories(read, ids, &mut found).await?;
    add_tags(read, ids, &mut found).await?;
    add_projects(read, ids, &mut found).await?;
    add_limits(read, ids, &mut found).await?;
    add_stock(read, ids, &mut found).await?;
    Ok(found)
}

async fn add_categories(read: &Read, ids: &[&str], found: &mut HashMap<String, Links>) -> Result<(), Error> {
    use partcategorylink::{Column, Entity};
    let links = Entity::find().filter(Column::PartId.is_in(ids.iter().copied()));
    for link in links.order_by_asc(Column::CategoryId).all(read.db().await?).await? {
        found.entry(link.part_id).or_default().category_ids.push(link.category_id);
    }
    Ok(())
}

async fn add_tags(read: &Read, ids: &[&str], found: &mut HashMap<String, Links>) -> Result<(), Error> {
    use part_tag_links::{Column, Entity};
    let db = read.db().await?;
    let links = Entity::find().filter(Column::PartId.is_in(ids.iter().copied())).all(db).await?;
    let tag_ids = links.iter().map(|link| link.tag_id.as_str());
    let tags = tagmodel::Entity::find().filter(tagmodel::Column::Id.is_in(tag_ids)).all(db).await?;
    let names: HashMap<String, String> = tags.into_iter().map(|tag| (tag.id, tag.name)).collect();
    for link in links {
        if let Some(name) = names.get(&link.tag_id) {
            found.entry(link.part_id).or_default().tags.push((link.tag_id, name.clone()));
        }
    }
    found.values_mut().for_each(|links| links.tags.sort_by(|one, other| one.1.cmp(&other.1)));
    Ok(())
}

async fn add_projects(read: &Read, ids: &[&str], found: &mut HashMap<String, Links>) -> Result<(), Error> {
    use part_project_link::{Column, Entity};
    let db = read.db().await?;
    let links = Entity::find().filter(Column::PartId.is_in(ids.iter().copied())).all(db).await?;
    let project_ids = links.iter().map(|link| link.project_id.as_str());
    let projects =
        projectmodel::Entity::find().filter(projectmodel::Column::Id.is_in(project_ids)).all(db).await?;
    let names: HashMap<String, String> = projects.into_iter().map(|row| (row.id, row.name)).collect();
    for link in links {
        if let Some(name) = names.get(&link.project_id) {
            found.entry(link.part_id).or_default().projects.push((link.project_id, name.clone()));
        }
    }
    found.values_mut().for_each(|links| links.projects.sort_by(|one, other| one.1.cmp(&other.1)));
    Ok(())
}

async fn add_limits(read: &Read, ids: &[&str], found: &mut HashMap<String, Links>) -> Result<(), Error> {
    use mm_low_stock_limit::{Column, Entity};
    let limits = Entity::find().filter(Column::PartId.is_in(ids.iter().copied())).all(read.db().await?);
    for limit in limits.await? {
        found.entry(limit.part_id).or_default().low_stock_limit = Some(limit.quantity);
    }
    Ok(())
}

async fn add_stock(read: &Read, ids: &[&str], found: &mut HashMap<String, Links>) -> Result<(), Error> {
    use part_location_allocations::{Column, Entity};
    let stock = Entity::find()
        .filter(Column::PartId.is_in(ids.iter().copied()))
        .order_by_desc(Column::IsPrimaryStorage)
        .order_by_asc(Column::AllocatedAt)
        .order_by_asc(Column::Id);
    for row in stock.all(read.db().await?).await? {
        // Rows without a part or a location can only have been written by another program.
        let (Some(part_id), Some(location_id)) = (row.part_id, row.location_id) else { continue };
        let (quantity, is_primary, notes) = (row.quantity_at_location, row.is_primary_storage, row.notes);
        let stored = StoredQuantity { location_id, quantity, is_primary, notes };
        found.entry(part_id).or_default().stock.push(stored);
    }
    Ok(())
}

/// Finds parts by their ids, numbers and names.
pub(crate) async fn find_any(
    read: &Read,
    [ids, numbers, names]: [&[&str]; 3],
) -> Result<Vec<partmodel::Model>, Error> {
    use partmodel::{Column, Entity};
    let mut rows = Vec::new();
    // One query for each, since an index serves each of them.
    for (column, values) in [(Column::Id, ids), (Column::PartNumber, numbers), (Column::PartName, names)] {
        if !values.is_empty() {
            let found = Entity::find().filter(column.is_in(values.iter().copied()));
            rows.extend(found.order_by_asc(Column::PartName).all(read.db().await?).await?);
        }
    }
    Ok(rows)
}
