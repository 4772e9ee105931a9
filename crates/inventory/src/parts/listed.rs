//! Finds what a list shows of parts.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::Part;
use super::list::{GetStockedParts, StockedPart};
use super::low_stock::limits_of;
use super::searchable::tags_of;
use crate::db::entity::part_location_allocations;
use crate::fields::Fields;
use crate::{Access, Error, Permission, Query, Read, locations};

/// Finds the parts with these ids, in this order, with their places, tags and low-stock limits. Ids without a part are skipped.
#[derive(Clone, Debug)]
pub struct GetListedParts(pub Vec<String>);

/// A part with what a list shows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedPart {
    /// The part.
    pub part: Part,
    /// The total quantity at all locations.
    pub quantity: i64,
    /// The quantity below which the stock is low.
    pub low_stock_limit: Option<i64>,
    /// The locations with the part, primary storage first, then the oldest.
    pub places: Vec<PartPlace>,
    /// The names of its tags, sorted.
    pub tags: Vec<String>,
}

/// The quantity of a part at a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartPlace {
    /// The id of the location.
    pub location_id: String,
    /// The names of the location and its ancestors, from the root down.
    pub path: Vec<String>,
    /// The quantity there.
    pub quantity: i64,
}

impl Query for GetListedParts {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = Vec<ListedPart>;

    fn validate(&self, fields: &mut Fields) {
        GetStockedParts(self.0.clone()).validate(fields);
    }

    async fn run(&self, read: &Read) -> Result<Vec<ListedPart>, Error> {
        let parts = read.query(&GetStockedParts(self.0.clone())).await?;
        let mut places = places_of(read, &self.0).await?;
        let mut tags = tags_of(read, &self.0).await?;
        let limits = limits_of(read, &self.0).await?;
        let listed = |StockedPart { part, quantity }: StockedPart| {
            let tags = tags.remove(&part.id).unwrap_or_default();
            let mut tags: Vec<String> = tags.into_iter().map(|(_, name)| name).collect();
            tags.sort();
            ListedPart {
                quantity,
                low_stock_limit: limits.get(&part.id).copied(),
                places: places.remove(&part.id).unwrap_or_default(),
                tags,
                part,
            }
        };
        Ok(parts.into_iter().map(listed).collect())
    }
}

/// Returns the places of parts, by the id of the part.
async fn places_of(read: &Read, ids: &[String]) -> Result<HashMap<String, Vec<PartPlace>>, Error> {
    use part_location_allocations::{Column, Entity};
    let stock = Entity::find().filter(Column::PartId.is_in(ids));
    let stock = stock.order_by_desc(Column::IsPrimaryStorage).order_by_asc(Column::AllocatedAt);
    let rows = stock.order_by_asc(Column::Id).all(read.db().await?).await?;
    let location_ids: Vec<String> = rows.iter().filter_map(|row| row.location_id.clone()).collect();
    let paths = locations::TREE.names(read, &location_ids).await?;
    let mut places: HashMap<String, Vec<PartPlace>> = HashMap::new();
    for row in rows {
        let (Some(part_id), Some(location_id)) = (row.part_id, row.location_id) else { continue };
        let path = paths.get(&location_id).cloned().unwrap_or_default();
        let place = PartPlace { location_id, path, quantity: row.quantity_at_location };
        places.entry(part_id).or_default().push(place);
    }
    Ok(places)
}
