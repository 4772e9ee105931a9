//! Parts, their categories, datasheets and pictures. How many there are, and where, is in `allocations`.

use std::path::{Component, Path};

use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};

use crate::entity::partmodel::{ActiveModel, Column, Entity};
use crate::entity::{categorymodel, datasheets, part_location_allocations, partcategorylink};
use crate::store::insert;
use crate::{Actor, Category, Error, Inventory, Json, categories};

pub use crate::entity::datasheets::Model as Datasheet;
pub use crate::entity::partmodel::Model as Part;

/// Longest name of a part, in characters.
const LONGEST_NAME: usize = 255;
/// Most parts on one page.
const LARGEST_PAGE: u64 = 1000;

/// A part to be created.
#[derive(Clone, Debug, Default)]
pub struct NewPart {
    /// Unique, 1 to 255 characters.
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
    /// Picture of it.
    pub image_url: Option<String>,
    /// Shown before the name.
    pub emoji: Option<String>,
    /// An object of anything else worth knowing.
    pub additional_properties: serde_json::Map<String, serde_json::Value>,
    /// Ids of the categories it is in.
    pub category_ids: Vec<String>,
}

/// A datasheet to be noted; its file must already be in `static/datasheets`.
#[derive(Clone, Debug, Default)]
pub struct NewDatasheet {
    /// Path of the file below `static/datasheets`.
    pub filename: String,
    /// Path of the file as the original notes it; the filename where there is none.
    pub file_path: Option<String>,
    /// In bytes.
    pub file_size: Option<i64>,
    /// What it is called.
    pub title: Option<String>,
    /// Where it came from.
    pub supplier: Option<String>,
    /// Address it came from.
    pub url: Option<String>,
    /// Whether it is the one to show first.
    pub is_primary: bool,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// What is on the page.
    pub items: Vec<T>,
    /// How many there are on all pages.
    pub total: u64,
}

impl Inventory {
    /// Creates a part, without any stock.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::NotFound`] for a category, [`Error::Invalid`], [`Error::Forbidden`].
    pub async fn create_part(&self, actor: &Actor, new: NewPart) -> Result<Part, Error> {
        actor.require("parts:create")?;
        if new.name.trim().is_empty() || new.name.chars().count() > LONGEST_NAME {
            return Err(Error::invalid("part name", format!("it must have 1 to {LONGEST_NAME} characters")));
        }
        let transaction = self.write().await?;
        if Entity::find().filter(Column::PartName.eq(&new.name)).one(&transaction).await?.is_some() {
            return Err(Error::already_exists("part", &new.name));
        }
        let now = self.now();
        let part = Part {
            id: self.new_id(),
            part_name: new.name,
            part_number: new.number,
            description: new.description,
            manufacturer: new.manufacturer,
            manufacturer_part_number: new.manufacturer_part_number,
            component_type: new.component_type,
            supplier: new.supplier,
            supplier_part_number: new.supplier_part_number,
            supplier_url: new.supplier_url,
            product_url: new.product_url,
            image_url: new.image_url,
            emoji: new.emoji,
            additional_properties: Json(new.additional_properties.into()),
            created_at: now,
            updated_at: now,
        };
        let part = insert(&transaction, part).await?;
        let mut category_ids = new.category_ids;
        category_ids.sort();
        category_ids.dedup();
        for category_id in category_ids {
            categories::find(&transaction, &category_id).await?;
            insert(&transaction, partcategorylink::Model { part_id: part.id.clone(), category_id }).await?;
        }
        transaction.commit().await?;
        Ok(part)
    }

