//! The slots of a container, with the field names of the original.

use inventory::locations::{SlotLayout, Slots};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;

/// The slots of a container. All fields are null for a location without slots.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct SlotsView {
    slot_count: Option<i64>,
    slot_naming_pattern: Option<String>,
    /// `simple` (in a row) or `grid`.
    slot_layout_type: Option<&'static str>,
    grid_rows: Option<i64>,
    grid_columns: Option<i64>,
}

impl From<Option<Slots>> for SlotsView {
    fn from(slots: Option<Slots>) -> Self {
        let Some(Slots { layout, naming_pattern }) = slots else { return Self::default() };
        let (kind, grid) = match layout {
            SlotLayout::Linear { .. } => ("simple", None),
            SlotLayout::Grid { rows, columns } => ("grid", Some((rows, columns))),
        };
        Self {
            slot_count: Some(layout.count()),
            slot_naming_pattern: naming_pattern,
            slot_layout_type: Some(kind),
            grid_rows: grid.map(|(rows, _)| rows),
            grid_columns: grid.map(|(_, columns)| columns),
        }
    }
}

/// The layout of slots.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LayoutType {
    /// In a row.
    Simple,
    /// In a grid.
    Grid,
}

/// The slots of a new container.
#[derive(Debug)]
pub(crate) struct NewSlots {
    pub(crate) count: Option<i64>,
    pub(crate) naming_pattern: Option<String>,
    pub(crate) layout_type: Option<LayoutType>,
    pub(crate) rows: Option<i64>,
    pub(crate) columns: Option<i64>,
}

impl NewSlots {
    /// Returns the slots to create, if any.
    pub(crate) fn slots(self) -> Result<Option<Slots>, Problem> {
        let layout = match (self.layout_type, self.count) {
            (Some(LayoutType::Grid), count) => {
                let required = |field, value: Option<i64>| {
                    value.ok_or_else(|| Problem::invalid_field(field, "is required for a grid"))
                };
                let rows = required("grid_rows", self.rows)?;
                let columns = required("grid_columns", self.columns)?;
                let layout = SlotLayout::Grid { rows, columns };
                if count.is_some_and(|count| count != layout.count()) {
                    return Err(Problem::invalid_field("slot_count", "must be grid_rows × grid_columns"));
                }
                layout
            }
            (_, Some(count)) => SlotLayout::Linear { count },
            (Some(LayoutType::Simple), None) => {
                return Err(Problem::invalid_field("slot_count", "is required"));
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(Slots { layout, naming_pattern: self.naming_pattern }))
    }
}
