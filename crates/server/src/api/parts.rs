//! Parts.

use axum::extract::State;
use axum::response::Response;
use inventory::Change as Field;
use inventory::parts::{CreatePart, DeletePart, Part, StockedPart, UpdatePart};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::app::App;
use crate::call::{Change, NoBody, PathId, Reply, changed};
use crate::problem::Problem;

/// A part.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartView {
    id: String,
    name: String,
    /// The user's own part number.
    number: Option<String>,
    description: Option<String>,
    manufacturer: Option<String>,
    /// The part number of the manufacturer.
    manufacturer_part_number: Option<String>,
    component_type: Option<String>,
    supplier: Option<String>,
    /// The part number of the supplier.
    supplier_part_number: Option<String>,
    supplier_url: Option<String>,
    product_url: Option<String>,
    image_url: Option<String>,
    emoji: Option<String>,
    /// Additional properties.
    properties: Map<String, Value>,
    /// The total quantity at all locations.
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<i64>,
    /// In UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// In UTC.
    #[schema(format = DateTime)]
    updated_at: String,
    /// Changes with each change of the part, but not of its stock. Send it as `If-Match: "version"`.
    version: String,
}

impl From<Part> for PartView {
    fn from(part: Part) -> Self {
        Self {
            id: part.id,
            name: part.name,
            number: part.number,
            description: part.description,
            manufacturer: part.manufacturer,
            manufacturer_part_number: part.manufacturer_part_number,
            component_type: part.component_type,
            supplier: part.supplier,
            supplier_part_number: part.supplier_part_number,
            supplier_url: part.supplier_url,
            product_url: part.product_url,
            image_url: part.image_url,
            emoji: part.emoji,
            properties: part.properties,
            quantity: None,
            created_at: part.created_at.to_rfc3339(),
            updated_at: part.updated_at.to_rfc3339(),
            version: part.version,
        }
    }
}

impl From<StockedPart> for PartView {
    fn from(StockedPart { part, quantity }: StockedPart) -> Self {
        Self { quantity: Some(quantity), ..part.into() }
    }
}

/// A new part.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPart {
    /// Unique, 1 to 255 characters.
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    name: String,
    number: Option<String>,
    description: Option<String>,
    manufacturer: Option<String>,
    manufacturer_part_number: Option<String>,
    component_type: Option<String>,
    supplier: Option<String>,
    supplier_part_number: Option<String>,
    supplier_url: Option<String>,
    product_url: Option<String>,
    image_url: Option<String>,
    #[schema(max_length = 50)]
    emoji: Option<String>,
    #[serde(default)]
    properties: Map<String, Value>,
    #[serde(default)]
    #[schema(max_items = 100)]
    category_ids: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 100)]
    tag_ids: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 100)]
    project_ids: Vec<String>,
}

/// Create a part.
#[utoipa::path(post, path = "/parts", tag = "parts", request_body = NewPart,
    responses((status = 201, body = PartView), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn create(State(app): State<App>, change: Change<NewPart>) -> Result<Response, Problem> {
    let (new, change) = change.split();
    let command = CreatePart {
        name: new.name,
        number: new.number,
        description: new.description,
        manufacturer: new.manufacturer,
        manufacturer_part_number: new.manufacturer_part_number,
        component_type: new.component_type,
        supplier: new.supplier,
        supplier_part_number: new.supplier_part_number,
        supplier_url: new.supplier_url,
        product_url: new.product_url,
        image_url: new.image_url,
        emoji: new.emoji,
        properties: new.properties,
        category_ids: new.category_ids,
        tag_ids: new.tag_ids,
        project_ids: new.project_ids,
        low_stock_limit: None,
    };
    let reply = |part: &Part| {
        Reply::created(PartView { quantity: Some(0), ..part.clone().into() }).version(&part.version)
    };
    app.run(&change, command, reply).await
}

/// Changes of a part: a JSON merge patch.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PartPatch {
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    name: Option<String>,
    #[serde(deserialize_with = "changed")]
    number: Option<Option<String>>,
    #[serde(deserialize_with = "changed")]
    description: Option<Option<String>>,
    #[serde(deserialize_with = "changed")]
    manufacturer: Option<Option<String>>,
    #[serde(deserialize_with = "changed")]
    manufacturer_part_number: Option<Option<String>>,
    #[serde(deserialize_with = "changed")]
    component_type: Option<Option<String>>,
    #[serde(deserialize_with = "changed")]
    supplier: Option<Option<String>>,
    #[serde(deserialize_with = "changed")]
    supplier_part_number: Option<Option<String>>,
    #[serde(deserialize_with = "changed")]
    supplier_url: Option<Option<String>>,
    #[serde(deserialize_with = "changed")]
    product_url: Option<Option<String>>,
    #[serde(deserialize_with = "changed")]
    image_url: Option<Option<String>>,
    #[serde(deserialize_with = "changed")]
    #[schema(max_length = 50)]
    emoji: Option<Option<String>>,
    /// Replaces all properties.
    properties: Option<Map<String, Value>>,
    /// Replaces all categories.
    #[schema(max_items = 100)]
    category_ids: Option<Vec<String>>,
    /// Replaces all tags.
    #[schema(max_items = 100)]
    tag_ids: Option<Vec<String>>,
    /// Replaces all projects.
    #[schema(max_items = 100)]
    project_ids: Option<Vec<String>>,
}

/// Change a part. Absent fields keep their values, and null clears a field.
#[utoipa::path(patch, path = "/parts/{id}", tag = "parts", params(("id" = String, Path)), request_body = PartPatch,
    responses((status = 200, body = PartView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn update(
    State(app): State<App>,
    PathId(id): PathId,
    change: Change<PartPatch>,
) -> Result<Response, Problem> {
    let (patch, change) = change.split();
    let command = UpdatePart {
        id,
        version: change.version.clone(),
        name: Field::from(patch.name),
        number: Field::from(patch.number),
        description: Field::from(patch.description),
        manufacturer: Field::from(patch.manufacturer),
        manufacturer_part_number: Field::from(patch.manufacturer_part_number),
        component_type: Field::from(patch.component_type),
        supplier: Field::from(patch.supplier),
        supplier_part_number: Field::from(patch.supplier_part_number),
        supplier_url: Field::from(patch.supplier_url),
        product_url: Field::from(patch.product_url),
        image_url: Field::from(patch.image_url),
        emoji: Field::from(patch.emoji),
        properties: Field::from(patch.properties),
        category_ids: Field::from(patch.category_ids),
        tag_ids: Field::from(patch.tag_ids),
        project_ids: Field::from(patch.project_ids),
        low_stock_limit: Field::Keep,
    };
    app.run(&change, command, |part| Reply::ok(PartView::from(part.clone())).version(&part.version)).await
}

/// Delete a part with its stock, links and rows of files.
#[utoipa::path(delete, path = "/parts/{id}", tag = "parts", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 412, body = Problem)))]
pub(crate) async fn delete(
    State(app): State<App>,
    PathId(id): PathId,
    change: Change<NoBody>,
) -> Result<Response, Problem> {
    let command = DeletePart { id, version: change.version.clone() };
    app.run(&change, command, |()| Reply::no_content()).await
}
