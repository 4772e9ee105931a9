//! Changes a location.

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::tree::check_move;
use super::{Location, MAX_NAME, SINGLE_PART, check_place, describe_one, find};
use crate::change::Change;
use crate::db::entity::locationmodel::Model;
use crate::db::entity::part_location_allocations;
use crate::fields::{Fields, MAX_TEXT};
use crate::{Access, Command, Error, Permission, Work};

/// Changes a location. A new parent moves the location with everything in it.
///
/// Fails with [`Error::Changed`] when the location no longer has the expected version, with [`Error::AlreadyExists`] when the
/// parent contains a location of that name, with [`Error::Cycle`], and with [`Error::LocationTaken`] when a location of
/// several parts becomes one for a single part.
#[derive(Clone, Debug, Default)]
pub struct UpdateLocation {
    /// The location.
    pub id: String,
    /// The version that the change is based on. `None` changes any version.
    pub version: Option<String>,
    /// The name: unique among the locations with the same parent, 1 to 255 characters.
    pub name: Change<String>,
    /// The description.
    pub description: Change<Option<String>>,
    /// The parent location, or `None` for the root.
    pub parent_id: Change<Option<String>>,
    /// The type.
    pub location_type: Change<String>,
    /// The address of an image.
    pub image_url: Change<Option<String>>,
    /// An emoji, shown before the name.
    pub emoji: Change<Option<String>>,
    /// Whether the location is carried around, like a cassette.
    pub is_mobile: Change<bool>,
    /// The number of pieces that fit in, at least 1.
    pub capacity: Change<Option<i64>>,
}

impl Command for UpdateLocation {
    const ACCESS: Access = Access::Permission(Permission::LocationsUpdate);
    type Output = Location;

    fn validate(&self, fields: &mut Fields) {
        for (field, value) in [("name", &self.name), ("location_type", &self.location_type)] {
            if let Change::Set(value) = value {
                fields.name(field, value, MAX_NAME);
            }
        }
        let set = |change: &Change<Option<String>>| change.as_set().cloned().flatten();
        fields.text("description", set(&self.description).as_deref(), MAX_TEXT);
        fields.text("image_url", set(&self.image_url).as_deref(), MAX_TEXT);
        fields.text("emoji", set(&self.emoji).as_deref(), MAX_NAME);
        let capacity = self.capacity.as_set().copied().flatten();
        fields.number("capacity", capacity.unwrap_or(1), 1..=i64::MAX);
    }

    async fn run(&self, work: &mut Work) -> Result<Location, Error> {
        let before = find(work, &self.id).await?;
        work.check_version(&before, self.version.as_deref()).await?;
        let old = before.clone();
        let after = Model {
            name: self.name.as_set().cloned().or(old.name),
            description: self.description.clone().or(old.description),
            parent_id: self.parent_id.clone().or(old.parent_id),
            location_type: self.location_type.clone().or(old.location_type),
            image_url: self.image_url.clone().or(old.image_url),
            emoji: self.emoji.clone().or(old.emoji),
            is_mobile: self.is_mobile.clone().or(old.is_mobile),
            container_capacity: self.capacity.clone().or(old.container_capacity),
            ..before.clone()
        };
        let parent = after.parent_id.as_deref();
        check_move(&before, parent)?;
        if after.name != before.name || after.parent_id != before.parent_id {
            check_place(work, &after.id, after.name.as_deref().unwrap_or_default(), parent).await?;
        }
        if after.location_type == SINGLE_PART && before.location_type != SINGLE_PART {
            check_at_most_one_part(work, &after).await?;
        }
        let after = work.update(&before, after).await?;
        describe_one(work, after).await
    }
}

async fn check_at_most_one_part(work: &Work, location: &Model) -> Result<(), Error> {
    use part_location_allocations::{Column, Entity};
    let here = Entity::find().filter(Column::LocationId.eq(&location.id));
    if here.count(work.db().await?).await? > 1 {
        let location = location.name.clone().unwrap_or_else(|| location.id.clone());
        return Err(Error::LocationTaken { location });
    }
    Ok(())
}
