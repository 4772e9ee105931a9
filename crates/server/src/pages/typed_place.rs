//! Places by what somebody types.

use inventory::list::{ListQuery, PageNumber, Paging};
use inventory::locations::{ListLocations, LocationFilter};

use super::visitor::Visitor;
use crate::app::App;
use crate::problem::Problem;

/// Returns the id of the place that somebody has chosen or typed, or why there is none. Returns `None` if nothing was typed.
pub(super) async fn resolve(
    app: &App,
    visitor: &Visitor,
    id: &str,
    text: &str,
) -> Result<Result<Option<String>, String>, Problem> {
    if !id.is_empty() {
        return Ok(Ok(Some(id.to_owned())));
    }
    let name = text.rsplit(['›', '>', '/']).next().unwrap_or_default().trim();
    if name.is_empty() {
        return Ok(Ok(None));
    }
    let filter = LocationFilter { text: Some(name.to_owned()), ..LocationFilter::default() };
    let paging = Paging::Number(PageNumber { number: 1, size: 100 });
    let found = app
        .query(&visitor.caller, ListLocations(ListQuery { filter, paging, ..ListQuery::default() }))
        .await?;
    let mut exact = found.items.into_iter().filter(|place| place.name.to_lowercase() == name.to_lowercase());
    match (exact.next(), exact.next()) {
        (Some(place), None) => Ok(Ok(Some(place.id))),
        (None, _) => Ok(Err(format!("there is no place “{name}”"))),
        (Some(_), Some(_)) => Ok(Err(format!("there are several places “{name}”"))),
    }
}
