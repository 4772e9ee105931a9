//! Locations, from a building down to the slot of a cassette.

mod create;
mod list;
mod outline;
mod slots;
mod tree;
mod update;

use std::collections::HashMap;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::Error;
use crate::db::entity::locationmodel::{self, Column, Entity};
use crate::db::entity::part_location_allocations;
use crate::db::record::version_of;
use crate::tree::Tree;
use crate::work::Read;

pub use create::CreateLocation;
pub use list::{GetLocation, ListLocations, LocationFilter, LocationSort};
pub use outline::GetLocationOutline;
pub use slots::{SlotLayout, Slots};
pub use tree::{GetLocationNames, GetLocationPath, GetLocationTree, MoveLocation};
pub use update::UpdateLocation;

/// The largest number of characters in the name of a location.
const MAX_NAME: usize = 255;

/// The type of a location that holds only one part.
pub const SINGLE_PART: &str = "single_part";
/// The type of a location that is carried around with its content.
pub const CASSETTE: &str = "cassette";
/// The type of a slot that is created with its container.
pub const SLOT: &str = "slot";

/// A location for parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Location {
    /// Unique, and printed on labels.
    pub id: String,
    /// Unique among the locations with the same parent.
    pub name: String,
    /// The description.
    pub description: Option<String>,
    /// The parent location.
    pub parent_id: Option<String>,
    /// The type, such as `standard`. A location of the type [`SINGLE_PART`] refuses a second part.
    pub location_type: String,
    /// The address of an image.
    pub image_url: Option<String>,
    /// An emoji, shown before the name.
    pub emoji: Option<String>,
    /// Whether the location is carried around, like a cassette.
    pub is_mobile: bool,
    /// The number of pieces that fit in.
    pub capacity: Option<i64>,
    /// The slots of a container.
    pub slots: Option<Slots>,
    /// The number of a slot that was created with its container, from 1.
    pub slot_number: Option<i64>,
    /// Whether the location is a slot that was created with its container.
    pub is_slot: bool,
    /// The number of parts here, without those in locations below.
    pub part_count: u64,
    /// The quantity of all parts here, without those in locations below.
    pub quantity: i64,
    /// Changes whenever the location changes, but not with its stock.
    pub version: String,
}

/// Adds the numbers of parts and the quantities to rows.
async fn describe(read: &Read, rows: Vec<locationmodel::Model>) -> Result<Vec<Location>, Error> {
    use part_location_allocations::Column as Stock;
    let sums: Vec<(String, i64, i64)> = part_location_allocations::Entity::find()
        .select_only()
        .column(Stock::LocationId)
        .column_as(Stock::PartId.count(), "part_count")
        .column_as(Expr::cust("CAST(SUM(quantity_at_location) AS BIGINT)"), "quantity")
        .filter(Stock::LocationId.is_in(rows.iter().map(|row| row.id.as_str())))
        .group_by(Stock::LocationId)
        .into_tuple()
        .all(read.db().await?)
        .await?;
    let sums: HashMap<String, (i64, i64)> =
        sums.into_iter().map(|(id, parts, quantity)| (id, (parts, quantity))).collect();
    let describe = |row: locationmodel::Model| {
        let (part_count, quantity) = sums.get(&row.id).copied().unwrap_or_default();
        Location::new(row, part_count.cast_unsigned(), quantity)
    };
    Ok(rows.into_iter().map(describe).collect())
}

pub(crate) async fn describe_one(read: &Read, row: locationmodel::Model) -> Result<Location, Error> {
    let id = row.id.clone();
    describe(read, vec![row]).await?.pop().ok_or_else(|| Error::not_found("location", &id))
}

impl Location {
    fn new(row: locationmodel::Model, part_count: u64, quantity: i64) -> Self {
        Self {
            version: version_of(&row),
            slots: Slots::of(&row),
            slot_number: row.slot_number,
            part_count,
            quantity,
            id: row.id,
            name: row.name.unwrap_or_default(),
            description: row.description,
            parent_id: row.parent_id,
            location_type: row.location_type,
            image_url: row.image_url,
            emoji: row.emoji,
            is_mobile: row.is_mobile,
            capacity: row.container_capacity,
            is_slot: row.is_auto_generated_slot,
        }
    }
}

pub(crate) const TREE: Tree = Tree {
    what: "location",
    table: "locationmodel",
    edges: "(SELECT id AS child, parent_id AS parent FROM locationmodel WHERE parent_id IS NOT NULL)",
};

pub(crate) async fn find(read: &Read, id: &str) -> Result<locationmodel::Model, Error> {
    let row = Entity::find_by_id(id).one(read.db().await?).await?;
    row.ok_or_else(|| Error::not_found("location", id))
}

/// Checks the parent of a location: the parent must exist, must not be the location itself or inside it, and must not
/// contain another location of the same name.
async fn check_place(read: &Read, id: &str, name: &str, parent: Option<&str>) -> Result<(), Error> {
    let beside = match parent {
        Some(parent) => {
            find(read, parent).await?;
            TREE.check_move(read, id, parent).await?;
            Column::ParentId.eq(parent)
        }
        // The unique index does not cover the root, since NULLs are not equal.
        None => Column::ParentId.is_null(),
    };
    let same_name = Entity::find().filter(beside).filter(Column::Name.eq(name));
    let same_name = same_name.filter(Column::IsAutoGeneratedSlot.eq(false)).filter(Column::Id.ne(id));
    if same_name.one(read.db().await?).await?.is_some() {
        return Err(Error::already_exists("location", name));
    }
    Ok(())
}
