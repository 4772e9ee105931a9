//! Creates a part.

use super::links::{MAX_LINKS, Relinked, set_categories, set_projects, set_tags};
use super::{MAX_NAME, Part, low_stock};
use crate::db::entity::partmodel;
use crate::fields::{Fields, MAX_TEXT};
use crate::{Access, Command, Error, Json, Permission, Work};

/// The largest number of characters in an emoji: some emoji consist of several characters.
const MAX_EMOJI: usize = 50;

/// Creates a part without stock.
///
/// Fails with [`Error::AlreadyExists`] when the name is taken, and with [`Error::NotFound`] when a category, a tag or a
/// project does not exist.
#[derive(Clone, Debug, Default)]
pub struct CreatePart {
    /// Unique, 1 to [`MAX_NAME`] characters.
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
    /// The ids of the categories of the part.
    pub category_ids: Vec<String>,
    /// The ids of the tags of the part.
    pub tag_ids: Vec<String>,
    /// The ids of the projects that use the part.
    pub project_ids: Vec<String>,
    /// The quantity below which the stock is low, at least 1.
    pub low_stock_limit: Option<i64>,
}

impl Command for CreatePart {
    const ACCESS: Access = Access::Permission(Permission::PartsCreate);
    type Output = Part;

    fn validate(&self, fields: &mut Fields) {
        fields.name("name", &self.name, MAX_NAME);
        check_texts(
            fields,
            [
                ("number", self.number.clone()),
                ("description", self.description.clone()),
                ("manufacturer", self.manufacturer.clone()),
                ("manufacturer_part_number", self.manufacturer_part_number.clone()),
                ("component_type", self.component_type.clone()),
                ("supplier", self.supplier.clone()),
                ("supplier_part_number", self.supplier_part_number.clone()),
                ("supplier_url", self.supplier_url.clone()),
                ("product_url", self.product_url.clone()),
                ("image_url", self.image_url.clone()),
            ],
            self.emoji.clone(),
        );
        fields.items("category_ids", &self.category_ids, MAX_LINKS);
        fields.items("tag_ids", &self.tag_ids, MAX_LINKS);
        fields.items("project_ids", &self.project_ids, MAX_LINKS);
        let properties = Json(self.properties.clone().into()).to_text();
        fields.text("properties", Some(&properties), MAX_TEXT);
        low_stock::validate(fields, "low_stock_limit", self.low_stock_limit);
    }

    async fn run(&self, work: &mut Work) -> Result<Part, Error> {
        let (part, relinked) = self.insert(work).await?;
        relinked.recount(work).await?;
        Ok(part.into())
    }
}

impl CreatePart {
    /// Inserts the part and its links. The counts of its tags and projects remain to be updated.
    pub(super) async fn insert(&self, work: &mut Work) -> Result<(partmodel::Model, Relinked), Error> {
        let part = work.insert(self.row(work)).await?;
        let mut relinked = Relinked::default();
        if !self.category_ids.is_empty() {
            set_categories(work, &part, &self.category_ids).await?;
        }
        if !self.tag_ids.is_empty() {
            relinked.tag_ids = set_tags(work, &part, &self.tag_ids).await?;
        }
        if !self.project_ids.is_empty() {
            relinked.project_ids = set_projects(work, &part, &self.project_ids).await?;
        }
        if self.low_stock_limit.is_some() {
            low_stock::set_limit(work, part.id.clone(), self.low_stock_limit).await?;
        }
        Ok((part, relinked))
    }

    /// Returns the row of the part, with a new id.
    pub(super) fn row(&self, work: &Work) -> partmodel::Model {
        partmodel::Model {
            id: work.new_id(),
            part_name: self.name.clone(),
            part_number: self.number.clone(),
            description: self.description.clone(),
            manufacturer: self.manufacturer.clone(),
            manufacturer_part_number: self.manufacturer_part_number.clone(),
            component_type: self.component_type.clone(),
            supplier: self.supplier.clone(),
            supplier_part_number: self.supplier_part_number.clone(),
            supplier_url: self.supplier_url.clone(),
            product_url: self.product_url.clone(),
            image_url: self.image_url.clone(),
            emoji: self.emoji.clone(),
            additional_properties: Json(self.properties.clone().into()),
            created_at: work.now(),
            updated_at: work.now(),
        }
    }
}

/// Checks the optional texts of a part, and its emoji.
pub(super) fn check_texts(
    fields: &mut Fields,
    texts: [(&'static str, Option<String>); 10],
    emoji: Option<String>,
) {
    for (field, value) in texts {
        fields.text(field, value.as_deref(), MAX_TEXT);
    }
    fields.text("emoji", emoji.as_deref(), MAX_EMOJI);
}
