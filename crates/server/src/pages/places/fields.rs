//! The fields of a place, as they are typed.

use inventory::Change;
use inventory::locations::{CreateLocation, Location, SINGLE_PART, SlotLayout, Slots, UpdateLocation};
use serde::Deserialize;

use super::super::faults::Faults;
use super::super::words::given;
use crate::problem::Problem;

/// The type of a place without a special one.
const STANDARD: &str = "standard";

/// The fields of a place.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PlaceFields {
    pub(super) name: String,
    pub(super) emoji: String,
    pub(super) description: String,
    /// The path of the parent, as typed.
    pub(super) parent: String,
    pub(super) parent_id: String,
    pub(super) is_mobile: Option<String>,
    pub(super) is_single: Option<String>,
    pub(super) capacity: String,
    /// `none`, `linear` or `grid`.
    pub(super) slots: String,
    pub(super) slot_count: String,
    pub(super) grid_rows: String,
    pub(super) grid_columns: String,
    pub(super) slot_naming_pattern: String,
    /// The version that was read.
    pub(super) version: String,
}

impl PlaceFields {
    /// Returns the fields of a place. `parent` is the path of its parent.
    pub(super) fn of(location: &Location, parent: String) -> Self {
        let set = |is_set: bool| is_set.then(|| "on".to_owned());
        Self {
            name: location.name.clone(),
            emoji: location.emoji.clone().unwrap_or_default(),
            description: location.description.clone().unwrap_or_default(),
            parent,
            parent_id: location.parent_id.clone().unwrap_or_default(),
            is_mobile: set(location.is_mobile),
            is_single: set(location.location_type == SINGLE_PART),
            capacity: location.capacity.map(|capacity| capacity.to_string()).unwrap_or_default(),
            version: location.version.clone(),
            ..Self::default()
        }
    }

    /// Returns the command that creates the place, or adds what is wrong.
    pub(super) fn create(&self, parent_id: Option<String>, faults: &mut Faults) -> CreateLocation {
        CreateLocation {
            name: self.name.trim().to_owned(),
            description: given(&self.description),
            parent_id,
            location_type: if self.is_single.is_some() { SINGLE_PART } else { STANDARD }.to_owned(),
            image_url: None,
            emoji: given(&self.emoji),
            is_mobile: self.is_mobile.is_some(),
            capacity: faults.optional_number("capacity", &self.capacity),
            slots: self.slots(faults),
        }
    }

    /// Returns the command that changes the place, or adds what is wrong. Slots stay as they are, and so does a type that this form does
    /// not know.
    pub(super) fn update(
        &self,
        before: &Location,
        parent_id: Option<String>,
        faults: &mut Faults,
    ) -> UpdateLocation {
        let was_single = before.location_type == SINGLE_PART;
        let location_type = match (was_single, self.is_single.is_some()) {
            (false, true) => Change::Set(SINGLE_PART.to_owned()),
            (true, false) => Change::Set(STANDARD.to_owned()),
            _ => Change::Keep,
        };
        UpdateLocation {
            id: before.id.clone(),
            version: given(&self.version),
            name: Change::Set(self.name.trim().to_owned()),
            description: Change::Set(given(&self.description)),
            // A slot stays in its container.
            parent_id: if before.is_slot { Change::Keep } else { Change::Set(parent_id) },
            location_type,
            image_url: Change::Keep,
            emoji: Change::Set(given(&self.emoji)),
            is_mobile: Change::Set(self.is_mobile.is_some()),
            capacity: Change::Set(faults.optional_number("capacity", &self.capacity)),
        }
    }

    fn slots(&self, faults: &mut Faults) -> Option<Slots> {
        let layout = match self.slots.as_str() {
            "linear" => SlotLayout::Linear { count: number(&self.slot_count, "slot_count", faults) },
            "grid" => SlotLayout::Grid {
                rows: number(&self.grid_rows, "grid_rows", faults),
                columns: number(&self.grid_columns, "grid_columns", faults),
            },
            _ => return None,
        };
        Some(Slots { layout, naming_pattern: given(&self.slot_naming_pattern) })
    }
}

/// Reads a number that is needed. Returns 1, which breaks no rule, if it is none.
fn number(text: &str, field: &str, faults: &mut Faults) -> i64 {
    if given(text).is_none() {
        faults.add(&Problem::invalid_field(field, "is required"));
    }
    faults.optional_number(field, text).unwrap_or(1)
}
