//! Changes of many parts at once.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use durable::counted;
use inventory::Permission;
use inventory::bulk::{ChangeParts, ChangedParts, DeleteParts, StockTarget};
use inventory::parts::GetListedParts;
use inventory::stock::{MovementSpan, UndoMovements};
use serde::Deserialize;

use super::confirm::{WORD, is_confirmed};
use super::error::PageError;
use super::faults::Faults;
use super::flash::{Flash, Undo};
use super::form::Form;
use super::frame::{Frame, Section, render_with};
use super::outline::Kind;
use super::picker::choose;
use super::visitor::Visitor;
use super::words::{given, grouped, sentence};
use crate::app::App;
use crate::problem::Problem;

/// Returns the routes of these forms.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/parts/bulk", post(change))
        .route("/parts/bulk/undo", post(undo))
        .route("/parts/bulk/delete", post(delete))
}

/// The selected parts, and what happens to them.
#[derive(Debug, Deserialize)]
struct BulkForm {
    #[serde(default)]
    id: Vec<String>,
    action: Action,
    #[serde(default)]
    location: String,
    #[serde(default)]
    location_id: String,
    #[serde(default)]
    category_id: String,
    #[serde(default)]
    tag: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Move,
    Category,
    Tag,
    Delete,
}

#[derive(Template)]
#[template(path = "parts-delete.html")]
struct DeletePage {
    frame: Frame,
    parts: Vec<(String, String, String)>,
    word: &'static str,
    is_wrong: bool,
    back: String,
}

/// Changes the selected parts.
async fn change(State(app): State<App>, form: Form<BulkForm>) -> Result<Response, PageError> {
    let BulkForm { id: ids, action, .. } = &form.fields;
    if ids.is_empty() {
        return Ok(form.go_on("/parts", &Flash::new("No part was selected")));
    }
    let ids = ids.clone();
    let command = match action {
        Action::Delete => {
            let back = form.next("/parts").to_owned();
            return show_deletion(&app, &form.visitor, ids, back, StatusCode::OK).await;
        }
        Action::Move => moved(&app, &form, ids).await?,
        Action::Category if form.fields.category_id.is_empty() => Err("choose a category".to_owned()),
        Action::Category => Ok(ChangeParts {
            ids,
            add_category_ids: vec![form.fields.category_id.clone()],
            ..ChangeParts::default()
        }),
        Action::Tag => tagged(&form, ids),
    };
    let command = match command {
        Ok(command) => command,
        Err(reason) => return Ok(form.go_on("/parts", &Flash::new(format!("Nothing was changed: {reason}")))),
    };
    let flash = match form.run(&app, command, |done| said(*action, done)).await {
        Ok(flash) => flash,
        Err(problem) => refused(&Faults::of(problem)?),
    };
    Ok(form.go_on("/parts", &flash))
}

/// Says what has happened, and offers to undo it if stock has moved.
fn said(action: Action, done: &ChangedParts) -> Flash {
    let verb = if matches!(action, Action::Move) { "Moved" } else { "Changed" };
    let flash = Flash::new(format!("{verb} {}", counted(done.count, "part")));
    match done.movements.clone() {
        Some(MovementSpan { first, last }) => flash.undo(Undo::Movements { first, last }),
        None => flash,
    }
}

/// Says why nothing has happened.
fn refused(faults: &Faults) -> Flash {
    let why = faults.error("tags").map(|text| text.replacen("This", "The tag", 1));
    let why = why.or_else(|| faults.whole.clone()).unwrap_or_default();
    Flash::new(format!("Nothing was changed. {why}").trim().to_owned())
}

/// The movements to undo.
#[derive(Debug, Deserialize)]
struct UndoForm {
    first: String,
    last: String,
}

/// Undoes a move of many parts.
async fn undo(State(app): State<App>, form: Form<UndoForm>) -> Result<Response, PageError> {
    let UndoForm { first, last } = &form.fields;
    let command = UndoMovements(MovementSpan { first: first.clone(), last: last.clone() });
    let said = |count: &u64| Flash::new(format!("Moved {} back", counted(*count, "part")));
    let flash = match form.run(&app, command, said).await {
        Err(problem) if problem.status() == StatusCode::CONFLICT => {
            let why = sentence(problem.detail());
            Flash::new(format!("This can no longer be undone, and nothing was moved. {why}"))
        }
        flash => flash?,
    };
    Ok(form.go_on("/parts", &flash))
}

async fn moved(
    app: &App,
    form: &Form<BulkForm>,
    ids: Vec<String>,
) -> Result<Result<ChangeParts, String>, Problem> {
    let BulkForm { location, location_id, .. } = &form.fields;
    let to = choose(app, &form.visitor, Kind::Places, location, location_id).await?;
    Ok(to.and_then(|to| to.ok_or_else(|| "say into which place".to_owned())).map(|to_location_id| {
        let target = StockTarget { from_location_id: None, to_location_id, reason: None };
        ChangeParts { ids, move_stock: Some(target), ..ChangeParts::default() }
    }))
}

fn tagged(form: &Form<BulkForm>, ids: Vec<String>) -> Result<ChangeParts, String> {
    let name = given(form.fields.tag.trim().trim_start_matches('#'));
    let name = name.ok_or_else(|| "say which tag".to_owned())?;
    Ok(ChangeParts { ids, add_tag_names: vec![name], ..ChangeParts::default() })
}

async fn show_deletion(
    app: &App,
    visitor: &Visitor,
    ids: Vec<String>,
    back: String,
    status: StatusCode,
) -> Result<Response, PageError> {
    visitor.caller.actor.require(Permission::PartsDelete)?;
    let listed = app.query(&visitor.caller, GetListedParts(ids)).await?;
    let parts = listed.into_iter().map(|listed| (listed.part.id, listed.part.name, grouped(listed.quantity)));
    let parts: Vec<_> = parts.collect();
    let page = DeletePage {
        frame: Frame::new(app, visitor, Section::Parts, format!("Delete {}", counted(parts.len(), "part")))
            .await?,
        parts,
        word: WORD,
        is_wrong: status != StatusCode::OK,
        back,
    };
    Ok(render_with(status, &page))
}

/// The confirmed deletion of parts.
#[derive(Debug, Deserialize)]
struct Deletion {
    #[serde(default)]
    id: Vec<String>,
    #[serde(default)]
    word: String,
}

async fn delete(State(app): State<App>, form: Form<Deletion>) -> Result<Response, PageError> {
    let ids = form.fields.id.clone();
    if !is_confirmed(&form.fields.word) {
        let back = form.next("/parts").to_owned();
        return show_deletion(&app, &form.visitor, ids, back, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    form.visitor.caller.actor.require(Permission::PartsDelete)?;
    let said = |count: &u64| Flash::new(format!("Deleted {}", counted(*count, "part")));
    let flash = form.run(&app, DeleteParts { ids }, said).await?;
    Ok(form.go_on("/parts", &flash))
}
