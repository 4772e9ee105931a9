//! Reports the changes that a migration makes to the data of a user.

use std::fmt;

use serde::Serialize;

use durable::counted;

use crate::name_list::NameList;

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
        parts: NameList,
    },
    /// Invalid quantities (negative, fractional, or not a number) were changed to the nearest valid quantity.
    QuantityCorrected {
        /// Each part with the quantity found and the quantity kept.
        parts: NameList,
    },
    /// Parts had allocations and a different quantity in the part itself, which was discarded.
    AllocationsKept {
        /// Each part with the discarded quantity.
        parts: NameList,
    },
    /// Parts were renamed, since part names must be unique.
    PartsRenamed {
        /// The old and the new names.
        parts: NameList,
    },
    /// Locations were renamed, since names must be unique within a parent.
    LocationsRenamed {
        /// The old and the new names.
        locations: NameList,
    },
    /// The parents of categories were moved to a separate table.
    CategoriesMoved {
        /// The number of categories with a parent.
        categories: u64,
    },
    /// Categories lost a parent that does not exist, that is inside the category itself, or that is too deep.
    ParentDropped {
        /// The categories.
        categories: NameList,
    },
}

impl fmt::Display for Adjustment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = |count: u64| counted(count, "part");
        match self {
            Self::StockMoved { parts: count, units } => {
                let units = counted(*units, "unit");
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
                let renamed = counted(locations.count, "location");
                write!(f, "{renamed} renamed, since the name was taken: {locations}")
            }
            Self::CategoriesMoved { categories } => {
                let kept = if *categories == 1 { "keeps its parent" } else { "keep their parents" };
                write!(f, "{} {kept}", counted(*categories, "category"))
            }
            Self::ParentDropped { categories } => {
                let orphaned = counted(categories.count, "category");
                write!(f, "{orphaned} with a parent that cannot be kept: {categories}")
            }
        }
    }
}
