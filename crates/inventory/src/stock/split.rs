//! Splits stock off into a cassette.

use super::{Allocation, MAX_QUANTITY, TransferStock};
use crate::fields::{Fields, MAX_TEXT};
use crate::locations::{CASSETTE, CreateLocation, GetLocation, Location};
use crate::parts::GetPart;
use crate::{Access, Command, Error, Permission, Work};

/// Moves some of a part into a cassette, which may be made for it: one transaction, so there is never a cassette
/// without its content. A new cassette also requires the permission to create locations.
///
/// Fails as [`TransferStock`] and [`CreateLocation`] do.
#[derive(Clone, Debug)]
pub struct SplitToCassette {
    /// What is moved.
    pub part_id: String,
    /// Where it is taken from.
    pub from_location_id: String,
    /// How many, 1 to [`MAX_QUANTITY`].
    pub quantity: i64,
    /// Where it goes to.
    pub cassette: Cassette,
    /// Anything worth noting about what is in the cassette.
    pub notes: Option<String>,
}

/// A cassette to put stock into.
#[derive(Clone, Debug)]
pub enum Cassette {
    /// One that is there.
    Existing {
        /// Its id.
        location_id: String,
    },
    /// A new one.
    New {
        /// Its name; that of the part when there is none.
        name: Option<String>,
        /// The location that it is inside of.
        parent_id: Option<String>,
        /// How many pieces fit in.
        capacity: Option<i64>,
        /// Shown before its name; 📦 when there is none.
        emoji: Option<String>,
    },
}

/// What a split left behind.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitToCassetteResult {
    /// The cassette.
    pub cassette: Location,
    /// Whether it was made for this.
    pub cassette_created: bool,
    /// What is in the cassette now.
    pub allocation: Allocation,
}

impl Command for SplitToCassette {
    const ACCESS: Access = Access::Permission(Permission::PartsUpdate);
    type Output = SplitToCassetteResult;

    fn validate(&self, fields: &mut Fields) {
        fields.number("quantity", self.quantity, 1..=MAX_QUANTITY);
        fields.text("notes", self.notes.as_deref(), MAX_TEXT);
    }

    async fn run(&self, work: &mut Work) -> Result<SplitToCassetteResult, Error> {
        let (cassette, cassette_created) = match &self.cassette {
            Cassette::Existing { location_id } => {
                (work.query(&GetLocation(location_id.clone())).await?, false)
            }
            Cassette::New { name, parent_id, capacity, emoji } => {
                let name = match name {
                    Some(name) => name.clone(),
                    None => work.query(&GetPart(self.part_id.clone())).await?.name,
                };
                let new = CreateLocation {
                    name,
                    parent_id: parent_id.clone(),
                    location_type: CASSETTE.to_owned(),
                    emoji: Some(emoji.clone().unwrap_or_else(|| "📦".to_owned())),
                    is_mobile: true,
                    capacity: *capacity,
                    ..CreateLocation::default()
                };
                (work.call(&new).await?, true)
            }
        };
        let transfer = TransferStock {
            part_id: self.part_id.clone(),
            from_location_id: self.from_location_id.clone(),
            to_location_id: cassette.id.clone(),
            quantity: self.quantity,
            notes: self.notes.clone(),
        };
        let allocation = work.call(&transfer).await?.to;
        Ok(SplitToCassetteResult { cassette, cassette_created, allocation })
    }
}
