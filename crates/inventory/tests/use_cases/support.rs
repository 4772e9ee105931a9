//! Shared functions for the tests of use cases.
use inventory::list::ListQuery;
use inventory::locations::{CreateLocation, Location};
use inventory::parts::{CreatePart, Part};
use inventory::stock::{AllocationFilter, CreateAllocation, ListAllocations, PlacedAllocation};
use inventory::{Actor, Error, Inventory, Problem};

pub(crate) const SYSTEM: &Actor = &Actor::System;

pub(crate) async fn part(inventory: &Inventory, name: &str) -> Part {
    let new = CreatePart { name: name.to_owned(), ..CreatePart::default() };
    inventory.run(SYSTEM, new).await.unwrap()
}

pub(crate) async fn location(inventory: &Inventory, name: &str, parent: Option<&Location>) -> Location {
    let parent_id = parent.map(|parent| parent.id.clone());
    let new = CreateLocation { name: name.to_owned(), parent_id, ..CreateLocation::default() };
    inventory.run(SYSTEM, new).await.unwrap()
}

pub(crate) fn stock(part: &Part, location: &Location, quantity: i64) -> CreateAllocation {
    let (part_id, location_id) = (part.id.clone(), location.id.clone());
    CreateAllocation { part_id, location_id, quantity, ..CreateAllocation::default() }
}

/// Returns the allocations of a part, primary storage first.
pub(crate) async fn places_of(inventory: &Inventory, part: &Part) -> Vec<PlacedAllocation> {
    let filter = AllocationFilter { part_id: Some(part.id.clone()), ..AllocationFilter::default() };
    let list = ListAllocations(ListQuery { filter, ..ListQuery::default() });
    inventory.query(SYSTEM, list).await.unwrap().items
}

/// Returns the fields that break rules, each with the rule.
pub(crate) fn problems<T: std::fmt::Debug>(result: Result<T, Error>) -> Vec<(&'static str, Problem)> {
    match result.unwrap_err() {
        Error::Invalid { fields } => fields.into_iter().map(|error| (error.field, error.problem)).collect(),
        error => panic!("{error}"),
    }
}
