//! Creates and changes a place.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use inventory::Permission;
use inventory::locations::{GetLocation, Location};
use serde::Deserialize;

use super::super::error::PageError;
use super::super::faults::Faults;
use super::super::flash::Flash;
use super::super::form::{Form, go_to};
use super::super::frame::{Frame, Section, encoded, render_with};
use super::super::outline::Kind;
use super::super::picker;
use super::super::visitor::Visitor;
use super::fields::PlaceFields;
use crate::app::App;
use crate::call::{Params, PathId};
use crate::problem::Problem;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/places/new", get(new_page).post(create))
        .route("/places/{id}/edit", get(edit_page).post(update))
}

#[derive(Template)]
#[template(path = "place-form.html")]
struct PlaceFormPage {
    frame: Frame,
    /// The place to change, or `None` for a new one.
    place: Option<Location>,
    is_slot: bool,
    fields: PlaceFields,
    faults: Faults,
}

/// Where the new place stands.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NewParams {
    parent_id: Option<String>,
}

/// Shows the form, with what was typed and what is wrong with it.
async fn show(
    app: &App,
    visitor: &Visitor,
    place: Option<Location>,
    fields: PlaceFields,
    faults: Faults,
) -> Result<Response, PageError> {
    let needed = if place.is_some() { Permission::LocationsUpdate } else { Permission::LocationsCreate };
    visitor.caller.actor.require(needed)?;
    let is_slot = place.as_ref().is_some_and(|place| place.is_slot);
    let title = place.as_ref().map_or("New place".to_owned(), |place| format!("Change {}", place.name));
    let frame = Frame::new(app, visitor, Section::Places, title).await?;
    let status = faults.status();
    Ok(render_with(status, &PlaceFormPage { frame, is_slot, place, fields, faults }))
}

async fn new_page(
    State(app): State<App>,
    visitor: Visitor,
    Params(NewParams { parent_id }): Params<NewParams>,
) -> Result<Response, PageError> {
    let parent = picker::path_of(&app, &visitor, Kind::Places, parent_id.as_deref()).await?;
    let fields = PlaceFields {
        parent_id: parent_id.filter(|_| !parent.is_empty()).unwrap_or_default(),
        parent,
        slots: "none".to_owned(),
        ..PlaceFields::default()
    };
    show(&app, &visitor, None, fields, Faults::default()).await
}

async fn edit_page(
    State(app): State<App>,
    visitor: Visitor,
    PathId(id): PathId,
) -> Result<Response, PageError> {
    let place = app.query(&visitor.caller, GetLocation(id)).await?;
    let parent = picker::path_of(&app, &visitor, Kind::Places, place.parent_id.as_deref()).await?;
    let fields = PlaceFields::of(&place, parent);
    show(&app, &visitor, Some(place), fields, Faults::default()).await
}

/// Returns the id of the typed parent, or adds what is wrong with it.
async fn parent(
    app: &App,
    form: &Form<PlaceFields>,
    faults: &mut Faults,
) -> Result<Option<String>, PageError> {
    let PlaceFields { parent, parent_id, .. } = &form.fields;
    let parent = picker::resolve(app, &form.visitor, Kind::Places, "parent", parent, parent_id).await;
    Ok(faults.take(parent)?.flatten())
}

async fn create(State(app): State<App>, form: Form<PlaceFields>) -> Result<Response, PageError> {
    let mut faults = Faults::default();
    let parent_id = parent(&app, &form, &mut faults).await?;
    let command = form.fields.create(parent_id, &mut faults);
    if !faults.is_empty() {
        return show(&app, &form.visitor, None, form.fields.clone(), faults).await;
    }
    let actor = &form.visitor.caller.actor;
    match app.inventory().await?.run(actor, command).await {
        Ok(place) => {
            let flash = Flash::new(format!("Made the place {}", place.name));
            Ok(go_to(&format!("/places/{}", encoded(&place.id)), &flash))
        }
        Err(error) => {
            let faults = Faults::of(Problem::from(error))?.beside("name", form.fields.name.trim());
            show(&app, &form.visitor, None, form.fields.clone(), faults).await
        }
    }
}

async fn update(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<PlaceFields>,
) -> Result<Response, PageError> {
    let mut faults = Faults::default();
    let place = app.query(&form.visitor.caller, GetLocation(id)).await?;
    let parent_id = parent(&app, &form, &mut faults).await?;
    let command = form.fields.update(&place, parent_id, &mut faults);
    let mut fields = form.fields.clone();
    if faults.is_empty() {
        match form.run(&app, command, |_| Flash::new("Saved")).await {
            Ok(flash) => return Ok(form.go_on(&format!("/places/{}", encoded(&place.id)), &flash)),
            Err(problem) => faults = Faults::of(problem)?.beside("name", fields.name.trim()),
        }
        fields.version = faults.version(&fields.version, &place.version);
    }
    show(&app, &form.visitor, Some(place), fields, faults).await
}
