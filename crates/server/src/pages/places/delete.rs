//! Deletes a place, after showing what that affects.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use inventory::Permission;
use inventory::deletion::{DeleteLocation, LocationDeletion, PreviewLocationDeletion};
use serde::Deserialize;

use super::super::confirm::is_confirmed;
use super::super::error::PageError;
use super::super::faults::Faults;
use super::super::flash::Flash;
use super::super::form::Form;
use super::super::frame::{Frame, Section, encoded, render_with};
use super::super::outline::Kind;
use super::super::picker;
use super::super::visitor::Visitor;
use super::super::words::{counted, given, grouped};
use crate::app::App;
use crate::call::PathId;
use crate::problem::Problem;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/places/{id}/delete", get(page).post(submit))
}

#[derive(Template)]
#[template(path = "place-delete.html")]
struct DeletePage {
    frame: Frame,
    id: String,
    name: String,
    /// What is deleted as well, and what moves.
    below: Option<String>,
    stock: Option<String>,
    tools: Option<String>,
    form: DeleteForm,
    faults: Faults,
}

/// Where the stock goes, and the word that confirms a deletion of more than one place.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct DeleteForm {
    to: String,
    to_id: String,
    confirm: String,
    version: String,
}

async fn page(State(app): State<App>, visitor: Visitor, PathId(id): PathId) -> Result<Response, PageError> {
    let preview = app.query(&visitor.caller, PreviewLocationDeletion(id)).await?;
    let form = DeleteForm { version: preview.location.version.clone(), ..DeleteForm::default() };
    show(&app, &visitor, preview, form, Faults::default()).await
}

async fn show(
    app: &App,
    visitor: &Visitor,
    preview: LocationDeletion,
    form: DeleteForm,
    faults: Faults,
) -> Result<Response, PageError> {
    visitor.caller.actor.require(Permission::LocationsDelete)?;
    let LocationDeletion { location, below_count, part_count, quantity, tool_count } = preview;
    let frame = Frame::new(app, visitor, Section::Places, format!("Delete {}", location.name)).await?;
    let status = faults.status();
    let stock = || format!("{} of {}", counted_pieces(quantity), counted(part_count, "part"));
    let page = DeletePage {
        frame,
        id: location.id,
        name: location.name,
        below: (below_count > 0).then(|| counted(below_count, "place")),
        stock: (part_count > 0).then(stock),
        tools: (tool_count > 0).then(|| counted(tool_count, "tool")),
        form,
        faults,
    };
    Ok(render_with(status, &page))
}

fn counted_pieces(quantity: i64) -> String {
    match quantity {
        1 => "1 piece".to_owned(),
        many => format!("{} pieces", grouped(many)),
    }
}

async fn submit(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<DeleteForm>,
) -> Result<Response, PageError> {
    let preview = app.query(&form.visitor.caller, PreviewLocationDeletion(id)).await?;
    let page = match &preview.location.parent_id {
        Some(parent) => format!("/places/{}", encoded(parent)),
        None => "/places".to_owned(),
    };
    match delete(&app, &preview, &form).await {
        Ok(flash) => Ok(form.go_on(&page, &flash)),
        Err(problem) => {
            // The use case calls the field by its own name.
            let faults = Faults::of(problem)?.renamed("move_stock_to", "to");
            let version = preview.location.version.clone();
            let fields = DeleteForm { version, ..form.fields.clone() };
            show(&app, &form.visitor, preview, fields, faults).await
        }
    }
}

async fn delete(app: &App, preview: &LocationDeletion, form: &Form<DeleteForm>) -> Result<Flash, Problem> {
    let DeleteForm { to, to_id, confirm, version } = &form.fields;
    let move_stock_to = picker::resolve(app, &form.visitor, Kind::Places, "to", to, to_id).await?;
    if move_stock_to.is_none() && (preview.part_count > 0 || preview.tool_count > 0) {
        return Err(Problem::invalid_field("to", "Say where the stock goes."));
    }
    if preview.below_count > 0 && !is_confirmed(confirm) {
        return Err(Problem::invalid_field("confirm", "Type the word delete."));
    }
    let command = DeleteLocation { id: preview.location.id.clone(), version: given(version), move_stock_to };
    let name = &preview.location.name;
    form.run(app, command, |()| Flash::new(format!("Deleted {name}"))).await
}
