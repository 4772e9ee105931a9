//! The tree of locations.

use std::collections::HashMap;

use super::{Location, TREE, check_place, describe, describe_one, find};
use crate::db::entity::locationmodel::{Entity, Model};
use crate::fields::{Fields, Problem};
use crate::list::{MAX_PAGE_SIZE, Page, PageNumber};
use crate::tree::TreeNode;
use crate::{Access, Command, Error, Permission, Query, Read, Work};

/// Lists the tree of locations: each location is followed by its descendants, sorted by name. Locations in a cycle, which
/// another program may have created, appear only in [`ListLocations`](super::ListLocations).
#[derive(Clone, Debug, Default)]
pub struct GetLocationTree {
    /// The page.
    pub page: PageNumber,
}

/// Finds a location and its ancestors, from the root down.
#[derive(Clone, Debug)]
pub struct GetLocationPath {
    /// The location.
    pub location_id: String,
}

/// Finds the names of locations and their ancestors, from the root down, by the id of the location. Ids without a location are
/// skipped.
#[derive(Clone, Debug)]
pub struct GetLocationNames(pub Vec<String>);

/// Moves a location with its descendants into another location or to the root.
///
/// Fails with [`Error::Cycle`], and with [`Error::AlreadyExists`] when the new parent contains a location of that name.
#[derive(Clone, Debug)]
pub struct MoveLocation {
    /// The location.
    pub location_id: String,
    /// The new parent, or `None` for the root.
    pub parent_id: Option<String>,
}

impl Query for GetLocationTree {
    const ACCESS: Access = Access::Permission(Permission::LocationsRead);
    type Output = Page<TreeNode<Location>>;

    fn validate(&self, fields: &mut Fields) {
        self.page.validate(fields);
    }

    async fn run(&self, read: &Read) -> Result<Page<TreeNode<Location>>, Error> {
        let page = TREE.page::<Entity>(read, self.page).await?;
        let Page { items, total, next } = page;
        let (depths, rows): (Vec<usize>, Vec<Model>) =
            items.into_iter().map(|node| (node.depth, node.item)).unzip();
        let items = describe(read, rows).await?.into_iter().zip(depths);
        let items = items.map(|(item, depth)| TreeNode { depth, item }).collect();
        Ok(Page { items, total, next })
    }
}

impl Query for GetLocationPath {
    const ACCESS: Access = Access::Permission(Permission::LocationsRead);
    type Output = Vec<Location>;

    async fn run(&self, read: &Read) -> Result<Vec<Location>, Error> {
        let path = TREE.path::<Entity>(read, &self.location_id).await?;
        describe(read, path).await
    }
}

impl Query for GetLocationNames {
    const ACCESS: Access = Access::Permission(Permission::LocationsRead);
    type Output = HashMap<String, Vec<String>>;

    fn validate(&self, fields: &mut Fields) {
        fields.items("ids", &self.0, usize::try_from(MAX_PAGE_SIZE).unwrap_or(usize::MAX));
    }

    async fn run(&self, read: &Read) -> Result<HashMap<String, Vec<String>>, Error> {
        TREE.names(read, &self.0).await
    }
}

impl Command for MoveLocation {
    const ACCESS: Access = Access::Permission(Permission::LocationsUpdate);
    type Output = Location;

    async fn run(&self, work: &mut Work) -> Result<Location, Error> {
        let before = find(work, &self.location_id).await?;
        let name = before.name.as_deref().unwrap_or_default();
        check_move(&before, self.parent_id.as_deref())?;
        check_place(work, &before.id, name, self.parent_id.as_deref()).await?;
        let after = Model { parent_id: self.parent_id.clone(), ..before.clone() };
        let after = work.update(&before, after).await?;
        describe_one(work, after).await
    }
}

/// Refuses to take a slot out of its container.
pub(super) fn check_move(location: &Model, parent: Option<&str>) -> Result<(), Error> {
    if location.is_auto_generated_slot && location.parent_id.as_deref() != parent {
        return Err(Error::invalid("parent_id", Problem::FixedSlot));
    }
    Ok(())
}
