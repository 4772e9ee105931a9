//! Reports the changes that a migration makes to the data of a user.

use std::fmt;

use serde::Serialize;

use durable::printable;

/// The largest number of names that are kept for a message.
const MAX_KEPT: usize = 50;
/// The largest number of names in a message.
const MAX_SHOWN: usize = 10;

/// A change that was necessary to fit the data into the current schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Adjustment {
    /// The stock of parts was moved from the parts themselves to their locations.
    StockMoved {
        /// The number of parts that got an allocation.
        parts: u64,
        /// The units in these allocations.
        units: u64,
    },
    /// Parts with stock but no location were put into a location for such parts.
    WithoutLocation {
        /// The name of that location.
        location: String,
        /// The parts.
        parts: Names,
    },
    /// Invalid quantities (negative, fractional, or not a number) were changed to the nearest valid quantity.
    QuantityCorrected {
        /// Each part with the quantity found and the quantity kept.
        parts: Names,
    },
    /// Parts had allocations and a different quantity in the part itself, which was discarded.
    AllocationsKept {
        /// Each part with the discarded quantity.
        parts: Names,
    },
    /// Parts were renamed, since part names must be unique.
    PartsRenamed {
        /// The old and the new names.
        parts: Names,
    },
    /// Locations were renamed, since names must be unique within a parent.
    LocationsRenamed {
        /// The old and the new names.
        locations: Names,
    },
    /// The parents of categories were moved to a separate table.
    CategoriesMoved {
        /// The number of categories with a parent.
        categories: u64,
    },
    /// Categories lost a parent that does not exist, that is inside the category itself, or that is too deep.
    ParentDropped {
        /// The categories.
        categories: Names,
    },
}

/// A number of things, and the names of the first ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Names {
    /// The total number.
    pub count: u64,
    /// The first names, escaped for printing.
    pub first: Vec<String>,
}

impl Names {
    pub(super) fn add(&mut self, name: &str) {
        self.count += 1;
        if self.first.len() < MAX_KEPT {
            self.first.push(printable(name));
        }
    }

    /// Adds the change to the list, unless there are no names.
    pub(super) fn report(self, adjustments: &mut Vec<Adjustment>, how: impl FnOnce(Self) -> Adjustment) {
        if self.count > 0 {
            adjustments.push(how(self));
        }
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.first[..self.first.len().min(MAX_SHOWN)];
        f.write_str(&shown.join(", "))?;
        match self.count - shown.len() as u64 {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl fmt::Display for Adjustment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = |count: u64| if count == 1 { "1 part".to_owned() } else { format!("{count} parts") };
        match self {
            Self::StockMoved { parts: count, units } => {
                let units = if *units == 1 { "1 unit".to_owned() } else { format!("{units} units") };
                write!(f, "{units} of {} moved from the part to its location", parts(*count))
            }
            Self::WithoutLocation { location, parts: names } => {
                write!(f, "{} with stock but no location put into {location:?}: {names}", parts(names.count))
            }
            Self::QuantityCorrected { parts: names } => {
                write!(f, "{} with a quantity that no stock can have: {names}", parts(names.count))
            }
            Self::AllocationsKept { parts: names } => write!(
                f,
                "{} with stock by location and another quantity in the part, which was given up: {names}",
                parts(names.count)
            ),
            Self::PartsRenamed { parts: names } => {
                write!(f, "{} renamed, since every part needs a name of its own: {names}", parts(names.count))
            }
            Self::LocationsRenamed { locations } => {
                let plural = if locations.count == 1 { "location" } else { "locations" };
                write!(f, "{} {plural} renamed, since the name was taken: {locations}", locations.count)
            }
            Self::CategoriesMoved { categories } => {
                let plural = if *categories == 1 {
                    "category keeps its parent"
                } else {
                    "categories keep their parents"
                };
                write!(f, "{categories} {plural}")
            }
            Self::ParentDropped { categories } => {
                let plural = if categories.count == 1 { "category" } else { "categories" };
                write!(f, "{} {plural} with a parent that cannot be kept: {categories}", categories.count)
            }
        }
    }
}
