//! Categories: the tree, and what each category is.

mod delete;
mod form;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use inventory::Permission;
use inventory::categories::{Category, GetCategory};

use super::address::Address;
use super::branches::{Branches, Line, branches};
use super::error::PageError;
use super::faults::Faults;
use super::frame::{Frame, Section, render_with};
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
        .route("/categories", get(all))
        .route("/categories/go", get(go))
        .route("/categories/{id}", get(page))
        .merge(form::routes())
        .merge(delete::routes())
}

#[derive(Template)]
#[template(path = "categories.html")]
struct CategoriesPage {
    frame: Frame,
    tree: Branches,
    category: Option<CategoryView>,
    below: Below,
    may: May,
}

/// What the visitor may do.
#[derive(Clone, Copy)]
struct May {
    create: bool,
    change: bool,
    delete: bool,
    see_parts: bool,
}

/// A category as its page shows it.
struct CategoryView {
    id: String,
    name: String,
    description: Option<String>,
    /// The links and the names of the categories above it.
    above: Vec<(String, String)>,
    /// What is in it, in one line.
    summary: String,
    /// The number of parts in it, without those below.
    parts: Option<String>,
}

/// Shows all categories.
async fn all(State(app): State<App>, visitor: Visitor) -> Result<Response, PageError> {
    show(&app, &visitor, None, Go::default(), Faults::default()).await
}

/// Shows a category.
async fn page(State(app): State<App>, visitor: Visitor, PathId(id): PathId) -> Result<Response, PageError> {
    show(&app, &visitor, Some(id), Go::default(), Faults::default()).await
}

/// Goes to the category that a text names.
async fn go(State(app): State<App>, visitor: Visitor, Params(go): Params<Go>) -> Result<Response, PageError> {
    match go.follow(&app, &visitor, Kind::Categories).await {
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
    let outline = Outline::load(app, visitor, Kind::Categories, true).await?;
    let category = match id {
        Some(id) => Some(app.query(&visitor.caller, GetCategory(id)).await?),
        None => None,
    };
    let current = category.as_ref().and_then(|category| outline.index(&category.id));
    let address = Address::parse(&visitor.target);
    let title = category.as_ref().map_or("Categories", |category| &category.name);
    let frame = Frame::new(app, visitor, Section::Categories, title).await?;
    let may = May {
        create: visitor.may(Permission::CategoriesCreate),
        change: visitor.may(Permission::CategoriesUpdate),
        delete: visitor.may(Permission::CategoriesDelete),
        see_parts: visitor.may(Permission::PartsRead),
    };
    let status = faults.status();
    let page = CategoriesPage {
        frame,
        tree: Branches {
            kind: Kind::Categories,
            title: "Categories",
            lines: branches(&outline, Kind::Categories, current, &address),
            has_current: current.is_some(),
            may_create: may.create,
            may_move: may.change,
            go: go.to,
            go_fault: faults.error("to").cloned(),
        },
        below: Below::new(&outline, Kind::Categories, current, &address),
        category: category.map(|category| CategoryView::new(category, &outline, current)),
        may,
    };
    Ok(render_with(status, &page))
}

impl CategoryView {
    fn new(category: Category, outline: &Outline, index: Option<usize>) -> Self {
        let total = index.map_or(category.part_count, |index| outline.total(index));
        let mut summary = counted(total, "part");
        if total != category.part_count {
            summary = format!("{summary}, {} of them right here", grouped(category.part_count));
        }
        Self {
            above: index.map(|index| outline.above(index, Kind::Categories)).unwrap_or_default(),
            parts: (category.part_count > 0).then(|| counted(category.part_count, "part")),
            summary,
            id: category.id,
            name: category.name,
            description: category.description.filter(|text| !text.is_empty()),
        }
    }
}
