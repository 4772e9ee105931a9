//! Creating, changing and duplicating a part.

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use inventory::TreeNode;
use inventory::categories::{Category, GetCategoryTree};
use inventory::list::{ListQuery, MAX_PAGE_SIZE, PageNumber, Paging};
use inventory::parts::{CreatePart, DuplicatePart, GetPartDetails, PartDetails, UpdatePart};
use inventory::stock::CreateStockedPart;
use inventory::tags::{CreateTag, ListTags};
use inventory::{Change, Permission};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::PageError;
use super::flash::Flash;
use super::form::{Form, go_to};
use super::frame::{Frame, Section, encoded, render_with};
use super::outline::Kind;
use super::part_overtaken::Overtaken;
use super::picker::choose;
use super::visitor::Visitor;
use super::words::whole_number;
use crate::app::App;
use crate::call::PathId;
use crate::problem::{InvalidField, Problem};

/// The number of empty lines for properties.
const EMPTY_PROPERTIES: usize = 2;

/// Returns the routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/parts/new", get(new).post(create))
        .route("/parts/{id}/edit", get(edit).post(update))
        .route("/parts/{id}/duplicate", post(duplicate))
}

/// The fields of a part, as texts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Fields {
    name: String,
    number: String,
    description: String,
    manufacturer: String,
    manufacturer_part_number: String,
    component_type: String,
    supplier: String,
    supplier_part_number: String,
    product_url: String,
    emoji: String,
    category_id: Vec<String>,
    /// The names of tags, separated by commas.
    tags: String,
    property_name: Vec<String>,
    property_value: Vec<String>,
    low_stock_limit: String,
    /// The first place of a new part.
    location: String,
    location_id: String,
    quantity: String,
    version: String,
    /// `another` to create another part afterwards.
    then: String,
}

/// A choice of a category.
pub(super) struct Choice {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) depth: usize,
    pub(super) is_chosen: bool,
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
    errors: HashMap<String, String>,
    /// What is wrong with the form as a whole.
    problem: Option<String>,
    /// What somebody else has changed in the meantime.
    overtaken: Option<Overtaken>,
    form_key: String,
}

impl PartForm {
    /// Returns the error of a field.
    fn error(&self, field: &str) -> Option<&String> {
        self.errors.get(field)
    }
}

/// Shows an empty form.
async fn new(State(app): State<App>, visitor: Visitor) -> Result<Response, PageError> {
    visitor.caller.actor.require(Permission::PartsCreate)?;
    show(&app, &visitor, None, Fields::default(), None, None).await
}

/// Shows the form of a part.
async fn edit(State(app): State<App>, visitor: Visitor, PathId(id): PathId) -> Result<Response, PageError> {
    visitor.caller.actor.require(Permission::PartsUpdate)?;
    let details = app.query(&visitor.caller, GetPartDetails(id.clone())).await?;
    show(&app, &visitor, Some(id), Fields::of(&details), None, None).await
}

async fn show(
    app: &App,
    visitor: &Visitor,
    id: Option<String>,
    fields: Fields,
    problem: Option<Problem>,
    overtaken: Option<Overtaken>,
) -> Result<Response, PageError> {
    let status = problem.as_ref().map_or(StatusCode::OK, Problem::status);
    let title = if id.is_some() { format!("Edit {}", fields.name) } else { "New part".to_owned() };
    let errors: HashMap<String, String> = problem.iter().flat_map(Problem::errors).map(explained).collect();
    let problem = problem
        .filter(|_| errors.is_empty() && overtaken.is_none())
        .map(|problem| problem.detail().to_owned());
    let mut properties: Vec<(String, String)> =
        fields.property_name.iter().cloned().zip(fields.property_value.iter().cloned()).collect();
    properties.extend(std::iter::repeat_n((String::new(), String::new()), EMPTY_PROPERTIES));
    let page = PartForm {
        frame: Frame::new(app, visitor, Section::Parts, title).await?,
        categories: choices(app, visitor, &fields.category_id).await?,
        tags: tag_names(app, visitor).await?,
        form_key: app.ambient.uuid().to_string(),
        id,
        fields,
        properties,
        errors,
        problem,
        overtaken,
    };
    Ok(render_with(status, &page))
}

