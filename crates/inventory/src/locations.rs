//! Locations: where things lie, from the building down to the slot of a cassette.

use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
};

use crate::entity::locationmodel::{ActiveModel, Column, Entity};
use crate::store::insert;
use crate::tree::{self, Branch, Parents};
use crate::{Actor, Error, Inventory, Json};

pub use crate::entity::locationmodel::Model as Location;

/// The type of a location that holds one part only.
pub const SINGLE_PART: &str = "single_part";

/// A location to be created.
#[derive(Clone, Debug)]
pub struct NewLocation {
    /// Unique among the locations with the same parent.
    pub name: String,
    /// What is there.
    pub description: Option<String>,
    /// The location it is inside of.
    pub parent_id: Option<String>,
    /// `standard` unless told otherwise; [`SINGLE_PART`] refuses a second part.
    pub location_type: String,
    /// Picture of it.
    pub image_url: Option<String>,
    /// Shown before the name.
    pub emoji: Option<String>,
    /// Whether it is carried around, as a cassette is.
    pub is_mobile: bool,
    /// How many pieces fit in, at least 1.
    pub container_capacity: Option<i64>,
}

impl Default for NewLocation {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: None,
            parent_id: None,
            location_type: "standard".to_owned(),
            image_url: None,
            emoji: None,
            is_mobile: false,
            container_capacity: None,
        }
    }
}

impl Inventory {
    /// Creates a location.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] when its parent, or the root, has one of that name, [`Error::NotFound`] for the parent,
    /// [`Error::Invalid`], [`Error::Forbidden`].
    pub async fn create_location(&self, actor: &Actor, new: NewLocation) -> Result<Location, Error> {
        actor.require("locations:create")?;
        if new.name.trim().is_empty() {
            return Err(Error::invalid("location name", "it must not be empty"));
        }
        if new.location_type.trim().is_empty() {
            return Err(Error::invalid("location type", "it must not be empty"));
        }
        if new.container_capacity.is_some_and(|capacity| capacity < 1) {
            return Err(Error::invalid("container capacity", "it must be at least 1"));
        }
        let transaction = self.write().await?;
        let id = self.new_id();
        check_place(&transaction, &id, &new.name, new.parent_id.as_deref()).await?;
        let location = Location {
            id,
            name: Some(new.name),
            description: new.description,
            parent_id: new.parent_id,
            location_type: new.location_type,
            image_url: new.image_url,
            emoji: new.emoji,
            is_mobile: new.is_mobile,
            container_capacity: new.container_capacity,
            slot_count: None,
            slot_naming_pattern: Some("Slot {n}".to_owned()),
            slot_layout_type: Some("simple".to_owned()),
            grid_rows: None,
            grid_columns: None,
            slot_layout: Json::default(),
            is_auto_generated_slot: false,
            slot_number: None,
            slot_metadata: Json::default(),
            is_smart_location: false,
            smart_device_id: None,
            smart_slot_number: None,
            smart_capabilities: Json::default(),
            auto_created: false,
            hidden_by_default: false,
            is_connected: false,
            last_seen: None,
            firmware_version: None,
        };
        let location = insert(&transaction, location).await?;
        transaction.commit().await?;
        Ok(location)
    }

    /// The location with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn location(&self, actor: &Actor, id: &str) -> Result<Location, Error> {
        actor.require("locations:read")?;
        find(&self.read().await?, id).await
    }

    /// All locations, by name.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub async fn locations(&self, actor: &Actor) -> Result<Vec<Location>, Error> {
        actor.require("locations:read")?;
        all(&self.read().await?).await
    }

    /// All locations, each followed by those inside it, by name.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub async fn location_tree(&self, actor: &Actor) -> Result<Vec<Branch<Location>>, Error> {
        actor.require("locations:read")?;
        let all = all(&self.read().await?).await?;
        let parents = parents(&all);
        Ok(tree::arrange(all.into_iter().map(|location| (location.id.clone(), location)).collect(), &parents))
    }

    /// The location and those it is inside of, root first.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn location_path(&self, actor: &Actor, id: &str) -> Result<Vec<Location>, Error> {
        actor.require("locations:read")?;
        let transaction = self.read().await?;
        let parents = parents(&all(&transaction).await?);
        let mut path = Vec::new();
        for id in tree::path(id, &parents) {
            path.push(find(&transaction, &id).await?);
        }
        Ok(path)
    }

    /// Moves a location, with all that is inside it, into another one or to the root.
    ///
    /// # Errors
    /// [`Error::Cycle`], [`Error::AlreadyExists`] when there is one of that name already, [`Error::NotFound`],
    /// [`Error::Invalid`] when nested too deep, [`Error::Forbidden`].
    pub async fn set_location_parent(
        &self,
        actor: &Actor,
        id: &str,
        parent: Option<&str>,
    ) -> Result<Location, Error> {
        actor.require("locations:update")?;
        let transaction = self.write().await?;
        let location = find(&transaction, id).await?;
        check_place(&transaction, id, location.name.as_deref().unwrap_or_default(), parent).await?;
        let parent_id = ActiveValue::Set(parent.map(str::to_owned));
        let id = ActiveValue::Unchanged(id.to_owned());
        let location = ActiveModel { id, parent_id, ..Default::default() }.update(&transaction).await?;
        transaction.commit().await?;
        Ok(location)
    }
}

pub(crate) async fn find(transaction: &DatabaseTransaction, id: &str) -> Result<Location, Error> {
    Entity::find_by_id(id).one(transaction).await?.ok_or_else(|| Error::not_found("location", id))
}

async fn all(transaction: &DatabaseTransaction) -> Result<Vec<Location>, Error> {
    Ok(Entity::find().order_by_asc(Column::Name).order_by_asc(Column::Id).all(transaction).await?)
}

fn parents(locations: &[Location]) -> Parents {
    locations.iter().filter_map(|location| Some((location.id.clone(), location.parent_id.clone()?))).collect()
}

/// Refuses a place where the parent is missing, is the location itself or inside it, or has one of the same name.
async fn check_place(
    transaction: &DatabaseTransaction,
    id: &str,
    name: &str,
    parent: Option<&str>,
) -> Result<(), Error> {
    let beside = match parent {
        Some(parent) => {
            find(transaction, parent).await?;
            tree::check_move("location", id, parent, &parents(&all(transaction).await?))?;
            Column::ParentId.eq(parent)
        }
        None => Column::ParentId.is_null(),
    };
    let same_name = Entity::find()
        .filter(beside)
        .filter(Column::Name.eq(name))
        .filter(Column::IsAutoGeneratedSlot.eq(false));
    if same_name.filter(Column::Id.ne(id)).one(transaction).await?.is_some() {
        return Err(Error::already_exists("location", name));
    }
    Ok(())
}
