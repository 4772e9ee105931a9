//! Creates a location.

use super::{Location, MAX_NAME, SLOT, Slots, check_place, describe_one};
use crate::db::entity::locationmodel::Model;
use crate::fields::{Fields, MAX_TEXT};
use crate::{Access, Command, Error, Json, Permission, Work};

/// Creates a location, which may be a container with slots.
///
/// Fails with [`Error::AlreadyExists`] when the parent, or the root, contains a location of that name, and with
/// [`Error::NotFound`] when the parent does not exist.
#[derive(Clone, Debug)]
pub struct CreateLocation {
    /// Unique among the locations with the same parent, 1 to 255 characters.
    pub name: String,
    /// The description.
    pub description: Option<String>,
    /// The parent location.
    pub parent_id: Option<String>,
    /// The type, `standard` by default. A location of the type [`SINGLE_PART`](crate::locations::SINGLE_PART) refuses a
    /// second part.
    pub location_type: String,
    /// The address of an image.
    pub image_url: Option<String>,
    /// An emoji, shown before the name.
    pub emoji: Option<String>,
    /// Whether the location is carried around, like a cassette.
    pub is_mobile: bool,
    /// The number of pieces that fit in, at least 1.
    pub capacity: Option<i64>,
    /// The slots to create in the location.
    pub slots: Option<Slots>,
}

impl Default for CreateLocation {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: None,
            parent_id: None,
            location_type: "standard".to_owned(),
            image_url: None,
            emoji: None,
            is_mobile: false,
            capacity: None,
            slots: None,
        }
    }
}

impl Command for CreateLocation {
    const ACCESS: Access = Access::Permission(Permission::LocationsCreate);
    type Output = Location;

    fn validate(&self, fields: &mut Fields) {
        fields.name("name", &self.name, MAX_NAME);
        fields.name("location_type", &self.location_type, MAX_NAME);
        fields.text("description", self.description.as_deref(), MAX_TEXT);
        fields.text("image_url", self.image_url.as_deref(), MAX_TEXT);
        fields.text("emoji", self.emoji.as_deref(), MAX_NAME);
        fields.number("capacity", self.capacity.unwrap_or(1), 1..=i64::MAX);
        if let Some(slots) = &self.slots {
            slots.validate(fields);
        }
    }

    async fn run(&self, work: &mut Work) -> Result<Location, Error> {
        let id = work.new_id();
        check_place(work, &id, &self.name, self.parent_id.as_deref()).await?;
        let new = Model {
            description: self.description.clone(),
            location_type: self.location_type.clone(),
            image_url: self.image_url.clone(),
            emoji: self.emoji.clone(),
            is_mobile: self.is_mobile,
            container_capacity: self.capacity,
            ..plain(id, self.name.clone(), self.parent_id.clone())
        };
        let Some(slots) = &self.slots else {
            let row = work.insert(new).await?;
            return describe_one(work, row).await;
        };
        let container = work.insert(slots.container(new)).await?;
        for slot in slots.each() {
            let row = Model {
                location_type: SLOT.to_owned(),
                is_auto_generated_slot: true,
                slot_number: Some(slot.number),
                slot_metadata: slot.metadata,
                ..plain(work.new_id(), slot.name, Some(container.id.clone()))
            };
            work.insert(row).await?;
        }
        describe_one(work, container).await
    }
}

/// Returns the row of a location without any properties.
fn plain(id: String, name: String, parent_id: Option<String>) -> Model {
    Model {
        id,
        name: Some(name),
        description: None,
        parent_id,
        location_type: "standard".to_owned(),
        image_url: None,
        emoji: None,
        is_mobile: false,
        container_capacity: None,
        slot_count: None,
        slot_naming_pattern: Some(Slots::LINEAR_PATTERN.to_owned()),
        slot_layout_type: Some(Slots::LINEAR.to_owned()),
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
    }
}
