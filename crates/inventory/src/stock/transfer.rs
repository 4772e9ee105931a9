//! Moves stock between locations.

use super::ledger::{self, Movement, MovementEnd, MovementKind, NewMovement};
use super::{Allocation, MAX_QUANTITY, MAX_REASON, at, check_single_part, new_row};
use crate::db::entity::part_location_allocations::Model;
use crate::fields::{Fields, MAX_TEXT, Problem};
use crate::{Access, Command, Error, Permission, Work, locations, parts};

/// Moves a quantity of a part from one location to another. Deletes the source allocation if nothing is left. If that was
/// the primary storage, the target becomes the primary storage.
///
/// Fails with [`Error::InsufficientStock`], with [`Error::NotFound`] also when the part is not at the source, and with
/// [`Error::LocationTaken`] for a second part at a [`SINGLE_PART`](crate::locations::SINGLE_PART) location.
#[derive(Clone, Debug, Default)]
pub struct TransferStock {
    /// The part to move.
    pub part_id: String,
    /// The source location.
    pub from_location_id: String,
    /// The target location.
    pub to_location_id: String,
    /// The quantity, 1 to [`MAX_QUANTITY`].
    pub quantity: i64,
    /// New notes on the target allocation. `None` keeps its notes.
    pub notes: Option<String>,
    /// The reason, for the history.
    pub reason: Option<String>,
}

/// The result of a transfer.
#[derive(Clone, Debug, PartialEq)]
pub struct Transfer {
    /// The source allocation, or `None` if it was deleted.
    pub from: Option<Allocation>,
    /// The target allocation.
    pub to: Allocation,
    /// The name of the source.
    pub from_name: String,
    /// The name of the target.
    pub to_name: String,
    /// The movement in the ledger.
    pub movement: Movement,
}

impl Command for TransferStock {
    const ACCESS: Access = Access::Permission(Permission::PartsUpdate);
    type Output = Transfer;

    fn validate(&self, fields: &mut Fields) {
        fields.number("quantity", self.quantity, 1..=MAX_QUANTITY);
        let differ = self.from_location_id != self.to_location_id;
        fields.require("to_location_id", differ, Problem::SameAs { from: "the source" });
        fields.text("notes", self.notes.as_deref(), MAX_TEXT);
        fields.text("reason", self.reason.as_deref(), MAX_REASON);
    }

    async fn run(&self, work: &mut Work) -> Result<Transfer, Error> {
        let part = parts::find(work, &self.part_id).await?;
        let from_name = locations::find(work, &self.from_location_id).await?.name.unwrap_or_default();
        let target = locations::find(work, &self.to_location_id).await?;
        let source = at(work, &part.id, &self.from_location_id).await?;
        let source = source
            .ok_or_else(|| Error::not_found("allocation of the part at location", &self.from_location_id))?;
        let available = source.quantity_at_location;
        if available < self.quantity {
            return Err(Error::InsufficientStock { available, requested: self.quantity });
        }
        let left = available - self.quantity;
        let moves_primary = left == 0 && source.is_primary_storage;
        let from = if left == 0 {
            work.delete(source).await?;
            None
        } else {
            let after = Model { quantity_at_location: left, last_updated: work.now(), ..source.clone() };
            Some(work.update(&source, after).await?)
        };
        let present = at(work, &part.id, &target.id).await?;
        let target_before = present.as_ref().map_or(0, |row| row.quantity_at_location);
        let to = match present {
            Some(present) => {
                let sum = present.quantity_at_location.saturating_add(self.quantity);
                if sum > MAX_QUANTITY {
                    return Err(Error::invalid("quantity", Problem::TooLarge { max: MAX_QUANTITY }));
                }
                let after = Model {
                    quantity_at_location: sum,
                    is_primary_storage: present.is_primary_storage || moves_primary,
                    notes: self.notes.clone().or_else(|| present.notes.clone()),
                    last_updated: work.now(),
                    ..present.clone()
                };
                work.update(&present, after).await?
            }
            None => {
                check_single_part(work, &target, &part.id).await?;
                let new = Model {
                    is_primary_storage: moves_primary,
                    notes: self.notes.clone(),
                    ..new_row(work, &part.id, &target.id, self.quantity)
                };
                work.insert(new).await?
            }
        };
        let new = NewMovement {
            part_id: &part.id,
            kind: MovementKind::Move,
            from: Some(MovementEnd::new(&self.from_location_id, available, left)),
            to: Some(MovementEnd::new(&target.id, target_before, to.quantity_at_location)),
            reason: self.reason.as_deref(),
            undoes: None,
        };
        let movement = ledger::record(work, new).await?;
        let to = to.try_into()?;
        let from = from.map(Allocation::try_from).transpose()?;
        Ok(Transfer { from, to, from_name, to_name: target.name.unwrap_or_default(), movement })
    }
}
