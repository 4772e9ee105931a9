//! Creates and changes a category.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use inventory::categories::{Category, CreateCategory, GetCategory, UpdateCategory};
use inventory::{Change, Permission};
use serde::Deserialize;

use super::super::error::PageError;
use super::super::faults::Faults;
use super::super::flash::Flash;
use super::super::form::{Form, go_to};
use super::super::frame::{Frame, Section, encoded, render_with};
use super::super::outline::Kind;
use super::super::picker;
use super::super::visitor::Visitor;
use super::super::words::given;
use crate::app::App;
use crate::call::{Params, PathId};
use crate::problem::Problem;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/categories/new", get(new_page).post(create))
        .route("/categories/{id}/edit", get(edit_page).post(update))
}

#[derive(Template)]
#[template(path = "category-form.html")]
struct CategoryFormPage {
    frame: Frame,
    /// The category to change, or `None` for a new one.
    category: Option<Category>,
    fields: CategoryFields,
    faults: Faults,
}

/// The fields of a category, as they are typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct CategoryFields {
    name: String,
    description: String,
    /// The path of the parent.
    parent: String,
    parent_id: String,
    /// The version that was read.
    version: String,
}

/// Where the new category stands.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NewParams {
    parent_id: Option<String>,
}

/// Shows the form, with what was typed and what is wrong with it.
async fn show(
    app: &App,
    visitor: &Visitor,
    category: Option<Category>,
    fields: CategoryFields,
    faults: Faults,
) -> Result<Response, PageError> {
    let needed = if category.is_some() { Permission::CategoriesUpdate } else { Permission::CategoriesCreate };
    visitor.caller.actor.require(needed)?;
    let title =
        category.as_ref().map_or("New category".to_owned(), |category| format!("Change {}", category.name));
    let frame = Frame::new(app, visitor, Section::Categories, title).await?;
    let status = faults.status();
    Ok(render_with(status, &CategoryFormPage { frame, category, fields, faults }))
}

async fn new_page(
    State(app): State<App>,
    visitor: Visitor,
    Params(NewParams { parent_id }): Params<NewParams>,
) -> Result<Response, PageError> {
    let parent = picker::path_of(&app, &visitor, Kind::Categories, parent_id.as_deref()).await?;
    let parent_id = parent_id.filter(|_| !parent.is_empty()).unwrap_or_default();
    let fields = CategoryFields { parent, parent_id, ..CategoryFields::default() };
    show(&app, &visitor, None, fields, Faults::default()).await
}

async fn edit_page(
    State(app): State<App>,
    visitor: Visitor,
    PathId(id): PathId,
) -> Result<Response, PageError> {
    let category = app.query(&visitor.caller, GetCategory(id)).await?;
    let parent = picker::path_of(&app, &visitor, Kind::Categories, category.parent_id.as_deref()).await?;
    let fields = CategoryFields {
        name: category.name.clone(),
        description: category.description.clone().unwrap_or_default(),
        parent,
        parent_id: category.parent_id.clone().unwrap_or_default(),
        version: category.version.clone(),
    };
    show(&app, &visitor, Some(category), fields, Faults::default()).await
}

impl CategoryFields {
    async fn parent(&self, app: &App, visitor: &Visitor) -> Result<Option<String>, Problem> {
        picker::resolve(app, visitor, Kind::Categories, "parent", &self.parent, &self.parent_id).await
    }
}

async fn create(State(app): State<App>, form: Form<CategoryFields>) -> Result<Response, PageError> {
    match try_create(&app, &form).await {
        Ok(category) => {
            let flash = Flash::new(format!("Made the category {}", category.name));
            Ok(go_to(&format!("/categories/{}", encoded(&category.id)), &flash))
        }
        Err(problem) => {
            let faults = Faults::of(problem)?.beside("name", form.fields.name.trim());
            show(&app, &form.visitor, None, form.fields.clone(), faults).await
        }
    }
}

async fn try_create(app: &App, form: &Form<CategoryFields>) -> Result<Category, Problem> {
    let fields = &form.fields;
    let command = CreateCategory {
        name: fields.name.trim().to_owned(),
        description: given(&fields.description),
        parent_id: fields.parent(app, &form.visitor).await?,
    };
    Ok(app.inventory().await?.run(&form.visitor.caller.actor, command).await?)
}

async fn update(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<CategoryFields>,
) -> Result<Response, PageError> {
    let category = app.query(&form.visitor.caller, GetCategory(id)).await?;
    match try_update(&app, &category, &form).await {
        Ok(flash) => Ok(form.go_on(&format!("/categories/{}", encoded(&category.id)), &flash)),
        Err(problem) => {
            let mut fields = form.fields.clone();
            let faults = Faults::of(problem)?.beside("name", fields.name.trim());
            fields.version = faults.version(&fields.version, &category.version);
            show(&app, &form.visitor, Some(category), fields, faults).await
        }
    }
}

async fn try_update(app: &App, category: &Category, form: &Form<CategoryFields>) -> Result<Flash, Problem> {
    let fields = &form.fields;
    let command = UpdateCategory {
        id: category.id.clone(),
        version: given(&fields.version),
        name: Change::Set(fields.name.trim().to_owned()),
        description: Change::Set(given(&fields.description)),
        parent_id: Change::Set(fields.parent(app, &form.visitor).await?),
    };
    form.run(app, command, |_| Flash::new("Saved")).await
}
