//! Splits off stock into a cassette.

use super::{Allocation, MAX_QUANTITY, MAX_REASON, Movement, Transfer, TransferStock};
use crate::fields::{Fields, MAX_TEXT, Problem};
use crate::locations::{CASSETTE, CreateLocation, GetLocation, Location};
use crate::parts::GetPart;
use crate::{Access, Command, Error, Permission, Work};

/// Moves a quantity of a part into a cassette, which may be new. Runs in one transaction, so there is never a new cassette
/// without its content. A new cassette also requires the permission to create locations.
///
/// Fails with the errors of [`TransferStock`] and [`CreateLocation`].
#[derive(Clone, Debug)]
pub struct SplitToCassette {
    /// The part to move.
    pub part_id: String,
    /// The source location.
    pub from_location_id: String,
    /// The quantity, 1 to [`MAX_QUANTITY`].
    pub quantity: i64,
    /// The target cassette.
    pub cassette: Cassette,
    /// Notes on the content of the cassette.
    pub notes: Option<String>,
    /// The reason, for the history.
    pub reason: Option<String>,
}

/// A cassette that receives stock.
#[derive(Clone, Debug)]
pub enum Cassette {
    /// An existing cassette.
    Existing {
        /// The id of the cassette.
        location_id: String,
    },
    /// A new cassette.
    New {
        /// The name. The default is the name of the part.
        name: Option<String>,
        /// The parent location.
        parent_id: Option<String>,
        /// The number of pieces that fit in.
        capacity: Option<i64>,
        /// An emoji, shown before the name. The default is 📦.
        emoji: Option<String>,
    },
}

/// The result of a split.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitToCassetteResult {
    /// The cassette.
    pub cassette: Location,
    /// Whether the cassette is new.
    pub cassette_created: bool,
    /// The allocation in the cassette.
    pub allocation: Allocation,
    /// The movement in the ledger.
    pub movement: Movement,
}

impl Command for SplitToCassette {
    const ACCESS: Access = Access::Permission(Permission::PartsUpdate);
    type Output = SplitToCassetteResult;

    fn validate(&self, fields: &mut Fields) {
        fields.number("quantity", self.quantity, 1..=MAX_QUANTITY);
        fields.text("notes", self.notes.as_deref(), MAX_TEXT);
        fields.text("reason", self.reason.as_deref(), MAX_REASON);
        if let Cassette::Existing { location_id } = &self.cassette {
            let differs = *location_id != self.from_location_id;
            fields.require("cassette_id", differs, Problem::SameAs { from: "the source" });
        }
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
            reason: self.reason.clone(),
        };
        let Transfer { to: allocation, movement, .. } = work.call(&transfer).await?;
        let cassette = work.query(&GetLocation(cassette.id)).await?;
        Ok(SplitToCassetteResult { cassette, cassette_created, allocation, movement })
    }
}
