//! The page of a part.

use std::collections::HashMap;
use std::fmt::Write as _;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use inventory::activity_log::{Activity, ActivityFilter, ListActivity};
use inventory::list::{ListQuery, PageNumber, Paging};
use inventory::locations::GetLocationNames;
use inventory::stock::{ListMovements, Movement, MovementFilter};
use inventory::{Error, Permission};
use serde::Deserialize;

use super::activity::changed_fields;
use super::address::Address;
use super::error::PageError;
use super::flash::Flash;
use super::form::go_to;
use super::frame::{Frame, Section, encoded, render};
use super::listed::{Mark, Picture};
use super::part::{Drawer, Step};
use super::visitor::Visitor;
use super::words::{When, grouped};
use crate::api::part_list::{PartParams, find};
use crate::app::App;
use crate::call::{ListParams, Params, PathId};

/// The number of movements and changes that the page shows at first.
const HISTORY: u64 = 20;
/// The largest number of movements or changes that the page shows.
const MAX_HISTORY: u64 = 1000;

/// Returns the routes of this page.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/parts/{id}", get(page)).route("/parts/at", get(at))
}

/// What the page shows below the stock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tab {
    #[default]
    Datasheets,
    Stock,
    Changes,
}

/// The address of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PartQuery {
    tab: Option<Tab>,
    /// The position in the list that the visitor comes from.
    at: Option<u64>,
    /// The number of rows of the history.
    rows: Option<u64>,
    /// The datasheet to show.
    sheet: Option<String>,
}

