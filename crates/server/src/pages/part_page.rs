//! The page of a part.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use inventory::Error;
use serde::Deserialize;

use super::address::Address;
use super::error::PageError;
use super::faults::Faults;
use super::flash::Flash;
use super::form::{Form, go_to};
use super::frame::{Frame, Section, encoded, render_with};
use super::listed::{Mark, Picture};
use super::part::Drawer;
use super::part_history::{ChangeRow, Chart, MovementRow, changes, movements};
use super::part_stock::{PutForm, put};
use super::visitor::Visitor;
use crate::api::part_list::{PartParams, find};
use crate::app::App;
use crate::call::{ListParams, Params, PathId};

/// The number of movements and changes that the page shows at first.
const HISTORY: u64 = 20;
/// The largest number of movements or changes that the page shows.
const MAX_HISTORY: u64 = 1000;

/// Returns the routes of this page.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/parts/{id}", get(page).post(add)).route("/parts/at", get(at))
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
    /// The stock to add, as typed, and what is wrong with it.
    put: PutForm,
    faults: Faults,
    form_key: String,
}

/// Shows the page.
async fn page(
    State(app): State<App>,
    visitor: Visitor,
    PathId(id): PathId,
    Query(query): Query<PartQuery>,
) -> Result<Response, PageError> {
    show(&app, &visitor, &id, query, PutForm::default(), Faults::default()).await
}

/// Adds stock. The form is sent to the address of the page, which shows it again with what is wrong.
async fn add(
    State(app): State<App>,
    PathId(id): PathId,
    Query(query): Query<PartQuery>,
    form: Form<PutForm>,
) -> Result<Response, PageError> {
    match put(&app, &id, &form).await? {
        Ok(flash) => Ok(go_to(&form.visitor.target, &flash)),
        Err(faults) => show(&app, &form.visitor, &id, query, form.fields, faults).await,
    }
}

async fn show(
    app: &App,
    visitor: &Visitor,
    id: &str,
    query: PartQuery,
    put: PutForm,
    faults: Faults,
) -> Result<Response, PageError> {
    let address = Address::parse(&visitor.target);
    let list = address.without("tab").without("rows").without("sheet");
    let at = |at: u64| list.at("/parts/at").with("at", at).to_string();
    let part = Drawer::load(app, visitor, id, &list, None, (None, None)).await?;
    let part = part.ok_or_else(|| Error::NotFound { what: "part", id: id.to_owned() })?;
    let tab = query.tab.unwrap_or(if part.datasheets.is_empty() { Tab::Stock } else { Tab::Datasheets });
    let size = query.rows.unwrap_or(HISTORY).clamp(1, MAX_HISTORY);
    let (mut rows, mut edits, mut chart, mut total) = (Vec::new(), Vec::new(), None, 0);
    match tab {
        Tab::Stock => (rows, chart, total) = movements(app, visitor, &part, size).await?,
        Tab::Changes => (edits, total) = changes(app, visitor, id, size).await?,
        Tab::Datasheets => {}
    }
    let is_longer = total > size && size < MAX_HISTORY;
    let older = is_longer.then(|| address.with("rows", (size * 5).min(MAX_HISTORY)).to_string());
    let page = PartPage {
        frame: Frame::new(app, visitor, Section::Parts, part.name.clone()).await?,
        sheet: sheet(&part, query.sheet.as_deref()),
        previous: query.at.filter(|&here| here > 1).map(|here| at(here - 1)),
        next: query.at.map(|here| at(here + 1)),
        form_key: app.ambient.uuid().to_string(),
        tabs: tabs(&address),
        movements: rows,
        changes: edits,
        part,
        tab,
        chart,
        older,
        put,
        faults,
    };
    Ok(render_with(page.faults.status(), &page))
}

/// Returns the tabs below the stock, with their names and addresses.
fn tabs(address: &Address) -> [(Tab, &'static str, String); 3] {
    let tabs = [
        (Tab::Datasheets, "Datasheets", "datasheets"),
        (Tab::Stock, "Stock history", "stock"),
        (Tab::Changes, "Changes", "changes"),
    ];
    tabs.map(|(tab, name, key)| (tab, name, address.without("rows").with("tab", key).to_string()))
}

/// Returns the address of the chosen datasheet, or else of the first one.
fn sheet(part: &Drawer, chosen: Option<&str>) -> Option<String> {
    let chosen = chosen.or_else(|| part.datasheets.first().map(|sheet| &*sheet.id))?;
    part.datasheets.iter().find(|sheet| sheet.id == chosen).map(|sheet| sheet.link.clone())
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