/// Names the field of the form, and makes a sentence of its error.
fn explained(error: &InvalidField) -> (String, String) {
    let field = match error.field.as_str() {
        "tag_ids" => "tags",
        "category_ids" => "category_id",
        field => field,
    };
    let mut detail = error.detail.chars();
    let first = detail.next().map(|char| char.to_uppercase().to_string()).unwrap_or_default();
    (field.to_owned(), format!("{first}{}", detail.as_str()))
}

/// Creates a part.
async fn create(State(app): State<App>, form: Form<Fields>) -> Result<Response, PageError> {
    form.visitor.caller.actor.require(Permission::PartsCreate)?;
    let fields = form.fields.clone();
    match try_create(&app, &form).await {
        Ok((_, flash)) if fields.then == "another" => Ok(go_to("/parts/new", &flash)),
        Ok((id, flash)) => Ok(form.go_on(&format!("/parts/{}", encoded(&id)), &flash)),
        Err(problem) => show(&app, &form.visitor, None, fields, Some(problem), None).await,
    }
}

async fn try_create(app: &App, form: &Form<Fields>) -> Result<(String, Flash), Problem> {
    let fields = &form.fields;
    let mut invalid = Vec::new();
    let low_stock_limit = optional_number("low_stock_limit", &fields.low_stock_limit, &mut invalid);
    let quantity = optional_number("quantity", &fields.quantity, &mut invalid);
    let place = choose(app, &form.visitor, Kind::Places, &fields.location, &fields.location_id).await?;
    let stock = match (place, quantity) {
        (Ok(Some(id)), Some(quantity)) => Some((id, quantity)),
        (Ok(None), Some(_)) => {
            invalid.push(field("location", "say where they are"));
            None
        }
        (Err(error), _) => {
            invalid.push(field("location", error));
            None
        }
        (Ok(_), None) => None,
    };
    if fields.name.trim().is_empty() {
        invalid.push(field("name", "is required"));
    }
    if !invalid.is_empty() {
        return Err(Problem::invalid(invalid));
    }
    let part = CreatePart {
        name: fields.name.trim().to_owned(),
        number: optional(&fields.number),
        description: optional(&fields.description),
        manufacturer: optional(&fields.manufacturer),
        manufacturer_part_number: optional(&fields.manufacturer_part_number),
        component_type: optional(&fields.component_type),
        supplier: optional(&fields.supplier),
        supplier_part_number: optional(&fields.supplier_part_number),
        product_url: optional(&fields.product_url),
        emoji: optional(&fields.emoji),
        properties: fields.properties(&Map::new()),
        category_ids: fields.category_id.clone(),
        tag_ids: tag_ids(app, &form.visitor, &fields.tags).await?,
        low_stock_limit,
        ..CreatePart::default()
    };
    let command = CreateStockedPart { part, stock };
    let flash =
        form.run(app, command, |part| Flash::about(&part.id, format!("Created {}", part.name))).await?;
    Ok((flash.about.clone().unwrap_or_default(), flash))
}

/// Changes a part.
async fn update(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<Fields>,
) -> Result<Response, PageError> {
    let page = format!("/parts/{}", encoded(&id));
    match try_update(&app, &form, &id).await {
        Ok(flash) => Ok(form.go_on(&page, &flash)),
        Err(problem) if [StatusCode::NOT_FOUND, StatusCode::FORBIDDEN].contains(&problem.status()) => {
            Err(problem.into())
        }
        Err(problem) if problem.status() == StatusCode::PRECONDITION_FAILED => {
            show_overtaken(&app, &form, id, problem).await
        }
        Err(problem) => show(&app, &form.visitor, Some(id), form.fields.clone(), Some(problem), None).await,
    }
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
    let fields = Fields { version: saved.version, ..form.fields.clone() };
    show(app, &form.visitor, Some(id), fields, Some(problem), Some(overtaken)).await
}

