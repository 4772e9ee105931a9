//! Undoes the last movement of a part.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::ledger::{self, Movement, MovementEnd, MovementKind, NewMovement};
use super::{at, check_single_part, has_primary, new_row};
use crate::db::entity::mm_stock_movement::{Column, Entity};
use crate::db::entity::part_location_allocations::Model;
use crate::{Access, Command, Error, Permission, Work, locations, parts};

/// Undoes the last movement of a part: puts back what was taken, moved, added or counted. An undo cannot be undone.
///
/// Fails with [`Error::NothingToUndo`] when the last movement is an undo, an opening or a correction, and with
/// [`Error::NotFound`] when a location no longer exists.
#[derive(Clone, Debug)]
pub struct UndoMovement {
    /// The part.
    pub part_id: String,
    /// The id of the movement, which must be the last one, so that nobody undoes what they have not seen.
    pub movement_id: String,
}

impl Command for UndoMovement {
    const ACCESS: Access = Access::Permission(Permission::PartsUpdate);
    type Output = Movement;

    async fn run(&self, work: &mut Work) -> Result<Movement, Error> {
        let part = parts::find(work, &self.part_id).await?;
        let of_part = Entity::find().filter(Column::PartId.eq(&part.id)).order_by_desc(Column::Number);
        let last = of_part.one(work.db().await?).await?.map(Movement::from);
        let last = last.ok_or_else(|| Error::not_found("movement of the part", &self.movement_id))?;
        if last.id != self.movement_id {
            return Err(Error::NothingToUndo { movement: self.movement_id.clone() });
        }
        reverse(work, &last).await
    }
}

/// Puts back what a movement has moved. No later movement of its part may remain.
pub(super) async fn reverse(work: &mut Work, last: &Movement) -> Result<Movement, Error> {
    let undoable = [MovementKind::Add, MovementKind::Take, MovementKind::Move, MovementKind::Count];
    if !undoable.contains(&last.kind) {
        return Err(Error::NothingToUndo { movement: last.id.clone() });
    }
    // A move of all that was at the source took the primary storage with it.
    let gives_back_primary = last.from.as_ref().is_some_and(|end| end.after == 0);
    let from = match &last.to {
        Some(end) => Some(put_back(work, &last.part_id, end, gives_back_primary).await?),
        None => None,
    };
    let to = match &last.from {
        Some(end) => Some(put_back(work, &last.part_id, end, false).await?),
        None => None,
    };
    let (kind, undoes) = (MovementKind::Undo, Some(last.id.as_str()));
    let reverse = NewMovement { part_id: &last.part_id, kind, from, to, reason: None, undoes };
    ledger::record(work, reverse).await
}

/// Restores the quantity before a movement at one of its ends, and returns the end of the reverse movement. Nothing is left at a
/// primary storage only if `gives_back_primary`.
async fn put_back(
    work: &mut Work,
    part_id: &str,
    end: &MovementEnd,
    gives_back_primary: bool,
) -> Result<MovementEnd, Error> {
    let location = locations::find(work, &end.location_id).await?;
    let present = at(work, part_id, &location.id).await?;
    let current = present.as_ref().map_or(0, |row| row.quantity_at_location);
    if current != end.after {
        return Err(Error::InsufficientStock { available: current, requested: end.after });
    }
    match present {
        // What a movement has created, its undo deletes.
        Some(row) if end.before == 0 && (gives_back_primary || !row.is_primary_storage) => {
            work.delete(row).await?
        }
        Some(row) => {
            let after = Model { quantity_at_location: end.before, last_updated: work.now(), ..row.clone() };
            work.update(&row, after).await?;
        }
        None => {
            check_single_part(work, &location, part_id).await?;
            let is_primary_storage = !has_primary(work, part_id).await?;
            let row = Model { is_primary_storage, ..new_row(work, part_id, &location.id, end.before) };
            work.insert(row).await?;
        }
    }
    Ok(MovementEnd::new(&end.location_id, current, end.before))
}
