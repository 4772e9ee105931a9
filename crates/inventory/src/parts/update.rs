//! Changes a part.

use super::create::check_texts;
use super::links::{MAX_LINKS, Relinked, set_categories, set_projects, set_tags};
use super::{MAX_NAME, Part, find, low_stock};
use crate::change::Change;
use crate::db::entity::partmodel;
use crate::fields::{Fields, MAX_TEXT};
use crate::{Access, Command, Error, Json, Permission, Work};

/// Changes a part.
///
/// Fails with [`Error::Changed`] when the part no longer has the expected version, with [`Error::AlreadyExists`] when the
/// name is taken, and with [`Error::NotFound`] when a category, a tag or a project does not exist.
#[derive(Clone, Debug, Default)]
pub struct UpdatePart {
    /// The part.
    pub id: String,
    /// The version that the change is based on. `None` changes any version.
    pub version: Option<String>,
    /// The name: unique, 1 to [`MAX_NAME`] characters.
    pub name: Change<String>,
    /// The user's own part number.
    pub number: Change<Option<String>>,
    /// The description.
    pub description: Change<Option<String>>,
    /// The manufacturer.
    pub manufacturer: Change<Option<String>>,
    /// The part number of the manufacturer.
    pub manufacturer_part_number: Change<Option<String>>,
    /// The type of component.
    pub component_type: Change<Option<String>>,
    /// The supplier.
    pub supplier: Change<Option<String>>,
    /// The part number of the supplier.
    pub supplier_part_number: Change<Option<String>>,
    /// The page of the supplier.
    pub supplier_url: Change<Option<String>>,
    /// The page of the manufacturer.
    pub product_url: Change<Option<String>>,
    /// The address of an image.
    pub image_url: Change<Option<String>>,
    /// An emoji, shown before the name.
    pub emoji: Change<Option<String>>,
    /// All additional properties.
    pub properties: Change<serde_json::Map<String, serde_json::Value>>,
    /// The ids of all categories of the part.
    pub category_ids: Change<Vec<String>>,
    /// The ids of all tags of the part.
    pub tag_ids: Change<Vec<String>>,
    /// The ids of all projects that use the part.
    pub project_ids: Change<Vec<String>>,
    /// The quantity below which the stock is low, at least 1. `None` removes it.
    pub low_stock_limit: Change<Option<i64>>,
}

impl Command for UpdatePart {
    const ACCESS: Access = Access::Permission(Permission::PartsUpdate);
    type Output = Part;

    fn validate(&self, fields: &mut Fields) {
        if let Change::Set(name) = &self.name {
            fields.name("name", name, MAX_NAME);
        }
        let set = |change: &'_ Change<Option<String>>| change.as_set().cloned().flatten();
        check_texts(
            fields,
            [
                ("number", set(&self.number)),
                ("description", set(&self.description)),
                ("manufacturer", set(&self.manufacturer)),
                ("manufacturer_part_number", set(&self.manufacturer_part_number)),
                ("component_type", set(&self.component_type)),
                ("supplier", set(&self.supplier)),
                ("supplier_part_number", set(&self.supplier_part_number)),
                ("supplier_url", set(&self.supplier_url)),
                ("product_url", set(&self.product_url)),
                ("image_url", set(&self.image_url)),
            ],
            set(&self.emoji),
        );
        for (field, ids) in [
            ("category_ids", &self.category_ids),
            ("tag_ids", &self.tag_ids),
            ("project_ids", &self.project_ids),
        ] {
            fields.items(field, ids.as_set().map_or(&[][..], Vec::as_slice), MAX_LINKS);
        }
        if let Change::Set(properties) = &self.properties {
            fields.text("properties", Some(&Json(properties.clone().into()).to_text()), MAX_TEXT);
        }
        low_stock::validate(fields, "low_stock_limit", self.low_stock_limit.as_set().copied().flatten());
    }

    async fn run(&self, work: &mut Work) -> Result<Part, Error> {
        let before = find(work, &self.id).await?;
        work.check_version(&before, self.version.as_deref()).await?;
        let (part, relinked) = self.apply(work, before).await?;
        relinked.recount(work).await?;
        Ok(part.into())
    }
}

impl UpdatePart {
    /// Updates the part and its links. The counts of its tags and projects remain to be updated.
    pub(crate) async fn apply(
        &self,
        work: &mut Work,
        before: partmodel::Model,
    ) -> Result<(partmodel::Model, Relinked), Error> {
        let old = before.clone();
        let after = partmodel::Model {
            part_name: self.name.clone().or(old.part_name),
            part_number: self.number.clone().or(old.part_number),
            description: self.description.clone().or(old.description),
            manufacturer: self.manufacturer.clone().or(old.manufacturer),
            manufacturer_part_number: self.manufacturer_part_number.clone().or(old.manufacturer_part_number),
            component_type: self.component_type.clone().or(old.component_type),
            supplier: self.supplier.clone().or(old.supplier),
            supplier_part_number: self.supplier_part_number.clone().or(old.supplier_part_number),
            supplier_url: self.supplier_url.clone().or(old.supplier_url),
            product_url: self.product_url.clone().or(old.product_url),
            image_url: self.image_url.clone().or(old.image_url),
            emoji: self.emoji.clone().or(old.emoji),
            additional_properties: match &self.properties {
                Change::Set(properties) => Json(properties.clone().into()),
                Change::Keep => old.additional_properties,
            },
            updated_at: work.now(),
            ..before.clone()
        };
        let after = work.update(&before, after).await?;
        let mut relinked = Relinked::default();
        if let Change::Set(ids) = &self.category_ids {
            set_categories(work, &after, ids).await?;
        }
        if let Change::Set(ids) = &self.tag_ids {
            relinked.tag_ids = set_tags(work, &after, ids).await?;
        }
        if let Change::Set(ids) = &self.project_ids {
            relinked.project_ids = set_projects(work, &after, ids).await?;
        }
        if let Change::Set(limit) = self.low_stock_limit {
            low_stock::set_limit(work, after.id.clone(), limit).await?;
        }
        Ok((after, relinked))
    }
}
