//! The parts in a place, or in the slots of a container.

use std::collections::HashMap;

use inventory::Permission;
use inventory::list::{ListQuery, PageNumber, Paging};
use inventory::locations::Location;
use inventory::parts::GetListedParts;
use inventory::stock::{AllocationFilter, AllocationSort, ListAllocations};

use super::super::address::Address;
use super::super::error::PageError;
use super::super::frame::encoded;
use super::super::listed::{Picture, Place, Stock};
use super::super::visitor::Visitor;
use crate::app::App;

/// The number of rows on a page.
const PAGE: u64 = 200;
/// The number of rows of a container, which is shown whole.
const CONTAINER: u64 = 1000;

/// The parts in a place.
pub(super) struct Contents {
    pub(super) rows: Vec<Content>,
    /// Whether the rows name slots.
    pub(super) has_slots: bool,
    pub(super) may_change: bool,
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
}

/// A part in a place.
pub(super) struct Content {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) number: String,
    pub(super) link: String,
    pub(super) picture: Picture,
    pub(super) stock: Stock,
    /// The place or the slot, with the quantity there.
    pub(super) place: Place,
    /// How full the slot is in per cent.
    pub(super) full: Option<u64>,
}

impl Contents {
    /// Loads the parts in a place. The parameter `page` of the address is the number of the page.
    pub(super) async fn load(
        app: &App,
        visitor: &Visitor,
        location: &Location,
        address: &Address,
    ) -> Result<Self, PageError> {
        let has_slots = location.slots.is_some();
        let id = Some(location.id.clone());
        let (location_id, container_id) = if has_slots { (None, id) } else { (id, None) };
        let filter = AllocationFilter { location_id, container_id, ..AllocationFilter::default() };
        let number = address.get("page").and_then(|page| page.parse().ok()).unwrap_or(1).max(1);
        let size = if has_slots { CONTAINER } else { PAGE };
        let paging = Paging::Number(PageNumber { number, size });
        let sort = AllocationSort::PartName;
        let query = ListQuery { filter, sort, paging, ..ListQuery::default() };
        let page = app.query(&visitor.caller, ListAllocations(query)).await?;
        let total = page.total.unwrap_or_default();
        let mut ids: Vec<String> =
            page.items.iter().map(|placed| placed.allocation.part_id.clone()).collect();
        ids.dedup();
        let listed = app.query(&visitor.caller, GetListedParts(ids)).await?;
        let listed: HashMap<&str, _> = listed.iter().map(|part| (part.part.id.as_str(), part)).collect();
        let row = |placed: &inventory::stock::PlacedAllocation| {
            let allocation = &placed.allocation;
            let part = listed.get(allocation.part_id.as_str())?;
            let place = part.places.iter().find(|place| place.location_id == allocation.location_id)?;
            Some(Content {
                link: format!("/parts/{}", encoded(&part.part.id)),
                picture: Picture::of(part),
                stock: Stock::new(part),
                place: Place::new(place),
                full: None,
                name: part.part.name.clone(),
                number: part
                    .part
                    .number
                    .clone()
                    .or_else(|| part.part.manufacturer_part_number.clone())
                    .unwrap_or_default(),
                id: part.part.id.clone(),
            })
        };
        Ok(Self {
            rows: page.items.iter().filter_map(row).collect(),
            has_slots,
            may_change: visitor.may(Permission::PartsUpdate),
            previous: (number > 1).then(|| address.with("page", number - 1).to_string()),
            next: (number.saturating_mul(size) < total).then(|| address.with("page", number + 1).to_string()),
        })
    }
}
