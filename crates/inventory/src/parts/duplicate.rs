//! Duplicates a part.

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::details::{category_ids, tag_ids};
use super::low_stock::limit_of;
use super::{CreatePart, MAX_NAME, Part, find};
use crate::db::entity::partmodel::{Column, Entity};
use crate::work::Read;
use crate::{Access, Command, Error, Fields, Permission, Work};

/// Creates a part like another one, with its categories, its tags, and its low-stock limit, but without its stock, its
/// datasheets, its projects, and its prices. Also requires the permission to update parts if there is a low-stock limit.
#[derive(Clone, Debug, Default)]
pub struct DuplicatePart {
    /// The part to duplicate.
    pub id: String,
    /// The name of the new part: unique, 1 to [`MAX_NAME`] characters. `None` adds `(copy)` or `(copy 2)` to the name.
    pub name: Option<String>,
}

impl Command for DuplicatePart {
    const ACCESS: Access = Access::Permission(Permission::PartsCreate);
    type Output = Part;

    fn validate(&self, fields: &mut Fields) {
        if let Some(name) = &self.name {
            fields.name("name", name, MAX_NAME);
        }
    }

    async fn run(&self, work: &mut Work) -> Result<Part, Error> {
        let original = Part::from(find(work, &self.id).await?);
        let name = match &self.name {
            Some(name) => name.clone(),
            None => free_name(work, &original.name).await?,
        };
        let new = CreatePart {
            name,
            number: original.number,
            description: original.description,
            manufacturer: original.manufacturer,
            manufacturer_part_number: original.manufacturer_part_number,
            component_type: original.component_type,
            supplier: original.supplier,
            supplier_part_number: original.supplier_part_number,
            supplier_url: original.supplier_url,
            product_url: original.product_url,
            image_url: original.image_url,
            emoji: original.emoji,
            properties: original.properties,
            category_ids: category_ids(work, &self.id).await?,
            tag_ids: tag_ids(work, &self.id).await?,
            project_ids: Vec::new(),
            low_stock_limit: limit_of(work, &self.id).await?,
        };
        work.call(&new).await
    }
}

/// Returns the first name of the form `name (copy)`, `name (copy 2)`, … that is free.
async fn free_name(read: &Read, name: &str) -> Result<String, Error> {
    let mut number = 1u64;
    loop {
        let suffix = if number == 1 { " (copy)".to_owned() } else { format!(" (copy {number})") };
        let kept: String = name.chars().take(MAX_NAME - suffix.len()).collect();
        let candidate = format!("{kept}{suffix}");
        let taken = Entity::find().filter(Column::PartName.eq(&candidate));
        if taken.count(read.db().await?).await? == 0 {
            return Ok(candidate);
        }
        number += 1;
    }
}