    /// The part with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn part(&self, actor: &Actor, id: &str) -> Result<Part, Error> {
        actor.require("parts:read")?;
        find(&self.read().await?, id).await
    }

    /// The part with this name.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn part_by_name(&self, actor: &Actor, name: &str) -> Result<Part, Error> {
        self.part_by(actor, Column::PartName, name).await
    }

    /// The part with this number; the first by name where several have it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn part_by_number(&self, actor: &Actor, number: &str) -> Result<Part, Error> {
        self.part_by(actor, Column::PartNumber, number).await
    }

    async fn part_by(&self, actor: &Actor, column: Column, value: &str) -> Result<Part, Error> {
        actor.require("parts:read")?;
        let query = Entity::find().filter(column.eq(value)).order_by_asc(Column::PartName);
        query.one(&self.read().await?).await?.ok_or_else(|| Error::not_found("part", value))
    }

    /// A page of the parts, by name. Pages are counted from 1 and hold 1 to 1000 parts.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a page outside of that, [`Error::Forbidden`].
    pub async fn parts(&self, actor: &Actor, page: u64, page_size: u64) -> Result<Page<Part>, Error> {
        actor.require("parts:read")?;
        if page == 0 {
            return Err(Error::invalid("page", "pages are counted from 1"));
        }
        if !(1..=LARGEST_PAGE).contains(&page_size) {
            return Err(Error::invalid("page size", format!("it must be 1 to {LARGEST_PAGE}")));
        }
        let before = page_size.checked_mul(page - 1).filter(|before| i64::try_from(*before).is_ok());
        let Some(before) = before else { return Err(Error::invalid("page", "it is too large")) };
        let transaction = self.read().await?;
        let total = Entity::find().count(&transaction).await?;
        let query = Entity::find().order_by_asc(Column::PartName).order_by_asc(Column::Id);
        Ok(Page { items: query.offset(before).limit(page_size).all(&transaction).await?, total })
    }

    /// The categories a part is in, by name.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn part_categories(&self, actor: &Actor, part_id: &str) -> Result<Vec<Category>, Error> {
        actor.require("parts:read")?;
        let transaction = self.read().await?;
        find(&transaction, part_id).await?;
        let of_part = partcategorylink::Column::PartId.eq(part_id);
        let links = partcategorylink::Entity::find().filter(of_part).all(&transaction).await?;
        let linked = categorymodel::Column::Id.is_in(links.into_iter().map(|link| link.category_id));
        let query = categorymodel::Entity::find().filter(linked).order_by_asc(categorymodel::Column::Name);
        Ok(query.all(&transaction).await?)
    }

    /// How many of a part there are, over all locations.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn total_quantity(&self, actor: &Actor, part_id: &str) -> Result<i64, Error> {
        actor.require("parts:read")?;
        let transaction = self.read().await?;
        find(&transaction, part_id).await?;
        let of_part = part_location_allocations::Column::PartId.eq(part_id);
        let allocations = part_location_allocations::Entity::find().filter(of_part).all(&transaction).await?;
        Ok(allocations
            .iter()
            .fold(0, |sum: i64, allocation| sum.saturating_add(allocation.quantity_at_location)))
    }

    /// Notes a datasheet of a part.
    ///
    /// # Errors
    /// [`Error::NotFound`] for the part, [`Error::Invalid`] for a filename that leads out of the folder,
    /// [`Error::Forbidden`].
    pub async fn add_datasheet(
        &self,
        actor: &Actor,
        part_id: &str,
        new: NewDatasheet,
    ) -> Result<Datasheet, Error> {
        actor.require("parts:update")?;
        let inside = Path::new(&new.filename).components().all(|part| matches!(part, Component::Normal(_)));
        if new.filename.is_empty() || !inside || new.filename.contains(['\\', '\0']) {
            return Err(Error::invalid(
                "datasheet filename",
                "it must be a path below the datasheets folder",
            ));
        }
        let transaction = self.write().await?;
        find(&transaction, part_id).await?;
        let now = self.now();
        let datasheet = Datasheet {
            id: self.new_id(),
            part_id: part_id.to_owned(),
            file_path: new.file_path.unwrap_or_else(|| new.filename.clone()),
            filename: new.filename,
            file_size: new.file_size,
            file_type: "pdf".to_owned(),
            title: new.title,
            supplier: new.supplier,
            url: new.url,
            download_date: now,
            is_primary: new.is_primary,
            is_active: true,
            created_at: now,
        };
        let datasheet = insert(&transaction, datasheet).await?;
        transaction.commit().await?;
        Ok(datasheet)
    }

    /// The datasheets of a part, oldest first.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn part_datasheets(&self, actor: &Actor, part_id: &str) -> Result<Vec<Datasheet>, Error> {
        actor.require("parts:read")?;
        let transaction = self.read().await?;
        find(&transaction, part_id).await?;
        let of_part = datasheets::Entity::find().filter(datasheets::Column::PartId.eq(part_id));
        let query = of_part.order_by_asc(datasheets::Column::CreatedAt).order_by_asc(datasheets::Column::Id);
        Ok(query.all(&transaction).await?)
    }

    /// Gives a part a picture, or takes it away.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn set_image_url(
        &self,
        actor: &Actor,
        part_id: &str,
        image_url: Option<&str>,
    ) -> Result<Part, Error> {
        actor.require("parts:update")?;
        let transaction = self.write().await?;
        find(&transaction, part_id).await?;
        let change = ActiveModel {
            id: ActiveValue::Unchanged(part_id.to_owned()),
            image_url: ActiveValue::Set(image_url.map(str::to_owned)),
            updated_at: ActiveValue::Set(self.now()),
            ..Default::default()
        };
        let part = change.update(&transaction).await?;
        transaction.commit().await?;
        Ok(part)
    }
}

pub(crate) async fn find(transaction: &DatabaseTransaction, id: &str) -> Result<Part, Error> {
    Entity::find_by_id(id).one(transaction).await?.ok_or_else(|| Error::not_found("part", id))
}
