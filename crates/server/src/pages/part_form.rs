//! Creating, changing and duplicating a part.

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use inventory::parts::{CreatePart, DuplicatePart, GetPartDetails, Part, UpdatePart, UpdateTaggedPart};
use inventory::stock::CreateStockedPart;
use inventory::{Change, Permission};

use super::error::PageError;
use super::faults::Faults;
use super::flash::Flash;
use super::form::{Form, go_to};
use super::frame::{Frame, Section, encoded, render_with};
use super::outline::Kind;
use super::part_choices::{Choice, all_tags, choices};
use super::part_fields::Fields;
use super::part_overtaken::Overtaken;
use super::picker::resolve;
use super::visitor::Visitor;
use crate::app::App;
use crate::call::PathId;
use crate::problem::Problem;

/// The number of empty lines for properties.
const EMPTY_PROPERTIES: usize = 2;

/// Returns the routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/parts/new", get(new).post(create))
        .route("/parts/{id}/edit", get(edit).post(update))
        .route("/parts/{id}/duplicate", post(duplicate))
}

#[derive(Template)]
#[template(path = "part-form.html")]
struct PartForm {
    frame: Frame,
    /// `None` for a new part.
    id: Option<String>,
    fields: Fields,
    properties: Vec<(String, String)>,
    categories: Vec<Choice>,
    tags: Vec<String>,
    may_tag: bool,
    faults: Faults,
    /// What somebody else has changed in the meantime.
    overtaken: Option<Overtaken>,
    form_key: String,
}

/// Shows an empty form.
async fn new(State(app): State<App>, visitor: Visitor) -> Result<Response, PageError> {
    visitor.caller.actor.require(Permission::PartsCreate)?;
    show(&app, &visitor, None, Fields::default(), Faults::default(), None).await
}

/// Shows the form of a part.
async fn edit(State(app): State<App>, visitor: Visitor, PathId(id): PathId) -> Result<Response, PageError> {
    visitor.caller.actor.require(Permission::PartsUpdate)?;
    let details = app.query(&visitor.caller, GetPartDetails(id.clone())).await?;
    show(&app, &visitor, Some(id), Fields::of(&details), Faults::default(), None).await
}

async fn show(
    app: &App,
    visitor: &Visitor,
    id: Option<String>,
    fields: Fields,
    faults: Faults,
    overtaken: Option<Overtaken>,
) -> Result<Response, PageError> {
    let status = faults.status();
    let title = if id.is_some() { format!("Edit {}", fields.name) } else { "New part".to_owned() };
    let mut properties: Vec<(String, String)> =
        fields.property_name.iter().cloned().zip(fields.property_value.iter().cloned()).collect();
    properties.extend(std::iter::repeat_n((String::new(), String::new()), EMPTY_PROPERTIES));
    let page = PartForm {
        frame: Frame::new(app, visitor, Section::Parts, title).await?,
        categories: choices(app, visitor, &fields.category_id).await?,
        tags: all_tags(app, visitor).await?.into_iter().map(|(_, name)| name).collect(),
        may_tag: visitor.may(Permission::TagsRead),
        form_key: app.ambient.uuid().to_string(),
        id,
        fields,
        properties,
        faults,
        overtaken,
    };
    Ok(render_with(status, &page))
}

/// Takes what is wrong with the form. The use cases call some of its fields by names of their own.
fn faults(problem: Problem, fields: &Fields) -> Result<Faults, PageError> {
    let faults = Faults::of(problem)?.beside("name", fields.name.trim());
    Ok(faults.renamed("category_ids", "category_id"))
}

/// Creates a part.
async fn create(State(app): State<App>, form: Form<Fields>) -> Result<Response, PageError> {
    form.visitor.caller.actor.require(Permission::PartsCreate)?;
    let fields = &form.fields;
    let mut faults = Faults::default();
    let stock = stock(&app, &form, &mut faults).await?;
    let low_stock_limit = faults.optional_number("low_stock_limit", &fields.low_stock_limit);
    if faults.is_empty() {
        match save_new(&app, &form, stock, low_stock_limit).await {
            Ok(flash) if fields.then == "another" => return Ok(go_to("/parts/new", &flash)),
            Ok(flash) => {
                let id = flash.about.clone().unwrap_or_default();
                return Ok(form.go_on(&format!("/parts/{}", encoded(&id)), &flash));
            }
            Err(problem) => faults = self::faults(problem, fields)?,
        }
    } else {
        faults.check(&fields.stocked());
    }
    show(&app, &form.visitor, None, fields.clone(), faults, None).await
}

