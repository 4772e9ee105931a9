//! The field in which a place or a category is chosen: suggestions for what is typed, and what a sent text means. Without script it is
//! a plain text field.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::get;
use axum::{Json, Router};
use inventory::categories::GetCategoryPath;
use inventory::locations::GetLocationPath;
use serde::{Deserialize, Serialize};

use super::error::PageError;
use super::frame::encoded;
use super::outline::{Kind, Outline, STEP};
use super::visitor::Visitor;
use crate::app::App;
use crate::call::Params;
use crate::problem::Problem;

/// The largest number of suggestions.
const SUGGESTIONS: usize = 20;
/// The largest number of candidates in an error.
const CANDIDATES: usize = 5;

/// Returns the routes of the suggestions.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/places/suggest", get(places)).route("/categories/suggest", get(categories))
}

/// A text that names the place or the category to go to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Go {
    pub(super) to: String,
    to_id: String,
}

impl Go {
    /// Sends the browser to what the text names, or to the list if it is empty.
    pub(super) async fn follow(&self, app: &App, visitor: &Visitor, kind: Kind) -> Result<Redirect, Problem> {
        let id = resolve(app, visitor, kind, "to", &self.to, &self.to_id).await?;
        Ok(match id {
            Some(id) => Redirect::to(&format!("{}/{}", kind.page(), encoded(&id))),
            None => Redirect::to(kind.page()),
        })
    }
}

/// What is typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SuggestParams {
    q: String,
}

/// A suggestion.
#[derive(Debug, Serialize)]
struct Suggestion {
    id: String,
    /// The names from the root down, such as `Workshop › Cabinet 2`.
    path: String,
}

async fn places(
    State(app): State<App>,
    visitor: Visitor,
    Params(params): Params<SuggestParams>,
) -> Result<Json<Vec<Suggestion>>, PageError> {
    suggest(&app, &visitor, Kind::Places, &params.q).await
}

async fn categories(
    State(app): State<App>,
    visitor: Visitor,
    Params(params): Params<SuggestParams>,
) -> Result<Json<Vec<Suggestion>>, PageError> {
    suggest(&app, &visitor, Kind::Categories, &params.q).await
}

async fn suggest(
    app: &App,
    visitor: &Visitor,
    kind: Kind,
    text: &str,
) -> Result<Json<Vec<Suggestion>>, PageError> {
    let outline = Outline::load(app, visitor, kind, false).await?;
    let found = outline.find(text, SUGGESTIONS).into_iter();
    let found =
        found.map(|index| Suggestion { id: outline.item(index).id.clone(), path: outline.path_text(index) });
    Ok(Json(found.collect()))
}

/// Returns the id of the place or the category that a text names, or why it names none. Returns `None` for an empty text. `chosen` is
/// the hidden id beside the text, which counts only if the text is still its path, since without script it does not change with the
/// text.
pub(super) async fn choose(
    app: &App,
    visitor: &Visitor,
    kind: Kind,
    text: &str,
    chosen: &str,
) -> Result<Result<Option<String>, String>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Ok(None));
    }
    let outline = Outline::load(app, visitor, kind, false).await?;
    let chosen = outline.index(chosen).filter(|index| outline.path_text(*index) == text);
    let named = match chosen {
        Some(chosen) => vec![chosen],
        None => outline.named(text),
    };
    let list = |found: &[usize]| {
        let paths = found.iter().take(CANDIDATES).map(|index| format!("“{}”", outline.path_text(*index)));
        paths.collect::<Vec<_>>().join(", ")
    };
    let word = kind.word();
    Ok(match named.as_slice() {
        [index] => Ok(Some(outline.item(*index).id.clone())),
        [] => Err(match outline.find(text, CANDIDATES).as_slice() {
            [] => format!("there is no {word} “{text}”"),
            similar => format!("there is no {word} “{text}”, but {}", list(similar)),
        }),
        several => Err(format!("“{text}” may be {}: write more of the path", list(several))),
    })
}

/// Returns the same as [`choose`]. A text that names none or several is a mistake in the field.
pub(super) async fn resolve(
    app: &App,
    visitor: &Visitor,
    kind: Kind,
    field: &str,
    text: &str,
    chosen: &str,
) -> Result<Option<String>, Problem> {
    let found = choose(app, visitor, kind, text, chosen).await?;
    found.map_err(|reason| Problem::invalid_field(field, reason.replacen("there is", "There is", 1)))
}

/// Returns the path of a place or a category as the field shows it, or an empty text if there is none.
pub(super) async fn path_of(
    app: &App,
    visitor: &Visitor,
    kind: Kind,
    id: Option<&str>,
) -> Result<String, Problem> {
    let Some(id) = id.map(str::to_owned) else { return Ok(String::new()) };
    let caller = &visitor.caller;
    let path = match kind {
        Kind::Places => {
            let path = app.query(caller, GetLocationPath { location_id: id }).await;
            path.map(|path| path.into_iter().map(|place| place.name).collect::<Vec<_>>())
        }
        Kind::Categories => {
            let path = app.query(caller, GetCategoryPath { category_id: id }).await;
            path.map(|path| path.into_iter().map(|category| category.name).collect())
        }
    };
    match path {
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => Ok(String::new()),
        path => Ok(path?.join(STEP)),
    }
}
