//! Creates an allocation.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::ledger::{self, MovementEnd, MovementKind, NewMovement};
use super::{Allocation, MAX_QUANTITY, at, check_single_part, name_of, new_row};
use crate::db::entity::part_location_allocations::{Column, Entity, Model};
use crate::fields::{Fields, MAX_TEXT};
use crate::{Access, Command, Error, Permission, Work, locations, parts};

/// Creates an allocation of a part at a location.
///
/// Fails with [`Error::AlreadyExists`] when the part already has an allocation there, with [`Error::PrimaryTaken`], and
/// with [`Error::LocationTaken`] for a second part at a [`SINGLE_PART`](crate::locations::SINGLE_PART) location.
#[derive(Clone, Debug, Default)]
pub struct CreateAllocation {
    /// The part.
    pub part_id: String,
    /// The location.
    pub location_id: String,
    /// The quantity, 0 to [`MAX_QUANTITY`].
    pub quantity: i64,
    /// Whether this is the primary storage of the part.
    pub is_primary: bool,
    /// Whether to replace an existing primary storage. Otherwise an existing one is an error.
    pub replace_primary: bool,
    /// Notes.
    pub notes: Option<String>,
}

impl Command for CreateAllocation {
    const ACCESS: Access = Access::Permission(Permission::PartsUpdate);
    type Output = Allocation;

    fn validate(&self, fields: &mut Fields) {
        fields.number("quantity", self.quantity, 0..=MAX_QUANTITY);
        fields.text("notes", self.notes.as_deref(), MAX_TEXT);
    }

    async fn run(&self, work: &mut Work) -> Result<Allocation, Error> {
        let part = parts::find(work, &self.part_id).await?;
        let location = locations::find(work, &self.location_id).await?;
        if at(work, &part.id, &location.id).await?.is_some() {
            return Err(Error::already_exists("allocation of the part at location", &name_of(&location)));
        }
        check_single_part(work, &location, &part.id).await?;
        if self.is_primary {
            self.demote_primary(work).await?;
        }
        let row = Model {
            is_primary_storage: self.is_primary,
            notes: self.notes.clone(),
            ..new_row(work, &part.id, &location.id, self.quantity)
        };
        let row = work.insert(row).await?;
        if self.quantity > 0 {
            let to = Some(MovementEnd::new(&location.id, 0, self.quantity));
            let kind = MovementKind::Add;
            let new = NewMovement { part_id: &part.id, kind, from: None, to, reason: None, undoes: None };
            ledger::record(work, new).await?;
        }
        row.try_into()
    }
}

impl CreateAllocation {
    /// Demotes the existing primary storage, or fails unless the request replaces it.
    async fn demote_primary(&self, work: &mut Work) -> Result<(), Error> {
        let primary = Entity::find().filter(Column::PartId.eq(&self.part_id));
        let primary = primary.filter(Column::IsPrimaryStorage.eq(true)).all(work.db().await?).await?;
        for before in primary {
            if !self.replace_primary {
                let id = before.location_id.unwrap_or_default();
                let location = locations::find(work, &id).await.map_or(id, |location| name_of(&location));
                return Err(Error::PrimaryTaken { location });
            }
            let after = Model { is_primary_storage: false, last_updated: work.now(), ..before.clone() };
            work.update(&before, after).await?;
        }
        Ok(())
    }
}