async fn save_new(
    app: &App,
    form: &Form<Fields>,
    stock: Option<(String, i64)>,
    low_stock_limit: Option<i64>,
) -> Result<Flash, Problem> {
    let part = CreatePart { low_stock_limit, ..form.fields.create() };
    let said = |part: &Part| Flash::about(&part.id, format!("Created {}", part.name));
    form.run(app, CreateStockedPart { part, tags: form.fields.tag_names(), stock }, said).await
}

/// Returns the place and the quantity of the first stock, or adds what is wrong with them.
async fn stock(
    app: &App,
    form: &Form<Fields>,
    faults: &mut Faults,
) -> Result<Option<(String, i64)>, PageError> {
    let Fields { quantity, location, location_id, .. } = &form.fields;
    let quantity = faults.optional_number("quantity", quantity);
    let place = resolve(app, &form.visitor, Kind::Places, "location", location, location_id).await;
    let place = faults.take(place)?.flatten();
    if place.is_none() && quantity.is_some() && faults.error("location").is_none() {
        faults.add(&Problem::invalid_field("location", "Say where they are"));
    }
    Ok(place.zip(quantity))
}

/// Changes a part.
async fn update(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<Fields>,
) -> Result<Response, PageError> {
    let mut faults = Faults::default();
    let limit = faults.optional_number("low_stock_limit", &form.fields.low_stock_limit);
    if faults.is_empty() {
        match save(&app, &form, &id, limit).await {
            Ok(flash) => return Ok(form.go_on(&format!("/parts/{}", encoded(&id)), &flash)),
            Err(problem) if problem.status() == StatusCode::PRECONDITION_FAILED => {
                return show_overtaken(&app, &form, id, problem).await;
            }
            Err(problem) => faults = self::faults(problem, &form.fields)?,
        }
    } else {
        faults.check(&form.fields.stocked());
    }
    show(&app, &form.visitor, Some(id), form.fields.clone(), faults, None).await
}

/// Saves the fields. Categories and tags that the form could not show stay.
async fn save(app: &App, form: &Form<Fields>, id: &str, limit: Option<i64>) -> Result<Flash, Problem> {
    let (fields, visitor) = (&form.fields, &form.visitor);
    let before = app.query(&visitor.caller, GetPartDetails(id.to_owned())).await?;
    let offered = choices(app, visitor, &[]).await?;
    let hidden = before.categories.iter().filter(|had| !offered.iter().any(|choice| choice.id == had.id));
    let category_ids = fields.category_id.iter().chain(hidden.map(|category| &category.id)).cloned();
    let part = UpdatePart {
        category_ids: Change::Set(category_ids.collect()),
        low_stock_limit: Change::Set(limit),
        ..fields.update(&before.part)
    };
    let tags = visitor.may(Permission::TagsRead).then(|| fields.tag_names());
    form.run(app, UpdateTaggedPart { part, tags }, |part| Flash::new(format!("Saved {}", part.name))).await
}

/// Shows the form as it was sent, and what is saved now. Whoever saves it again has seen both.
async fn show_overtaken(
    app: &App,
    form: &Form<Fields>,
    id: String,
    problem: Problem,
) -> Result<Response, PageError> {
    let now = app.query(&form.visitor.caller, GetPartDetails(id.clone())).await?;
    let saved = Fields::of(&now);
    let overtaken = Overtaken::load(app, &form.visitor, &id, saved.texts(), form.fields.texts()).await?;
    let faults = Faults::of(problem)?;
    let version = faults.version(&form.fields.version, &saved.version);
    let fields = Fields { version, ..form.fields.clone() };
    show(app, &form.visitor, Some(id), fields, faults, Some(overtaken)).await
}

/// Creates a part like another one, and shows its form.
async fn duplicate(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<HashMap<String, String>>,
) -> Result<Response, PageError> {
    let command = DuplicatePart { id, name: None };
    let said = |part: &Part| Flash::about(&part.id, format!("Created {}", part.name));
    let flash = form.run(&app, command, said).await?;
    let id = flash.about.clone().unwrap_or_default();
    Ok(go_to(&format!("/parts/{}/edit", encoded(&id)), &flash))
}