async fn try_update(app: &App, form: &Form<Fields>, id: &str) -> Result<Flash, Problem> {
    let fields = &form.fields;
    let mut invalid = Vec::new();
    let limit = optional_number("low_stock_limit", &fields.low_stock_limit, &mut invalid);
    if !invalid.is_empty() {
        return Err(Problem::invalid(invalid));
    }
    let before = app.query(&form.visitor.caller, GetPartDetails(id.to_owned())).await?;
    let command = UpdatePart {
        id: id.to_owned(),
        version: Some(fields.version.clone()).filter(|version| !version.is_empty()),
        name: Change::Set(fields.name.trim().to_owned()),
        number: Change::Set(optional(&fields.number)),
        description: Change::Set(optional(&fields.description)),
        manufacturer: Change::Set(optional(&fields.manufacturer)),
        manufacturer_part_number: Change::Set(optional(&fields.manufacturer_part_number)),
        component_type: Change::Set(optional(&fields.component_type)),
        supplier: Change::Set(optional(&fields.supplier)),
        supplier_part_number: Change::Set(optional(&fields.supplier_part_number)),
        product_url: Change::Set(optional(&fields.product_url)),
        emoji: Change::Set(optional(&fields.emoji)),
        properties: Change::Set(fields.properties(&before.part.properties)),
        category_ids: Change::Set(fields.category_id.clone()),
        tag_ids: Change::Set(tag_ids(app, &form.visitor, &fields.tags).await?),
        low_stock_limit: Change::Set(limit),
        ..UpdatePart::default()
    };
    form.run(app, command, |part| Flash::new(format!("Saved {}", part.name))).await
}

/// Creates a part like another one, and shows its form.
async fn duplicate(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<HashMap<String, String>>,
) -> Result<Response, PageError> {
    let command = DuplicatePart { id, name: None };
    let said = |part: &inventory::parts::Part| Flash::about(&part.id, format!("Created {}", part.name));
    let flash = form.run(&app, command, said).await?;
    let id = flash.about.clone().unwrap_or_default();
    Ok(go_to(&format!("/parts/{}/edit", encoded(&id)), &flash))
}

impl Fields {
    fn of(details: &PartDetails) -> Self {
        let part = details.part.clone();
        let text = Option::unwrap_or_default;
        let (property_name, property_value) =
            part.properties.iter().map(|(name, value)| (name.clone(), shown(value))).unzip();
        let tags: Vec<&str> = details.tags.iter().map(|tag| tag.name.as_str()).collect();
        Self {
            name: part.name,
            number: text(part.number),
            description: text(part.description),
            manufacturer: text(part.manufacturer),
            manufacturer_part_number: text(part.manufacturer_part_number),
            component_type: text(part.component_type),
            supplier: text(part.supplier),
            supplier_part_number: text(part.supplier_part_number),
            product_url: text(part.product_url),
            emoji: text(part.emoji),
            category_id: details.categories.iter().map(|category| category.id.clone()).collect(),
            tags: tags.join(", "),
            property_name,
            property_value,
            low_stock_limit: details.low_stock_limit.map(|limit| limit.to_string()).unwrap_or_default(),
            version: part.version,
            ..Self::default()
        }
    }

    /// Returns the labels of the fields and their texts.
    fn texts(&self) -> Vec<(&'static str, String)> {
        let named = self.property_name.iter().zip(&self.property_value);
        let named = named.filter(|(name, _)| !name.trim().is_empty());
        let properties: Vec<String> = named.map(|(name, value)| format!("{name}: {value}")).collect();
        let texts = [
            ("Name", &self.name),
            ("Number", &self.number),
            ("Keep at least", &self.low_stock_limit),
            ("Emoji", &self.emoji),
            ("Maker", &self.manufacturer),
            ("Maker’s number", &self.manufacturer_part_number),
            ("Type", &self.component_type),
            ("Supplier", &self.supplier),
            ("Supplier’s number", &self.supplier_part_number),
            ("Page on the web", &self.product_url),
            ("Tags", &self.tags),
            ("Description", &self.description),
        ];
        let texts = texts.into_iter().map(|(label, text)| (label, text.clone()));
        texts.chain([("Properties", properties.join(", "))]).collect()
    }

