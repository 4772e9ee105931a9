//! Places new parts with few statements.

use super::ledger::{self, MovementEnd, MovementKind, NewMovement};
use super::new_row;
use crate::db::entity::part_location_allocations::Model;
use crate::{Error, Work};

/// The counted quantity of a part at a location. Neither stock nor movements of the part are there.
#[derive(Debug)]
pub(crate) struct NewStock {
    pub(crate) part_id: String,
    pub(crate) location_id: String,
    /// The quantity, 0 to [`MAX_QUANTITY`](super::MAX_QUANTITY).
    pub(crate) quantity: i64,
    /// Whether it becomes the primary storage of the part, which has none.
    pub(crate) is_primary: bool,
}

/// Inserts allocations, and a movement for each, like [`CountStock`](super::CountStock). The locations may hold several parts.
pub(crate) async fn place_all(work: &mut Work, stock: &[NewStock], reason: &str) -> Result<(), Error> {
    let row = |new: &NewStock| Model {
        is_primary_storage: new.is_primary,
        ..new_row(work, &new.part_id, &new.location_id, new.quantity)
    };
    let rows = stock.iter().map(row).collect();
    work.insert_all(rows).await?;
    let movements = stock.iter().map(|new| NewMovement {
        part_id: &new.part_id,
        kind: MovementKind::Count,
        from: None,
        to: Some(MovementEnd::new(&new.location_id, 0, new.quantity)),
        reason: Some(reason),
        undoes: None,
    });
    ledger::append_all(work, movements).await
}
