//! Moves a place or a category with everything in it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use inventory::categories::MoveCategory;
use inventory::locations::MoveLocation;
use inventory::{Error, Permission};
use serde::Deserialize;

use super::error::PageError;
use super::faults::Faults;
use super::flash::{Flash, Moved, Undo};
use super::form::Form;
use super::frame::{Frame, Section, encoded, render_with};
use super::outline::{Kind, Outline};
use super::picker;
use super::visitor::Visitor;
use crate::app::App;
use crate::call::PathId;
use crate::problem::Problem;

/// Returns the routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/places/{id}/move", get(place_page).post(move_place))
        .route("/categories/{id}/move", get(category_page).post(move_category))
}

#[derive(Template)]
#[template(path = "relocate.html")]
struct MovePage {
    frame: Frame,
    kind: Kind,
    thing: Thing,
    form: MoveForm,
    faults: Faults,
}

/// What moves.
struct Thing {
    id: String,
    name: String,
    parent_id: Option<String>,
    /// The names from the root down.
    path: String,
}

/// Where it moves.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct MoveForm {
    /// The path or the id of the new parent. Empty for none.
    to: String,
    to_id: String,
}

async fn place_page(
    State(app): State<App>,
    visitor: Visitor,
    PathId(id): PathId,
) -> Result<Response, PageError> {
    page(&app, &visitor, Kind::Places, id).await
}

async fn category_page(
    State(app): State<App>,
    visitor: Visitor,
    PathId(id): PathId,
) -> Result<Response, PageError> {
    page(&app, &visitor, Kind::Categories, id).await
}

async fn page(app: &App, visitor: &Visitor, kind: Kind, id: String) -> Result<Response, PageError> {
    let thing = find(app, visitor, kind, id).await?;
    show(app, visitor, kind, thing, MoveForm::default(), Faults::default()).await
}

async fn move_place(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<MoveForm>,
) -> Result<Response, PageError> {
    submit(&app, Kind::Places, id, form).await
}

async fn move_category(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<MoveForm>,
) -> Result<Response, PageError> {
    submit(&app, Kind::Categories, id, form).await
}

async fn find(app: &App, visitor: &Visitor, kind: Kind, id: String) -> Result<Thing, PageError> {
    let outline = Outline::load(app, visitor, kind, false).await?;
    let index = outline.index(&id).ok_or(Error::NotFound { what: kind.word(), id })?;
    let item = outline.item(index);
    Ok(Thing {
        id: item.id.clone(),
        name: item.name.clone(),
        parent_id: item.parent_id.clone(),
        path: outline.path_text(index),
    })
}

/// Shows the form, with what was typed and what is wrong with it.
async fn show(
    app: &App,
    visitor: &Visitor,
    kind: Kind,
    thing: Thing,
    form: MoveForm,
    faults: Faults,
) -> Result<Response, PageError> {
    let (section, permission) = match kind {
        Kind::Places => (Section::Places, Permission::LocationsUpdate),
        Kind::Categories => (Section::Categories, Permission::CategoriesUpdate),
    };
    visitor.caller.actor.require(permission)?;
    let status = faults.status();
    let frame = Frame::new(app, visitor, section, format!("Move {}", thing.name)).await?;
    Ok(render_with(status, &MovePage { frame, kind, thing, form, faults }))
}

async fn submit(app: &App, kind: Kind, id: String, form: Form<MoveForm>) -> Result<Response, PageError> {
    let thing = find(app, &form.visitor, kind, id).await?;
    match relocate(app, kind, &thing, &form).await {
        Ok(flash) => Ok(form.go_on(&format!("{}/{}", kind.page(), encoded(&thing.id)), &flash)),
        Err(problem) => {
            let faults = Faults::of(problem)?;
            show(app, &form.visitor, kind, thing, form.fields.clone(), faults).await
        }
    }
}

async fn relocate(app: &App, kind: Kind, thing: &Thing, form: &Form<MoveForm>) -> Result<Flash, Problem> {
    let MoveForm { to, to_id } = &form.fields;
    let parent_id = picker::resolve(app, &form.visitor, kind, "to", to, to_id).await?;
    let target = picker::path_of(app, &form.visitor, kind, parent_id.as_deref()).await?;
    let text = match target.as_str() {
        "" => format!("Moved {} to the top", thing.name),
        target => format!("Moved {} into {target}", thing.name),
    };
    let page = match kind {
        Kind::Places => Moved::Place,
        Kind::Categories => Moved::Category,
    };
    let (id, before) = (thing.id.clone(), thing.parent_id.clone().unwrap_or_default());
    let flash = Flash::new(text).undo(Undo::Move { page, id: id.clone(), parent_id: before });
    match kind {
        Kind::Places => {
            let command = MoveLocation { location_id: id, parent_id };
            form.run(app, command, |_| flash.clone()).await
        }
        Kind::Categories => {
            let command = MoveCategory { category_id: id, parent_id };
            form.run(app, command, |_| flash.clone()).await
        }
    }
}
