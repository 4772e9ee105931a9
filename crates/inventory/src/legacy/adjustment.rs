//! What a migration changes in somebody's data, for that somebody to read.

use std::fmt;

use serde::Serialize;

use durable::printable;

/// Names that are kept for a message. A database may have any number.
const KEPT: usize = 50;
/// Names that a sentence shows.
const SHOWN: usize = 10;

/// One kind of change that the data needed in order to fit the tables of today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Adjustment {
    /// The stock of parts was moved from the parts themselves to their locations.
    StockMoved {
        /// Parts that have an allocation now.
        parts: u64,
        /// Units in these allocations.
        units: u64,
    },
    /// Parts that had stock and no location were put into a location for such parts.
    WithoutLocation {
        /// The name of that location.
        location: String,
        /// The parts.
        parts: Names,
    },
    /// Quantities that no stock can have (negative, broken, or no number) became the nearest one that it can.
    QuantityCorrected {
        /// Part, quantity found, quantity kept.
        parts: Names,
    },
    /// Parts have allocations as well as another quantity in the part itself, which was given up.
    AllocationsKept {
        /// Part, and the quantity given up.
        parts: Names,
    },
    /// Parts got another name, since today each has one of its own.
    PartsRenamed {
        /// The old and the new name.
        parts: Names,
    },
    /// Locations got another name, since today each has one of its own within its parent.
    LocationsRenamed {
        /// The old and the new name.
        locations: Names,
    },
    /// Categories keep their parents in a table of their own.
    CategoriesMoved {
        /// Categories with a parent.
        categories: u64,
    },
    /// Categories lost a parent that does not exist, or that is inside the category itself, or is too deep.
    ParentDropped {
        /// The categories.
        categories: Names,
    },
}

/// How many there are, and the names of the first ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Names {
    /// All of them.
    pub count: u64,
    /// The first ones, fit to be printed.
    pub first: Vec<String>,
}

impl Names {
    pub(super) fn add(&mut self, name: &str) {
        self.count += 1;
        if self.first.len() < KEPT {
            self.first.push(printable(name));
        }
    }

    /// Adds the change to the list, if there was any.
    pub(super) fn report(self, adjustments: &mut Vec<Adjustment>, how: impl FnOnce(Self) -> Adjustment) {
        if self.count > 0 {
            adjustments.push(how(self));
        }
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.first[..self.first.len().min(SHOWN)];
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
