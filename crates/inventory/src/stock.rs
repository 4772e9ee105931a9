//! Stock: the quantities of parts at locations. A quantity is never negative, a part has at most one allocation per
//! location, and at most one of its allocations is its primary storage. Each change of a quantity is recorded in the ledger.

mod change;
mod create;
mod create_part;
mod history;
mod ledger;
mod list;
mod place_all;
mod split;
mod transfer;
mod undo;
mod undo_span;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::db::entity::locationmodel;
use crate::db::entity::part_location_allocations::{Column, Entity, Model};
use crate::locations::SINGLE_PART;
use crate::work::{Read, Work};
use crate::{Error, Timestamp};

pub use change::{AddStock, CountStock, StockChange, TakeStock};
pub use create::CreateAllocation;
pub use create_part::CreateStockedPart;
pub use history::{
    CheckStock, LastMovement, ListMovements, MovementFilter, MovementSort, StockCheck, StockDifference,
};
pub use ledger::{Movement, MovementEnd, MovementKind};
pub use list::{
    AllocationFilter, AllocationSort, GetAllocation, GetTotalQuantity, ListAllocations, PlacedAllocation,
};
pub(crate) use place_all::{NewStock, place_all};
pub use split::{Cassette, SplitToCassette, SplitToCassetteResult};
pub use transfer::{Transfer, TransferStock};
pub use undo::UndoMovement;
pub use undo_span::{MovementSpan, UndoMovements};

/// The largest quantity of a part at one location. The sum over all locations fits into 64 bits.
pub const MAX_QUANTITY: i64 = 1_000_000_000_000;
/// The largest number of characters in the reason for a movement.
pub const MAX_REASON: usize = 1000;

/// The quantity of a part at a location.
#[derive(Clone, Debug, PartialEq)]
pub struct Allocation {
    /// Unique.
    pub id: String,
    /// The part.
    pub part_id: String,
    /// The location.
    pub location_id: String,
    /// The quantity, 0 or more.
    pub quantity: i64,
    /// Whether this is the primary storage of the part.
    pub is_primary: bool,
    /// Notes.
    pub notes: Option<String>,
    /// When the allocation was created.
    pub allocated_at: Timestamp,
    /// When the quantity last changed.
    pub updated_at: Timestamp,
}

impl TryFrom<Model> for Allocation {
    type Error = Error;

    /// Fails with [`Error::IncompleteRow`] for a row that only another program can have written.
    fn try_from(row: Model) -> Result<Self, Error> {
        let Model { id, part_id, location_id, .. } = row;
        let missing = |column| Error::IncompleteRow { what: "allocation", id: id.clone(), column };
        Ok(Self {
            part_id: part_id.ok_or_else(|| missing("part_id"))?,
            location_id: location_id.ok_or_else(|| missing("location_id"))?,
            quantity: row.quantity_at_location,
            is_primary: row.is_primary_storage,
            notes: row.notes,
            allocated_at: row.allocated_at,
            updated_at: row.last_updated,
            id,
        })
    }
}

/// Finds the allocation of a part at a location.
async fn at(read: &Read, part_id: &str, location_id: &str) -> Result<Option<Model>, Error> {
    let query = Entity::find().filter(Column::PartId.eq(part_id)).filter(Column::LocationId.eq(location_id));
    Ok(query.one(read.db().await?).await?)
}

/// Returns whether a part has a primary storage.
async fn has_primary(read: &Read, part_id: &str) -> Result<bool, Error> {
    let primary = Entity::find().filter(Column::PartId.eq(part_id)).filter(Column::IsPrimaryStorage.eq(true));
    Ok(primary.one(read.db().await?).await?.is_some())
}

fn new_row(work: &Work, part_id: &str, location_id: &str, quantity: i64) -> Model {
    Model {
        id: work.new_id(),
        part_id: Some(part_id.to_owned()),
        location_id: Some(location_id.to_owned()),
        quantity_at_location: quantity,
        is_primary_storage: false,
        allocated_at: work.now(),
        last_updated: work.now(),
        notes: None,
        auto_synced: false,
        last_nfc_scan: None,
    }
}

/// Refuses a second part at a location that holds a single part.
async fn check_single_part(read: &Read, location: &locationmodel::Model, part_id: &str) -> Result<(), Error> {
    if location.location_type != SINGLE_PART {
        return Ok(());
    }
    let others =
        Entity::find().filter(Column::LocationId.eq(&location.id)).filter(Column::PartId.ne(part_id));
    match others.one(read.db().await?).await? {
        None => Ok(()),
        Some(_) => Err(Error::LocationTaken { location: name_of(location) }),
    }
}

fn name_of(location: &locationmodel::Model) -> String {
    location.name.clone().unwrap_or_else(|| location.id.clone())
}
