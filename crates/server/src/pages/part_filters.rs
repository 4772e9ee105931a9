//! The filters of the list of parts: those that are set, and those that are often needed.

use axum::response::{IntoResponse, Redirect, Response};
use inventory::Error;
use inventory::categories::GetCategory;
use inventory::locations::GetLocation;
use inventory::projects::GetProject;
use inventory::tags::GetTag;

use super::address::Address;
use super::error::PageError;
use super::flash::Flash;
use super::form::go_to;
use super::outline::Kind;
use super::picker::choose;
use super::visitor::Visitor;
use super::words::grouped;
use crate::api::part_list::{PartParams, find};
use crate::app::App;
use crate::call::ListParams;

/// A filter that is set, and the address without it.
pub(super) struct Chip {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) without: Address,
}

/// A filter that is often needed.
pub(super) struct Quick {
    pub(super) name: &'static str,
    pub(super) count: Option<String>,
    pub(super) link: Address,
    pub(super) is_set: bool,
}

/// Returns the filters that are set, with the names of what they refer to.
pub(super) async fn chips(
    app: &App,
    visitor: &Visitor,
    params: &PartParams,
    address: &Address,
) -> Result<Vec<Chip>, PageError> {
    let caller = &visitor.caller;
    let mut chips = Vec::new();
    let mut add = |name, parameter, value| {
        chips.push(Chip { name, value, without: address.without(parameter).without("page").without("part") });
    };
    let gone = |error: Error| match error {
        Error::NotFound { .. } => Ok("no longer there".to_owned()),
        error => Err(error),
    };
    let inventory = app.inventory().await?;
    if let Some(id) = &params.location_id {
        let found = inventory.query(&caller.actor, GetLocation(id.clone())).await;
        add("Place", "location_id", found.map(|found| found.name).or_else(gone)?);
    }
    if let Some(id) = &params.category_id {
        let found = inventory.query(&caller.actor, GetCategory(id.clone())).await;
        add("Category", "category_id", found.map(|found| found.name).or_else(gone)?);
    }
    if let Some(id) = &params.tag_id {
        let found = inventory.query(&caller.actor, GetTag(id.clone())).await;
        add("Tag", "tag_id", found.map(|found| found.name).or_else(gone)?);
    }
    if let Some(id) = &params.project_id {
        let found = inventory.query(&caller.actor, GetProject(id.clone())).await;
        add("Project", "project_id", found.map(|found| found.name).or_else(gone)?);
    }
    if let Some(name) = &params.supplier {
        add("Supplier", "supplier", name.clone());
    }
    if let Some(name) = &params.manufacturer {
        add("Manufacturer", "manufacturer", name.clone());
    }
    if let Some(most) = params.max_quantity.filter(|most| *most > 0) {
        add("Stock", "max_quantity", format!("at most {}", grouped(most)));
    }
    Ok(chips)
}

/// Leads to the list of the parts at a place that somebody has typed.
pub(super) async fn place_typed(
    app: &App,
    visitor: &Visitor,
    address: &Address,
    typed: &str,
) -> Result<Response, PageError> {
    let list = address.without("place").without("place_id").without("page");
    match choose(app, visitor, Kind::Places, typed, "").await? {
        Ok(Some(id)) => Ok(Redirect::to(&list.with("location_id", id).to_string()).into_response()),
        Ok(None) => Ok(Redirect::to(&list.to_string()).into_response()),
        Err(reason) => {
            Ok(go_to(&list.to_string(), &Flash::new(format!("The list stays as it was: {reason}"))))
        }
    }
}

/// Returns the filters that are often needed.
pub(super) async fn quick(
    app: &App,
    visitor: &Visitor,
    params: &PartParams,
    address: &Address,
) -> Result<Vec<Quick>, PageError> {
    let only_low = PartParams { low_stock: true, ..PartParams::default() };
    let (low, _) = find(app, &visitor.caller, &only_low, &ListParams::sorted(None, 1)).await?;
    let base = address.without("page").without("page_size");
    let is_out = params.max_quantity == Some(0);
    let toggled =
        |is_set: bool, name, value| if is_set { base.without(name) } else { base.with(name, value) };
    Ok(vec![
        Quick {
            name: "Low",
            count: low.total.map(grouped),
            link: toggled(params.low_stock, "low_stock", "true"),
            is_set: params.low_stock,
        },
        Quick { name: "Out", count: None, link: toggled(is_out, "max_quantity", "0"), is_set: is_out },
    ])
}