    /// Returns the properties. One whose text is unchanged keeps its value, which may be nested.
    fn properties(&self, before: &Map<String, Value>) -> Map<String, Value> {
        let named = self.property_name.iter().zip(&self.property_value);
        let named = named.filter(|(name, _)| !name.trim().is_empty());
        let kept = |name: &str, text: &str| before.get(name).filter(|value| shown(value) == text).cloned();
        let value = |name: &str, text: &str| kept(name, text).unwrap_or_else(|| Value::from(text));
        named.map(|(name, text)| (name.trim().to_owned(), value(name.trim(), text))).collect()
    }
}

/// Returns a property as the form shows it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn field(field: &str, detail: impl Into<String>) -> InvalidField {
    InvalidField { field: field.to_owned(), detail: detail.into() }
}

fn optional(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn optional_number(name: &str, text: &str, invalid: &mut Vec<InvalidField>) -> Option<i64> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let found = whole_number(text);
    if found.is_none() {
        invalid.push(field(name, "must be a whole number"));
    }
    found
}

/// Returns all categories, in the order of the tree.
pub(super) async fn choices(
    app: &App,
    visitor: &Visitor,
    chosen: &[String],
) -> Result<Vec<Choice>, PageError> {
    if !visitor.may(Permission::CategoriesRead) {
        return Ok(Vec::new());
    }
    let page = PageNumber { number: 1, size: MAX_PAGE_SIZE };
    let tree = app.query(&visitor.caller, GetCategoryTree { page }).await?;
    let choice = |TreeNode { depth, item }: TreeNode<Category>| Choice {
        is_chosen: chosen.contains(&item.id),
        id: item.id,
        name: item.name,
        depth: depth.min(5),
    };
    Ok(tree.items.into_iter().map(choice).collect())
}

pub(super) async fn all_tags(app: &App, visitor: &Visitor) -> Result<Vec<inventory::tags::Tag>, Problem> {
    if !visitor.may(Permission::TagsRead) {
        return Ok(Vec::new());
    }
    let paging = Paging::Number(PageNumber { number: 1, size: MAX_PAGE_SIZE });
    Ok(app.query(&visitor.caller, ListTags(ListQuery { paging, ..ListQuery::default() })).await?.items)
}

async fn tag_names(app: &App, visitor: &Visitor) -> Result<Vec<String>, PageError> {
    Ok(all_tags(app, visitor).await?.into_iter().map(|tag| tag.name).collect())
}

/// Returns the id of the tag with a name, regardless of case.
pub(super) async fn find_tag(app: &App, visitor: &Visitor, name: &str) -> Result<Option<String>, Problem> {
    let tags = all_tags(app, visitor).await?;
    Ok(tags.into_iter().find(|tag| tag.name.to_lowercase() == name.to_lowercase()).map(|tag| tag.id))
}

/// Returns the ids of tags by their names. Names without a tag become new tags.
async fn tag_ids(app: &App, visitor: &Visitor, names: &str) -> Result<Vec<String>, Problem> {
    let known: HashMap<String, String> =
        all_tags(app, visitor).await?.into_iter().map(|tag| (tag.name.to_lowercase(), tag.id)).collect();
    let mut ids = Vec::new();
    for name in
        names.split(',').map(|name| name.trim().trim_start_matches('#')).filter(|name| !name.is_empty())
    {
        let id = match known.get(&name.to_lowercase()) {
            Some(id) => id.clone(),
            None => {
                let new = CreateTag { name: name.to_owned(), ..CreateTag::default() };
                app.inventory().await?.run(&visitor.caller.actor, new).await?.id
            }
        };
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}
