//! Places: the tree, and what is in each place.

mod contents;
mod delete;
mod fields;
mod form;
mod grid;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use inventory::Permission;
use inventory::locations::{GetLocation, Location, SINGLE_PART};

use self::contents::Contents;
use self::grid::Grid;
use super::address::Address;
use super::branches::{Branches, Line, branches};
use super::error::PageError;
use super::faults::Faults;
use super::frame::{Frame, Section, render_with};
use super::listed::{Mark, Picture};
use super::outline::{Kind, Outline};
use super::picker::Go;
use super::siblings::Below;
use super::visitor::Visitor;
use super::words::{counted, grouped};
use crate::app::App;
use crate::call::{Params, PathId};

/// Returns the routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/places", get(all))
        .route("/places/go", get(go))
        .route("/places/{id}", get(page))
        .merge(form::routes())
        .merge(delete::routes())
}

#[derive(Template)]
#[template(path = "places.html")]
struct PlacesPage {
    frame: Frame,
    tree: Branches,
    place: Option<PlaceView>,
    below: Below,
    grid: Option<Grid>,
    contents: Option<Contents>,
    /// Whether it is known how much fits into some slot.
    has_full: bool,
    may: May,
}

/// What the visitor may do.
#[derive(Clone, Copy)]
struct May {
    create: bool,
    change: bool,
    delete: bool,
    move_parts: bool,
}

/// A place as its page shows it.
struct PlaceView {
    id: String,
    name: String,
    emoji: Option<String>,
    description: Option<String>,
    /// The links and the names of the places above it.
    above: Vec<(String, String)>,
    /// What is in it, in one line.
    summary: String,
    is_mobile: bool,
    is_single: bool,
    is_slot: bool,
    /// How full it is, such as `12 of 200 pieces`.
    capacity: Option<String>,
}

/// Shows all places.
async fn all(State(app): State<App>, visitor: Visitor) -> Result<Response, PageError> {
    show(&app, &visitor, None, Go::default(), Faults::default()).await
}

/// Shows a place.
async fn page(State(app): State<App>, visitor: Visitor, PathId(id): PathId) -> Result<Response, PageError> {
    show(&app, &visitor, Some(id), Go::default(), Faults::default()).await
}

/// Goes to the place that a text names.
async fn go(State(app): State<App>, visitor: Visitor, Params(go): Params<Go>) -> Result<Response, PageError> {
    match go.follow(&app, &visitor, Kind::Places).await {
        Ok(there) => Ok(there.into_response()),
        Err(problem) => show(&app, &visitor, None, go, Faults::of(problem)?).await,
    }
}

async fn show(
    app: &App,
    visitor: &Visitor,
    id: Option<String>,
    go: Go,
    faults: Faults,
) -> Result<Response, PageError> {
    let outline = Outline::load(app, visitor, Kind::Places, true).await?;
    let location = match id {
        Some(id) => Some(app.query(&visitor.caller, GetLocation(id)).await?),
        None => None,
    };
    let current = location.as_ref().and_then(|location| outline.index(&location.id));
    let address = Address::parse(&visitor.target);
    let mut contents = match &location {
        Some(location) if visitor.may(Permission::PartsRead) => {
            Some(Contents::load(app, visitor, location, &address).await?)
        }
        _ => None,
    };
    let grid = match &location {
        Some(location) => Grid::load(app, visitor, location, contents.as_ref()).await?,
        None => None,
    };
    if let (Some(grid), Some(contents)) = (&grid, &mut contents) {
        grid.arrange_contents(contents);
    }
    let title = location.as_ref().map_or("Places", |location| &location.name);
    let frame = Frame::new(app, visitor, Section::Places, title).await?;
    let may = May {
        create: visitor.may(Permission::LocationsCreate),
        change: visitor.may(Permission::LocationsUpdate),
        delete: visitor.may(Permission::LocationsDelete),
        move_parts: visitor.may(Permission::PartsUpdate),
    };
    let status = faults.status();
    let page = PlacesPage {
        tree: Branches {
            kind: Kind::Places,
            title: "Places",
            lines: branches(&outline, Kind::Places, current, &address),
            has_current: current.is_some(),
            may_create: may.create,
            may_move: may.change,
            go: go.to,
            go_fault: faults.error("to").cloned(),
        },
        below: Below::new(&outline, Kind::Places, current, &address),
        place: location.map(|location| PlaceView::new(location, &outline, current, grid.as_ref())),
        has_full: grid.as_ref().is_some_and(|grid| grid.has_capacity),
        frame,
        grid,
        contents,
        may,
    };
    Ok(render_with(status, &page))
}

impl PlaceView {
    fn new(location: Location, outline: &Outline, index: Option<usize>, grid: Option<&Grid>) -> Self {
        let total = index.map_or(location.part_count, |index| outline.total(index));
        let mut summary = counted(total, "part");
        if let Some(grid) = grid {
            let (slots, free) = (counted(grid.slots as u64, "slot"), grouped(grid.free as u64));
            summary = format!("{summary} in {slots}, {free} free");
        } else if total != location.part_count {
            summary = format!("{summary}, {} right here", grouped(location.part_count));
        }
        let capacity = location.capacity;
        Self {
            above: index.map(|index| outline.above(index, Kind::Places)).unwrap_or_default(),
            summary,
            is_single: location.location_type == SINGLE_PART,
            capacity: capacity
                .map(|most| format!("{} of {} pieces", grouped(location.quantity), grouped(most))),
            id: location.id,
            name: location.name,
            emoji: location.emoji.filter(|emoji| !emoji.is_empty()),
            description: location.description.filter(|text| !text.is_empty()),
            is_mobile: location.is_mobile,
            is_slot: location.is_slot,
        }
    }
}
