//! Moves a place with everything in it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use inventory::Permission;
use inventory::locations::{GetLocation, Location, MoveLocation};
use serde::Deserialize;

use super::super::error::PageError;
use super::super::flash::{Flash, Moved, Undo};
use super::super::form::Form;
use super::super::frame::{Frame, Section, encoded, render_with};
use super::super::mistakes::Mistakes;
use super::super::outline::Kind;
use super::super::picker;
use super::super::visitor::Visitor;
use crate::app::App;
use crate::call::PathId;
use crate::problem::Problem;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/places/{id}/move", get(page).post(submit))
}

#[derive(Template)]
#[template(path = "tree-move.html")]
struct MovePage {
    frame: Frame,
    kind: Kind,
    id: String,
    name: String,
    /// The path of the place.
    path: String,
    form: MoveForm,
    mistakes: Mistakes,
}

/// Where a place moves.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct MoveForm {
    /// The path or the id of the new parent. Empty for none.
    to: String,
    to_id: String,
}

async fn page(State(app): State<App>, visitor: Visitor, PathId(id): PathId) -> Result<Response, PageError> {
    let place = app.query(&visitor.caller, GetLocation(id)).await?;
    show(&app, &visitor, place, MoveForm::default(), Mistakes::default()).await
}

async fn show(
    app: &App,
    visitor: &Visitor,
    place: Location,
    form: MoveForm,
    mistakes: Mistakes,
) -> Result<Response, PageError> {
    visitor.caller.actor.require(Permission::LocationsUpdate)?;
    let status = if mistakes.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let path = picker::path_of(app, visitor, Kind::Places, Some(&place.id)).await?;
    let frame = Frame::new(app, visitor, Section::Places, format!("Move {}", place.name)).await?;
    let Location { id, name, .. } = place;
    Ok(render_with(status, &MovePage { frame, kind: Kind::Places, id, name, path, form, mistakes }))
}

async fn submit(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<MoveForm>,
) -> Result<Response, PageError> {
    let place = app.query(&form.visitor.caller, GetLocation(id)).await?;
    match relocate(&app, &place, &form).await {
        Ok(flash) => Ok(form.go_on(&format!("/places/{}", encoded(&place.id)), &flash)),
        Err(problem) => {
            let mistakes = Mistakes::of_problem(problem)?;
            show(&app, &form.visitor, place, form.fields.clone(), mistakes).await
        }
    }
}

async fn relocate(app: &App, place: &Location, form: &Form<MoveForm>) -> Result<Flash, Problem> {
    let MoveForm { to, to_id } = &form.fields;
    let parent_id = picker::resolve(app, &form.visitor, Kind::Places, "to", to, to_id).await?;
    let target = picker::path_of(app, &form.visitor, Kind::Places, parent_id.as_deref()).await?;
    let before = place.parent_id.clone().unwrap_or_default();
    let said = |moved: &Location| {
        let text = match target.as_str() {
            "" => format!("Moved {} to the top", moved.name),
            target => format!("Moved {} into {target}", moved.name),
        };
        let undo = Undo::Move { page: Moved::Place, id: moved.id.clone(), parent_id: before.clone() };
        Flash::new(text).undo(undo)
    };
    let command = MoveLocation { location_id: place.id.clone(), parent_id };
    form.run(app, command, said).await
}
