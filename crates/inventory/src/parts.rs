//! Parts, their datasheets and pictures. How many there are, and where, is in [`stock`](crate::stock).

mod create;
mod datasheets;
mod find;
mod image;
mod list;

use crate::Error;
use crate::Timestamp;
use crate::db::entity::partmodel;
use crate::work::Read;
use sea_orm::EntityTrait;

pub use create::CreatePart;
pub use datasheets::{AddDatasheet, Datasheet, ListDatasheets};
pub use find::{FindPartByName, FindPartByNumber, GetPart};
pub use image::SetPartImage;
pub use list::{ListParts, PartFilter, PartSort, StockedPart};

/// The most characters of the name of a part.
pub const MAX_NAME: usize = 255;

/// Something that is kept: a resistor, a screw, a tool bit.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Unique, and printed on labels.
    pub id: String,
    /// Unique.
    pub name: String,
    /// The user's own number for it.
    pub number: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Who makes it.
    pub manufacturer: Option<String>,
    /// The maker's number for it.
    pub manufacturer_part_number: Option<String>,
    /// Such as `resistor`.
    pub component_type: Option<String>,
    /// Who sells it.
    pub supplier: Option<String>,
    /// The seller's number for it.
    pub supplier_part_number: Option<String>,
    /// The seller's page.
    pub supplier_url: Option<String>,
    /// The maker's page.
    pub product_url: Option<String>,
    /// A picture of it.
    pub image_url: Option<String>,
    /// Shown before the name.
    pub emoji: Option<String>,
    /// Anything else worth knowing.
    pub properties: serde_json::Map<String, serde_json::Value>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl From<partmodel::Model> for Part {
    fn from(row: partmodel::Model) -> Self {
        Self {
            id: row.id,
            name: row.part_name,
            number: row.part_number,
            description: row.description,
            manufacturer: row.manufacturer,
            manufacturer_part_number: row.manufacturer_part_number,
            component_type: row.component_type,
            supplier: row.supplier,
            supplier_part_number: row.supplier_part_number,
            supplier_url: row.supplier_url,
            product_url: row.product_url,
            image_url: row.image_url,
            emoji: row.emoji,
            properties: match row.additional_properties.0 {
                serde_json::Value::Object(properties) => properties,
                _ => serde_json::Map::new(),
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

pub(crate) async fn find(read: &Read, id: &str) -> Result<partmodel::Model, Error> {
    let row = partmodel::Entity::find_by_id(id).one(read.db().await?).await?;
    row.ok_or_else(|| Error::not_found("part", id))
}
