//! Deleting a part, after a look at what goes with it.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use inventory::Permission;
use inventory::parts::{DeletePart, PartDeletion, PreviewPartDeletion};

use super::confirm::{self, Confirmation, Deletion};
use super::error::PageError;
use super::faults::Faults;
use super::form::Form;
use super::frame::{Section, encoded};
use super::visitor::Visitor;
use super::words::{counted, grouped};
use crate::app::App;
use crate::call::PathId;
use crate::problem::Problem;

/// Returns the routes of this page.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/parts/{id}/delete", get(ask).post(delete))
}

/// Shows what a deletion would do.
async fn ask(State(app): State<App>, visitor: Visitor, PathId(id): PathId) -> Result<Response, PageError> {
    visitor.caller.actor.require(Permission::PartsDelete)?;
    let deletion = deletion(&app, &visitor, &id).await?;
    confirm::show(&app, &visitor, deletion, Faults::default()).await
}

async fn deletion(app: &App, visitor: &Visitor, id: &str) -> Result<Deletion, Problem> {
    let preview = app.query(&visitor.caller, PreviewPartDeletion(id.to_owned())).await?;
    Ok(Deletion {
        section: Section::Parts,
        what: "part",
        page: format!("/parts/{}", encoded(id)),
        list: ("/parts", "Parts"),
        effects: effects(&preview),
        version: preview.part.part.version,
        name: preview.part.part.name,
    })
}

/// Says what goes with a part, and what stays.
fn effects(preview: &PartDeletion) -> Vec<String> {
    let PartDeletion { part, location_count, datasheet_count, project_count, price_count, order_item_count } =
        preview;
    let mut effects = Vec::new();
    if part.quantity > 0 {
        let places = counted(*location_count, "place");
        effects.push(format!("Its stock is lost: {} in {places}.", grouped(part.quantity)));
    }
    for (count, noun, what) in [
        (*datasheet_count, "datasheet", "deleted as well"),
        (*price_count, "price", "deleted as well"),
        (*project_count, "project", "left without it"),
        (*order_item_count, "order item", "kept"),
    ] {
        let verb = if count == 1 { "is" } else { "are" };
        effects.extend((count > 0).then(|| format!("{} {verb} {what}.", counted(count, noun))));
    }
    effects.push("The history of its stock stays.".to_owned());
    effects
}

/// Deletes a part.
async fn delete(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<Confirmation>,
) -> Result<Response, PageError> {
    form.visitor.caller.actor.require(Permission::PartsDelete)?;
    let deletion = deletion(&app, &form.visitor, &id).await?;
    let command = DeletePart { id, version: form.fields.seen() };
    confirm::delete(&app, &form, deletion, command).await
}
