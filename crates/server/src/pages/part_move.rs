//! Moves the stock of a part from one place to another.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use inventory::parts::{GetListedParts, ListedPart};
use inventory::stock::TransferStock;
use inventory::{Error, Permission};
use serde::Deserialize;

use super::error::PageError;
use super::faults::Faults;
use super::flash::{Flash, Undo};
use super::form::{Form, is_local};
use super::frame::{Frame, Section, encoded, render_with};
use super::listed::Place;
use super::outline::Kind;
use super::picker;
use super::visitor::Visitor;
use super::words::{given, grouped, whole_number};
use crate::app::App;
use crate::call::{Params, PathId};
use crate::problem::Problem;

/// Returns the routes of this page.
pub(super) fn routes() -> Router<App> {
    let page = get(page).post(submit);
    Router::new().route("/parts/{id}/move", page.clone()).route("/parts/{id}/stock/move", page)
}

#[derive(Template)]
#[template(path = "part-move.html")]
struct MovePage {
    frame: Frame,
    id: String,
    name: String,
    places: Vec<Place>,
    form: MoveForm,
    faults: Faults,
}

/// What moves where.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MoveForm {
    from_location_id: String,
    /// The path of the target, as typed.
    to: String,
    to_id: String,
    /// The quantity. Empty for all that is there.
    quantity: String,
    reason: String,
    back: String,
}

/// Which place the page begins with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MoveParams {
    from: String,
    back: String,
}

async fn page(
    State(app): State<App>,
    visitor: Visitor,
    PathId(id): PathId,
    Params(params): Params<MoveParams>,
) -> Result<Response, PageError> {
    let back = Some(params.back).filter(|back| is_local(back)).unwrap_or_default();
    let form = MoveForm { from_location_id: params.from, back, ..MoveForm::default() };
    let part = find(&app, &visitor, id).await?;
    show(&app, &visitor, part, form, Faults::default()).await
}

async fn find(app: &App, visitor: &Visitor, id: String) -> Result<ListedPart, PageError> {
    let listed = app.query(&visitor.caller, GetListedParts(vec![id.clone()])).await?;
    Ok(listed.into_iter().next().ok_or(Error::NotFound { what: "part", id })?)
}

/// Shows the form, with what was typed and what is wrong with it.
async fn show(
    app: &App,
    visitor: &Visitor,
    listed: ListedPart,
    form: MoveForm,
    faults: Faults,
) -> Result<Response, PageError> {
    visitor.caller.actor.require(Permission::PartsUpdate)?;
    let status = faults.status();
    let name = listed.part.name.clone();
    let frame = Frame::new(app, visitor, Section::Parts, format!("Move {name}")).await?;
    let places = listed.places.iter().map(Place::new).collect();
    Ok(render_with(status, &MovePage { frame, id: listed.part.id, name, places, form, faults }))
}

async fn submit(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<MoveForm>,
) -> Result<Response, PageError> {
    let part = find(&app, &form.visitor, id).await?;
    match transfer(&app, &part, &form).await {
        Ok(flash) => Ok(form.go_on(&format!("/parts/{}", encoded(&part.part.id)), &flash)),
        Err(problem) => {
            let faults = Faults::of(problem)?;
            show(&app, &form.visitor, part, form.fields.clone(), faults).await
        }
    }
}

/// Moves the stock.
async fn transfer(app: &App, part: &ListedPart, form: &Form<MoveForm>) -> Result<Flash, Problem> {
    let MoveForm { from_location_id, to, to_id, quantity, reason, .. } = &form.fields;
    let visitor = &form.visitor;
    let target = picker::resolve(app, visitor, Kind::Places, "to", to, to_id).await?;
    let to_location_id = target.ok_or_else(|| Problem::invalid_field("to", "is required"))?;
    let from = part.places.iter().find(|place| place.location_id == *from_location_id);
    let quantity = match quantity.trim() {
        "" => from.map_or(1, |from| from.quantity),
        typed => {
            whole_number(typed).ok_or_else(|| Problem::invalid_field("quantity", "must be a whole number"))?
        }
    };
    let command = TransferStock {
        part_id: part.part.id.clone(),
        from_location_id: from_location_id.clone(),
        to_location_id: to_location_id.clone(),
        quantity,
        notes: None,
        reason: given(reason),
    };
    let to = picker::path_of(app, visitor, Kind::Places, Some(&to_location_id)).await?;
    let from = from.map(|from| from.path.join(" › ")).unwrap_or_default();
    let name = &part.part.name;
    let said = |done: &inventory::stock::Transfer| {
        let movement = &done.movement;
        let undo = Undo::Movement { part_id: movement.part_id.clone(), movement_id: movement.id.clone() };
        let quantity = grouped(movement.quantity);
        Flash::new(format!("Moved {quantity} × {name} from {} to {}", last(&from), last(&to))).undo(undo)
    };
    form.run(app, command, said).await
}

/// Returns the last step of a path.
fn last(path: &str) -> &str {
    path.rsplit(" › ").next().unwrap_or(path)
}