#[derive(Template)]
#[template(path = "part.html")]
struct PartPage {
    frame: Frame,
    part: Drawer,
    tab: Tab,
    tabs: [(Tab, &'static str, String); 3],
    movements: Vec<MovementRow>,
    chart: Option<Chart>,
    changes: Vec<ChangeRow>,
    /// The address of a longer history.
    older: Option<String>,
    sheet: Option<String>,
    previous: Option<String>,
    next: Option<String>,
    form_key: String,
}

/// A movement in the history of stock.
struct MovementRow {
    step: Step,
    after: String,
    place: String,
}

/// A change in the history of edits.
struct ChangeRow {
    what: String,
    fields: Vec<(String, String, String)>,
    by: String,
    when: When,
}

/// The stock over the last movements, as a line in a picture of 600 × 100.
struct Chart {
    line: String,
    area: String,
    max: String,
    limit: Option<f64>,
}

/// Shows the page.
async fn page(
    State(app): State<App>,
    visitor: Visitor,
    PathId(id): PathId,
    Query(query): Query<PartQuery>,
) -> Result<Response, PageError> {
    let address = Address::parse(&visitor.target);
    let list = address.without("tab").without("rows").without("sheet");
    let at = |at: u64| list.at("/parts/at").with("at", at).to_string();
    let previous = query.at.filter(|&here| here > 1).map(|here| at(here - 1));
    let next = query.at.map(|here| at(here + 1));
    let part = Drawer::load(&app, &visitor, &id, &list, None, (None, None)).await?;
    let part = part.ok_or_else(|| Error::NotFound { what: "part", id: id.clone() })?;
    let tab = query.tab.unwrap_or(if part.datasheets.is_empty() { Tab::Stock } else { Tab::Datasheets });
    let size = query.rows.unwrap_or(HISTORY).clamp(1, MAX_HISTORY);
    let (mut movements, mut changes, mut chart, mut total) = (Vec::new(), Vec::new(), None, 0);
    match tab {
        Tab::Stock => (movements, chart, total) = history(&app, &visitor, &part, size).await?,
        Tab::Changes => (changes, total) = edits(&app, &visitor, &id, size).await?,
        Tab::Datasheets => {}
    }
    let longer =
        (total > size && size < MAX_HISTORY).then(|| address.with("rows", (size * 5).min(MAX_HISTORY)));
    let tabs = [
        (Tab::Datasheets, "Datasheets", "datasheets"),
        (Tab::Stock, "Stock history", "stock"),
        (Tab::Changes, "Changes", "changes"),
    ];
    let tabs = tabs.map(|(tab, name, key)| (tab, name, address.without("rows").with("tab", key).to_string()));
    let sheet = query.sheet.or_else(|| part.datasheets.first().map(|sheet| sheet.id.clone()));
    let sheet = part
        .datasheets
        .iter()
        .find(|known| sheet.as_deref() == Some(&*known.id))
        .map(|sheet| sheet.link.clone());
    Ok(render(&PartPage {
        frame: Frame::new(&app, &visitor, Section::Parts, part.name.clone()).await?,
        older: longer.map(|address| address.to_string()),
        form_key: app.ambient.uuid().to_string(),
        part,
        tab,
        tabs,
        movements,
        chart,
        changes,
        sheet,
        previous,
        next,
    }))
}

/// Reads the newest movements of a part, and their number.
async fn history(
    app: &App,
    visitor: &Visitor,
    part: &Drawer,
    size: u64,
) -> Result<(Vec<MovementRow>, Option<Chart>, u64), PageError> {
    let filter = MovementFilter { part_id: Some(part.id.clone()), ..MovementFilter::default() };
    let paging = Paging::Number(PageNumber { number: 1, size });
    let query = ListQuery { filter, descending: true, paging, ..ListQuery::default() };
    let page = app.query(&visitor.caller, ListMovements(query)).await?;
    let ends = |movement: &Movement| {
        movement.from.iter().chain(&movement.to).map(|end| end.location_id.clone()).collect::<Vec<_>>()
    };
    let mut ids: Vec<String> = page.items.iter().flat_map(ends).collect();
    ids.sort();
    ids.dedup();
    let mut names = HashMap::new();
    if visitor.may(Permission::LocationsRead) {
        for ids in ids.chunks(500) {
            names.extend(app.query(&visitor.caller, GetLocationNames(ids.to_vec())).await?);
        }
    }
    let name =
        |id: &str| names.get(id).map_or("a place that is gone".to_owned(), |path: &Vec<String>| short(path));
    let now = app.ambient.utc();
    let mut total = part.stock.quantity;
    let mut totals = vec![total];
    let mut rows = Vec::new();
    for movement in &page.items {
        let place = match (&movement.from, &movement.to) {
            (Some(from), Some(to)) => format!("{} → {}", name(&from.location_id), name(&to.location_id)),
            (Some(end), None) | (None, Some(end)) => name(&end.location_id),
            (None, None) => String::new(),
        };
        rows.push(MovementRow { step: Step::new(movement, now), after: grouped(total), place });
        let change = |end: &Option<inventory::stock::MovementEnd>| {
            end.as_ref().map_or(0, |end| end.after - end.before)
        };
        total -= change(&movement.from) + change(&movement.to);
        totals.push(total);
    }
    totals.reverse();
    let chart = (totals.len() > 2).then(|| Chart::new(&totals, part.limit));
    Ok((rows, chart, page.total.unwrap_or_default()))
}

/// Returns the last two names of a path.
fn short(path: &[String]) -> String {
    path[path.len().saturating_sub(2)..].join(" › ")
}

impl Chart {
    fn new(totals: &[i64], limit: Option<i64>) -> Self {
        let max = totals.iter().copied().chain(limit).max().unwrap_or_default().max(1);
        let y = |quantity: i64| 100.0 - quantity.max(0) as f64 / max as f64 * 96.0;
        let step = 600.0 / totals.len() as f64;
        let mut line = String::new();
        for (index, &quantity) in totals.iter().enumerate() {
            let (x, y) = (index as f64 * step, y(quantity));
            // Writing to a text does not fail.
            let _ = if index == 0 { write!(line, "M0 {y:.1}") } else { write!(line, "H{x:.1}V{y:.1}") };
        }
        // The last quantity lasts until now.
        line.push_str("H600");
        let area = format!("{line}V100H0Z");
        Self { line, area, max: grouped(max), limit: limit.map(y) }
    }
}

/// Reads the newest changes of a part, and their number.
async fn edits(
    app: &App,
    visitor: &Visitor,
    id: &str,
    size: u64,
) -> Result<(Vec<ChangeRow>, u64), PageError> {
    let filter = ActivityFilter {
        entity_type: Some("part".to_owned()),
        entity_id: Some(id.to_owned()),
        ..ActivityFilter::default()
    };
    let paging = Paging::Number(PageNumber { number: 1, size });
    let query = ListQuery { filter, descending: true, paging, ..ListQuery::default() };
    let page = app.query(&visitor.caller, ListActivity(query)).await?;
    let now = app.ambient.utc();
    let row = |activity: Activity| ChangeRow {
        what: activity.action,
        fields: changed_fields(&activity.details.0),
        by: activity.username.unwrap_or_default(),
        when: When::new(activity.timestamp.0, now),
    };
    Ok((page.items.into_iter().map(row).collect(), page.total.unwrap_or_default()))
}

/// Leads to the part at a position in a list.
async fn at(
    State(app): State<App>,
    visitor: Visitor,
    Params(params): Params<PartParams>,
    Params(mut list): Params<ListParams>,
    Query(query): Query<PartQuery>,
) -> Result<Response, PageError> {
    let at = query.at.unwrap_or(1).max(1);
    list.only(at);
    let (page, _) = find(&app, &visitor.caller, &params, &list).await?;
    let address = Address::parse(&visitor.target);
    let Some(found) = page.items.into_iter().next() else {
        return Ok(go_to(
            &address.at("/parts").without("at").to_string(),
            &Flash::new("This was the last part of the list"),
        ));
    };
    let page = address.at(&format!("/parts/{}", encoded(&found.part.id)));
    Ok(Redirect::to(&page.to_string()).into_response())
}
