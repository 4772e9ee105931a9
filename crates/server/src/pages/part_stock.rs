//! Changes of stock by forms.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use inventory::Permission;
use inventory::parts::GetPart;
use inventory::stock::{AddStock, CountStock, StockChange, TakeStock, UndoMovement};
use serde::Deserialize;

use super::error::PageError;
use super::faults::Faults;
use super::flash::{Flash, Undo};
use super::form::Form;
use super::frame::encoded;
use super::outline::Kind as Tree;
use super::picker::resolve;
use super::words::{given, grouped, whole_number};
use crate::app::App;
use crate::call::PathId;
use crate::problem::Problem;

/// Returns the routes of these forms.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/parts/{id}/stock", post(change)).route("/parts/{id}/stock/undo", post(undo))
}

/// A change of stock at a place.
#[derive(Debug, Deserialize)]
pub(super) struct StockForm {
    /// `add`, `take` or `count`.
    change: Kind,
    location_id: String,
    /// The counted quantity, or the quantity to add or take.
    #[serde(default)]
    quantity: String,
    #[serde(default)]
    reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// Adds one.
    More,
    /// Takes one.
    Less,
    Add,
    Take,
    Count,
}

/// Changes the stock of a part at a place.
async fn change(
    State(app): State<App>,
    PathId(part_id): PathId,
    form: Form<StockForm>,
) -> Result<Response, PageError> {
    let page = format!("/parts/{}", encoded(&part_id));
    let flash = match changed(&app, part_id, &form).await {
        Ok(flash) => flash,
        Err(problem) => refused(&Faults::of(problem)?),
    };
    Ok(form.go_back(&page, &flash))
}

async fn changed(app: &App, part_id: String, form: &Form<StockForm>) -> Result<Flash, Problem> {
    let StockForm { change, location_id, quantity, reason } = &form.fields;
    let quantity = match change {
        Kind::More | Kind::Less => 1,
        _ => whole_number(quantity)
            .ok_or_else(|| Problem::invalid_field("quantity", "must be a whole number"))?,
    };
    let reason = given(reason);
    let name = app.query(&form.visitor.caller, GetPart(part_id.clone())).await?.name;
    let location_id = location_id.clone();
    match change {
        Kind::More | Kind::Add => {
            let command = AddStock { part_id, location_id, quantity, reason };
            form.run(app, command, |done| said("Added", done, &name)).await
        }
        Kind::Less | Kind::Take => {
            let command = TakeStock { part_id, location_id, quantity, reason };
            form.run(app, command, |done| said("Took", done, &name)).await
        }
        Kind::Count => {
            let command = CountStock { part_id, location_id, quantity, reason };
            form.run(app, command, |done| said("Counted", done, &name)).await
        }
    }
}

/// Says why nothing has happened. The row of a list has no room for it.
fn refused(faults: &Faults) -> Flash {
    let quantity = faults.error("quantity").map(|text| text.replacen("This", "The quantity", 1));
    let why = quantity.or_else(|| faults.whole.clone()).unwrap_or_default();
    Flash::new(format!("Nothing was changed. {why}").trim().to_owned())
}

/// Says what has happened, and offers to undo it.
fn said(verb: &str, done: &StockChange, name: &str) -> Flash {
    let quantity = match verb {
        "Counted" => done.allocation.quantity,
        _ => done.movement.quantity,
    };
    let left = if verb == "Counted" {
        String::new()
    } else {
        format!(", {} left there", grouped(done.allocation.quantity))
    };
    let undo =
        Undo::Movement { part_id: done.movement.part_id.clone(), movement_id: done.movement.id.clone() };
    Flash::new(format!("{verb} {} × {name}{left}", grouped(quantity))).undo(undo)
}

/// The movement to undo.
#[derive(Debug, Deserialize)]
pub(super) struct UndoForm {
    movement_id: String,
}

/// Undoes the last movement of a part.
async fn undo(
    State(app): State<App>,
    PathId(part_id): PathId,
    form: Form<UndoForm>,
) -> Result<Response, PageError> {
    let page = format!("/parts/{}", encoded(&part_id));
    let command = UndoMovement { part_id, movement_id: form.fields.movement_id.clone() };
    let flash = match form.run(&app, command, |_| Flash::new("Undone")).await {
        Err(problem) if problem.status() == axum::http::StatusCode::CONFLICT => {
            Flash::new("The stock has changed since, so this can no longer be undone")
        }
        flash => flash?,
    };
    Ok(form.go_on(&page, &flash))
}

/// Stock to add at a place that somebody names, as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PutForm {
    pub(super) quantity: String,
    pub(super) location: String,
    pub(super) location_id: String,
    pub(super) reason: String,
}

/// Adds stock of a part at a place. Returns what has happened, or what is wrong with the form.
pub(super) async fn put(
    app: &App,
    part_id: &str,
    form: &Form<PutForm>,
) -> Result<Result<Flash, Faults>, PageError> {
    let PutForm { quantity, location, location_id, reason } = &form.fields;
    form.visitor.caller.actor.require(Permission::PartsUpdate)?;
    let mut faults = Faults::default();
    let quantity = faults.number("quantity", quantity);
    let place = resolve(app, &form.visitor, Tree::Places, "location", location, location_id).await;
    let place = place.and_then(|id| id.ok_or_else(|| Problem::invalid_field("location", "is required")));
    let (Some(quantity), Some(location_id)) = (quantity, faults.take(place)?) else { return Ok(Err(faults)) };
    let part_id = part_id.to_owned();
    let name = app.query(&form.visitor.caller, GetPart(part_id.clone())).await?.name;
    let command = AddStock { part_id, location_id, quantity, reason: given(reason) };
    match form.run(app, command, |done| said("Added", done, &name)).await {
        Ok(flash) => Ok(Ok(flash)),
        Err(problem) => Ok(Err(Faults::of(problem)?.renamed("location_id", "location"))),
    }
}
