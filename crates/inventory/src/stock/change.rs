//! Adds, takes and counts stock at one location.

use super::ledger::{self, Movement, MovementEnd, MovementKind, NewMovement};
use super::{Allocation, MAX_QUANTITY, MAX_REASON, at, check_single_part, has_primary, new_row};
use crate::db::entity::part_location_allocations::Model;
use crate::fields::{Fields, Problem};
use crate::{Access, Command, Error, Permission, Work, locations, parts};

/// Adds a quantity of a part to a location. Creates the allocation if the part has none there, which becomes the primary
/// storage if the part has no other.
///
/// Fails with [`Error::LocationTaken`] for a second part at a [`SINGLE_PART`](crate::locations::SINGLE_PART) location.
#[derive(Clone, Debug, Default)]
pub struct AddStock {
    /// The part.
    pub part_id: String,
    /// The location.
    pub location_id: String,
    /// The quantity, 1 to [`MAX_QUANTITY`].
    pub quantity: i64,
    /// The reason, for the history.
    pub reason: Option<String>,
}

/// Takes a quantity of a part from a location. An empty allocation stays, since the part still belongs there.
///
/// Fails with [`Error::InsufficientStock`].
#[derive(Clone, Debug, Default)]
pub struct TakeStock {
    /// The part.
    pub part_id: String,
    /// The location.
    pub location_id: String,
    /// The quantity, 1 to [`MAX_QUANTITY`].
    pub quantity: i64,
    /// The reason, for the history.
    pub reason: Option<String>,
}

/// Sets the quantity of a part at a location to the result of a stock-take. Records the count even if it found what was
/// expected.
///
/// Fails with [`Error::LocationTaken`] for a second part at a [`SINGLE_PART`](crate::locations::SINGLE_PART) location.
#[derive(Clone, Debug, Default)]
pub struct CountStock {
    /// The part.
    pub part_id: String,
    /// The location.
    pub location_id: String,
    /// The counted quantity, 0 to [`MAX_QUANTITY`].
    pub quantity: i64,
    /// The reason, for the history.
    pub reason: Option<String>,
}

/// The result of a change of stock at one location.
#[derive(Clone, Debug, PartialEq)]
pub struct StockChange {
    /// The allocation after the change.
    pub allocation: Allocation,
    /// The name of the location.
    pub location_name: String,
    /// The movement in the ledger.
    pub movement: Movement,
}

fn validate(quantity: i64, min: i64, reason: Option<&str>, fields: &mut Fields) {
    fields.number("quantity", quantity, min..=MAX_QUANTITY);
    fields.text("reason", reason, MAX_REASON);
}

impl Command for AddStock {
    const ACCESS: Access = Access::Permission(Permission::PartsUpdate);
    type Output = StockChange;

    fn validate(&self, fields: &mut Fields) {
        validate(self.quantity, 1, self.reason.as_deref(), fields);
    }

    async fn run(&self, work: &mut Work) -> Result<StockChange, Error> {
        let reason = self.reason.as_deref();
        let add = |before: i64| {
            let sum = Some(before.saturating_add(self.quantity)).filter(|sum| *sum <= MAX_QUANTITY);
            sum.ok_or_else(|| Error::invalid("quantity", Problem::TooLarge { max: MAX_QUANTITY }))
        };
        change(work, (&self.part_id, &self.location_id), MovementKind::Add, reason, add).await
    }
}

impl Command for TakeStock {
    const ACCESS: Access = Access::Permission(Permission::PartsUpdate);
    type Output = StockChange;

    fn validate(&self, fields: &mut Fields) {
        validate(self.quantity, 1, self.reason.as_deref(), fields);
    }

    async fn run(&self, work: &mut Work) -> Result<StockChange, Error> {
        let reason = self.reason.as_deref();
        let take = |available: i64| {
            let left = Some(available - self.quantity).filter(|left| *left >= 0);
            left.ok_or(Error::InsufficientStock { available, requested: self.quantity })
        };
        change(work, (&self.part_id, &self.location_id), MovementKind::Take, reason, take).await
    }
}

impl Command for CountStock {
    const ACCESS: Access = Access::Permission(Permission::PartsUpdate);
    type Output = StockChange;

    fn validate(&self, fields: &mut Fields) {
        validate(self.quantity, 0, self.reason.as_deref(), fields);
    }

    async fn run(&self, work: &mut Work) -> Result<StockChange, Error> {
        let reason = self.reason.as_deref();
        let counted = |_| Ok(self.quantity);
        change(work, (&self.part_id, &self.location_id), MovementKind::Count, reason, counted).await
    }
}

/// Changes the quantity of a part at a location to what `after` returns for the current quantity.
async fn change(
    work: &mut Work,
    (part_id, location_id): (&str, &str),
    kind: MovementKind,
    reason: Option<&str>,
    after: impl FnOnce(i64) -> Result<i64, Error>,
) -> Result<StockChange, Error> {
    let part = parts::find(work, part_id).await?;
    let location = locations::find(work, location_id).await?;
    let present = at(work, &part.id, &location.id).await?;
    let quantity_before = present.as_ref().map_or(0, |row| row.quantity_at_location);
    let quantity = after(quantity_before)?;
    let row = match present {
        Some(before) => {
            let after = Model { quantity_at_location: quantity, last_updated: work.now(), ..before.clone() };
            work.update(&before, after).await?
        }
        None => {
            check_single_part(work, &location, &part.id).await?;
            let is_primary_storage = !has_primary(work, &part.id).await?;
            let row = Model { is_primary_storage, ..new_row(work, &part.id, &location.id, quantity) };
            work.insert(row).await?
        }
    };
    let end = Some(MovementEnd::new(&location.id, quantity_before, quantity));
    let (from, to) = if quantity < quantity_before { (end, None) } else { (None, end) };
    let new = NewMovement { part_id: &part.id, kind, from, to, reason, undoes: None };
    let movement = ledger::record(work, new).await?;
    Ok(StockChange {
        allocation: row.try_into()?,
        location_name: location.name.unwrap_or_default(),
        movement,
    })
}
