//! Parts, their datasheets and images. Quantities and locations are in [`stock`](crate::stock).

mod create;
mod create_all;
mod datasheets;
mod delete;
mod details;
mod duplicate;
mod find;
mod image;
mod links;
mod list;
mod listed;
mod low_stock;
mod prices;
mod searchable;
mod stock_values;
mod totals;
mod update;
mod update_tagged;

use crate::Error;
use crate::Timestamp;
use crate::db::entity::partmodel;
use crate::db::record::version_of;
use crate::static_files::IMAGE_URL;
use crate::work::Read;
use sea_orm::EntityTrait;

pub use create::CreatePart;
pub(crate) use create_all::{NewPart, create_all};
pub(crate) use datasheets::datasheets_of_all;
pub use datasheets::{AddDatasheet, Datasheet, DeleteDatasheet, ListDatasheets};
pub use delete::{DeletePart, PartDeletion, PreviewPartDeletion};
pub use details::{GetPartDetails, Named, PartDetails};
pub(crate) use details::{category_ids, tag_ids};
pub use duplicate::DuplicatePart;
pub use find::{FindPartByName, FindPartByNumber, GetPart};
pub use image::SetPartImage;
pub(crate) use links::Relinked;
pub use list::{GetStockedPart, GetStockedParts, ListParts, PartFilter, PartSort, StockedPart};
pub use listed::{GetListedParts, ListedPart, PartPlace};
pub use low_stock::SetLowStockLimit;
pub(crate) use prices::prices_of_all;
pub use prices::{ListPrices, Price};
pub use searchable::{
    GetSearchableParts, ListPlaces, ListSearchableParts, MAX_SEARCHABLE, NamedPlace, Places, SearchablePart,
};
pub use stock_values::{ListStockValues, StockValue};
pub use totals::{InventoryTotals, SumInventory};
pub use update::UpdatePart;
pub use update_tagged::UpdateTaggedPart;

/// The largest number of characters in the name of a part.
pub const MAX_NAME: usize = 255;

/// A part, such as a resistor, a screw or a tool bit.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Unique, and printed on labels.
    pub id: String,
    /// Unique.
    pub name: String,
    /// The user's own part number.
    pub number: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// The manufacturer.
    pub manufacturer: Option<String>,
    /// The part number of the manufacturer.
    pub manufacturer_part_number: Option<String>,
    /// The type of component, such as `resistor`.
    pub component_type: Option<String>,
    /// The supplier.
    pub supplier: Option<String>,
    /// The part number of the supplier.
    pub supplier_part_number: Option<String>,
    /// The page of the supplier.
    pub supplier_url: Option<String>,
    /// The page of the manufacturer.
    pub product_url: Option<String>,
    /// The address of an image.
    pub image_url: Option<String>,
    /// An emoji, shown before the name.
    pub emoji: Option<String>,
    /// Additional properties.
    pub properties: serde_json::Map<String, serde_json::Value>,
    /// When the part was created.
    pub created_at: Timestamp,
    /// When the part was last changed.
    pub updated_at: Timestamp,
    /// Changes whenever any of the fields above change, or the categories, tags or projects of the part.
    pub version: String,
}

impl Part {
    /// Returns the name of the image in this inventory, for `/files/images/{name}`. Returns `None` if the part has no image, or one
    /// on another site.
    pub fn image_name(&self) -> Option<&str> {
        self.image_url.as_deref()?.strip_prefix(IMAGE_URL)
    }
}

impl From<partmodel::Model> for Part {
    fn from(row: partmodel::Model) -> Self {
        let version = version_of(&row);
        Self {
            version,
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
