//! Reads what a search index holds of parts.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select};

use super::Part;
use super::low_stock::limits_of;
use super::prices::current_prices;
use crate::db::entity::{
    categorymodel, locationmodel, mm_category_parent, part_location_allocations, part_tag_links,
    partcategorylink, partmodel, tagmodel,
};
use crate::{Access, Error, Permission, Query, Read};

/// The largest number of parts of one query.
pub const MAX_SEARCHABLE: u64 = 1000;

/// A part with everything that a search finds it by.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchablePart {
    /// The part.
    pub part: Part,
    /// The total quantity at all locations.
    pub quantity: i64,
    /// The ids of its categories, sorted.
    pub category_ids: Vec<String>,
    /// The ids of the locations that hold it, sorted.
    pub location_ids: Vec<String>,
    /// The ids and names of its tags, sorted.
    pub tags: Vec<(String, String)>,
    /// The quantity below which its stock is low.
    pub low_stock_limit: Option<i64>,
    /// The currency and the amount of its newest current price.
    pub price: Option<(String, f64)>,
}

/// Lists parts in the order of their ids, at most [`MAX_SEARCHABLE`].
#[derive(Clone, Debug, Default)]
pub struct ListSearchableParts {
    /// The id after which the list begins.
    pub after: Option<String>,
}

/// Finds the parts with these ids, at most [`MAX_SEARCHABLE`]. Ids without a part are skipped.
#[derive(Clone, Debug)]
pub struct GetSearchableParts(pub Vec<String>);

/// Returns the names of all locations and categories.
#[derive(Clone, Copy, Debug)]
pub struct ListPlaces;

/// The names and parents of all locations and categories, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The locations.
    pub locations: HashMap<String, NamedPlace>,
    /// The categories.
    pub categories: HashMap<String, NamedPlace>,
}

/// The name and the parent of a location or a category.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedPlace {
    /// The name.
    pub name: String,
    /// The id of the parent.
    pub parent_id: Option<String>,
}

impl Query for ListSearchableParts {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = Vec<SearchablePart>;

    async fn run(&self, read: &Read) -> Result<Vec<SearchablePart>, Error> {
        let mut select = partmodel::Entity::find().order_by_asc(partmodel::Column::Id).limit(MAX_SEARCHABLE);
        if let Some(after) = &self.after {
            select = select.filter(partmodel::Column::Id.gt(after));
        }
        load(read, select).await
    }
}

impl Query for GetSearchableParts {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = Vec<SearchablePart>;

    async fn run(&self, read: &Read) -> Result<Vec<SearchablePart>, Error> {
        let limit = usize::try_from(MAX_SEARCHABLE).unwrap_or(usize::MAX);
        let ids = self.0.iter().take(limit);
        load(read, partmodel::Entity::find().filter(partmodel::Column::Id.is_in(ids))).await
    }
}

impl Query for ListPlaces {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = Places;

    async fn run(&self, read: &Read) -> Result<Places, Error> {
        let db = read.db().await?;
        let locations = locationmodel::Entity::find().all(db).await?.into_iter().map(|row| {
            let place = NamedPlace { name: row.name.unwrap_or_default(), parent_id: row.parent_id };
            (row.id, place)
        });
        let locations = locations.collect();
        let parents = mm_category_parent::Entity::find().all(db).await?;
        let mut parents: HashMap<String, String> =
            parents.into_iter().map(|row| (row.category_id, row.parent_id)).collect();
        let categories = categorymodel::Entity::find().all(db).await?.into_iter().map(|row| {
            let parent_id = parents.remove(&row.id);
            (row.id, NamedPlace { name: row.name, parent_id })
        });
        Ok(Places { locations, categories: categories.collect() })
    }
}

/// A row of a table that links a part.
#[derive(FromQueryResult)]
struct Link {
    part_id: String,
    target: String,
}

/// Loads the selected parts and their links, with one query for each kind of link.
async fn load(read: &Read, parts: Select<partmodel::Entity>) -> Result<Vec<SearchablePart>, Error> {
    let db = read.db().await?;
    let rows = parts.all(db).await?;
    let ids: Vec<&String> = rows.iter().map(|row| &row.id).collect();
    let stock = part_location_allocations::Entity::find()
        .filter(part_location_allocations::Column::PartId.is_in(ids.iter().copied()))
        .all(db)
        .await?;
    let mut quantities: HashMap<String, i64> = HashMap::new();
    let mut locations: HashMap<String, Vec<String>> = HashMap::new();
    for row in stock {
        let Some(part_id) = row.part_id else { continue };
        *quantities.entry(part_id.clone()).or_default() += row.quantity_at_location;
        locations.entry(part_id).or_default().extend(row.location_id);
    }
    let categories = partcategorylink::Entity::find()
        .select_only()
        .column(partcategorylink::Column::PartId)
        .column_as(partcategorylink::Column::CategoryId, "target")
        .filter(partcategorylink::Column::PartId.is_in(ids.iter().copied()));
    let mut categories = grouped(categories.into_model::<Link>().all(db).await?);
    let ids: Vec<String> = ids.into_iter().cloned().collect();
    let mut tags = tags_of(read, &ids).await?;
    let limits = limits_of(read, &ids).await?;
    let mut prices = current_prices(read, &ids).await?;
    let part = |row: partmodel::Model| SearchablePart {
        quantity: quantities.get(&row.id).copied().unwrap_or_default(),
        category_ids: sorted(categories.remove(&row.id)),
        location_ids: sorted(locations.remove(&row.id)),
        tags: sorted(tags.remove(&row.id)),
        low_stock_limit: limits.get(&row.id).copied(),
        price: prices.remove(&row.id),
        part: row.into(),
    };
    Ok(rows.into_iter().map(part).collect())
}

/// Returns the ids and names of the tags of parts, by the id of the part.
pub(super) async fn tags_of(
    read: &Read,
    ids: &[String],
) -> Result<HashMap<String, Vec<(String, String)>>, Error> {
    let db = read.db().await?;
    let tagged =
        part_tag_links::Entity::find().filter(part_tag_links::Column::PartId.is_in(ids)).all(db).await?;
    let names = tagmodel::Entity::find()
        .filter(tagmodel::Column::Id.is_in(tagged.iter().map(|link| &link.tag_id)))
        .all(db)
        .await?;
    let names: HashMap<String, String> = names.into_iter().map(|tag| (tag.id, tag.name)).collect();
    let mut tags: HashMap<String, Vec<(String, String)>> = HashMap::new();
    for link in tagged {
        if let Some(name) = names.get(&link.tag_id) {
            tags.entry(link.part_id).or_default().push((link.tag_id, name.clone()));
        }
    }
    Ok(tags)
}

fn sorted<T: Ord>(values: Option<Vec<T>>) -> Vec<T> {
    let mut values = values.unwrap_or_default();
    values.sort();
    values
}

fn grouped(links: Vec<Link>) -> HashMap<String, Vec<String>> {
    let mut groups: HashMap<String, Vec<String>> = HashMap::new();
    for Link { part_id, target } in links {
        groups.entry(part_id).or_default().push(target);
    }
    groups
}
