//! The slots of a container, which are created together with it.

use serde_json::json;

use crate::Json;
use crate::db::entity::locationmodel::Model;
use crate::fields::{Fields, Problem};

/// The largest number of slots in a container, as in the original.
const MAX_SLOTS: i64 = 200;
/// The largest number of rows or columns of a grid, as in the original.
const MAX_LINES: i64 = 20;
/// The largest number of characters in a naming pattern.
const MAX_PATTERN: usize = 100;

/// The slots of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slots {
    /// Their arrangement.
    pub layout: SlotLayout,
    /// The names: `{n}` is the number of the slot, and in a grid `{row}` and `{col}` are its row and column, all from 1.
    /// `None` is `Slot {n}`, and in a grid `R{row}-C{col}`.
    pub naming_pattern: Option<String>,
}

/// The arrangement of the slots of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotLayout {
    /// In a row.
    Linear {
        /// The number of slots, 1 to 200.
        count: i64,
    },
    /// In a grid of at most 200 slots, numbered row by row.
    Grid {
        /// The number of rows, 1 to 20.
        rows: i64,
        /// The number of columns, 1 to 20.
        columns: i64,
    },
}

/// A slot to create.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slot {
    pub(super) number: i64,
    pub(super) name: String,
    pub(super) metadata: Json,
}

impl SlotLayout {
    /// Returns the number of slots.
    pub fn count(self) -> i64 {
        match self {
            Self::Linear { count } => count,
            Self::Grid { rows, columns } => rows.saturating_mul(columns),
        }
    }
}

impl Slots {
    /// The stored name of the linear layout.
    pub(super) const LINEAR: &str = "simple";
    const GRID: &str = "grid";
    pub(super) const LINEAR_PATTERN: &str = "Slot {n}";
    const GRID_PATTERN: &str = "R{row}-C{col}";

    /// Returns the slots of a container, or `None` for a location without slots.
    pub(super) fn of(row: &Model) -> Option<Self> {
        let count = row.slot_count?;
        let layout = match (row.slot_layout_type.as_deref(), row.grid_rows, row.grid_columns) {
            (Some(Self::GRID), Some(rows), Some(columns)) => SlotLayout::Grid { rows, columns },
            _ => SlotLayout::Linear { count },
        };
        Some(Self { layout, naming_pattern: row.slot_naming_pattern.clone() })
    }

    pub(super) fn validate(&self, fields: &mut Fields) {
        if let SlotLayout::Grid { rows, columns } = self.layout {
            fields.number("grid_rows", rows, 1..=MAX_LINES);
            fields.number("grid_columns", columns, 1..=MAX_LINES);
        }
        fields.number("slot_count", self.layout.count(), 1..=MAX_SLOTS);
        let pattern = self.pattern();
        fields.name("slot_naming_pattern", pattern, MAX_PATTERN);
        let by_place = matches!(self.layout, SlotLayout::Grid { .. })
            && pattern.contains("{row}")
            && pattern.contains("{col}");
        let distinct = pattern.contains("{n}") || by_place;
        fields.require("slot_naming_pattern", distinct, Problem::SameSlotNames);
    }

    /// Adds the description of the slots to the row of their container.
    pub(super) fn container(&self, row: Model) -> Model {
        let (kind, lines) = match self.layout {
            SlotLayout::Linear { .. } => (Self::LINEAR, None),
            SlotLayout::Grid { rows, columns } => (Self::GRID, Some((rows, columns))),
        };
        Model {
            slot_count: Some(self.layout.count()),
            slot_naming_pattern: Some(self.pattern().to_owned()),
            slot_layout_type: Some(kind.to_owned()),
            grid_rows: lines.map(|(rows, _)| rows),
            grid_columns: lines.map(|(_, columns)| columns),
            ..row
        }
    }

    /// Returns each slot, in the order of their numbers.
    pub(super) fn each(&self) -> impl Iterator<Item = Slot> {
        let pattern = self.pattern().to_owned();
        let layout = self.layout;
        (1..=layout.count()).map(move |number| {
            let name = pattern.replace("{n}", &number.to_string());
            let SlotLayout::Grid { columns, .. } = layout else {
                return Slot { number, name, metadata: Json::default() };
            };
            let (row, column) = ((number - 1) / columns + 1, (number - 1) % columns + 1);
            let name = name.replace("{row}", &row.to_string()).replace("{col}", &column.to_string());
            Slot { number, name, metadata: Json(json!({"row": row, "column": column})) }
        })
    }

    fn pattern(&self) -> &str {
        let default = match self.layout {
            SlotLayout::Linear { .. } => Self::LINEAR_PATTERN,
            SlotLayout::Grid { .. } => Self::GRID_PATTERN,
        };
        self.naming_pattern.as_deref().unwrap_or(default)
    }
}
