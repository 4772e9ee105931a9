//! Creates a location.

use super::{Location, check_place};
use crate::db::entity::locationmodel;
use crate::fields::{Fields, MAX_TEXT};
use crate::{Access, Command, Error, Json, Permission, Work};

/// The largest number of characters in the name of a location.
const MAX_NAME: usize = 255;

/// Creates a location.
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
    }

    async fn run(&self, work: &mut Work) -> Result<Location, Error> {
        let id = work.new_id();
        check_place(work, &id, &self.name, self.parent_id.as_deref()).await?;
        let location = locationmodel::Model {
            id,
            name: Some(self.name.clone()),
            description: self.description.clone(),
            parent_id: self.parent_id.clone(),
            location_type: self.location_type.clone(),
            image_url: self.image_url.clone(),
            emoji: self.emoji.clone(),
            is_mobile: self.is_mobile,
            container_capacity: self.capacity,
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
        Ok(work.insert(location).await?.into())
    }
}
