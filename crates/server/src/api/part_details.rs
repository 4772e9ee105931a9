//! What belongs to a part: categories, tags, projects, datasheets, prices, the low-stock limit.

use axum::extract::State;
use axum::response::Response;
use inventory::parts::{
    Datasheet, DuplicatePart, GetPartDetails, ListPrices, Named, Part, PartDeletion, PartDetails,
    PreviewPartDeletion, Price, SetLowStockLimit, StockedPart,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::parts::PartView;
use crate::app::App;
use crate::auth::Caller;
use crate::call::{Change, PathId, Reply};
use crate::problem::Problem;

/// A part with everything that belongs to it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartDetailsView {
    #[serde(flatten)]
    part: PartView,
    /// The quantity below which the stock is low.
    low_stock_limit: Option<i64>,
    categories: Vec<NamedView>,
    tags: Vec<NamedView>,
    projects: Vec<NamedView>,
    datasheets: Vec<DatasheetView>,
}

/// The id and the name of a thing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NamedView {
    id: String,
    name: String,
}

/// A document about a part.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DatasheetView {
    id: String,
    /// The name of the file, for `/files/datasheets/{name}`.
    filename: String,
    /// The size of the file in bytes.
    file_size: Option<i64>,
    title: Option<String>,
    supplier: Option<String>,
    /// The address that the document came from.
    url: Option<String>,
    is_primary: bool,
    /// In UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Named> for NamedView {
    fn from(Named { name, id }: Named) -> Self {
        Self { id, name }
    }
}

impl From<Datasheet> for DatasheetView {
    fn from(datasheet: Datasheet) -> Self {
        Self {
            id: datasheet.id,
            filename: datasheet.filename,
            file_size: datasheet.file_size,
            title: datasheet.title,
            supplier: datasheet.supplier,
            url: datasheet.url,
            is_primary: datasheet.is_primary,
            created_at: datasheet.created_at.to_rfc3339(),
        }
    }
}

impl From<PartDetails> for PartDetailsView {
    fn from(details: PartDetails) -> Self {
        let PartDetails { part, quantity, low_stock_limit, categories, tags, projects, datasheets } = details;
        Self {
            part: StockedPart { part, quantity }.into(),
            low_stock_limit,
            categories: categories.into_iter().map(Into::into).collect(),
            tags: tags.into_iter().map(Into::into).collect(),
            projects: projects.into_iter().map(Into::into).collect(),
            datasheets: datasheets.into_iter().map(Into::into).collect(),
        }
    }
}

/// Show a part with everything that belongs to it.
#[utoipa::path(get, path = "/parts/{id}", tag = "parts", params(("id" = String, Path)),
    responses((status = 200, body = PartDetailsView), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Reply<PartDetailsView>, Problem> {
    let details = app.query(&caller, GetPartDetails(id)).await?;
    let version = details.part.version.clone();
    Ok(Reply::ok(details.into()).version(&version))
}

/// The name of a duplicate.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NewDuplicate {
    /// Default: the name of the part with `(copy)`.
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    name: Option<String>,
}

/// Create a part like another one, with its categories and tags, but without its stock and its datasheets.
#[utoipa::path(post, path = "/parts/{id}/duplicate", tag = "parts", params(("id" = String, Path)),
    request_body = NewDuplicate,
    responses((status = 201, body = PartView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn duplicate(
    State(app): State<App>,
    PathId(id): PathId,
    change: Change<NewDuplicate>,
) -> Result<Response, Problem> {
    let (NewDuplicate { name }, change) = change.split();
    let reply = |part: &Part| {
        let created = StockedPart { part: part.clone(), quantity: 0 };
        Reply::created(PartView::from(created)).version(&part.version)
    };
    app.run(&change, DuplicatePart { id, name }, reply).await
}

/// What the deletion of a part affects.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartDeletionView {
    /// The part. Its quantity is lost.
    part: PartView,
    /// The number of locations with the part.
    location_count: u64,
    /// The number of datasheets, which are deleted as well.
    datasheet_count: u64,
    /// The number of projects that use the part.
    project_count: u64,
    /// The number of prices, which are deleted as well.
    price_count: u64,
    /// The number of items in orders, which stay.
    order_item_count: u64,
}

/// Show what the deletion of a part affects. The history of its stock stays.
#[utoipa::path(get, path = "/parts/{id}/deletion", tag = "parts", params(("id" = String, Path)),
    responses((status = 200, body = PartDeletionView), (status = 404, body = Problem)))]
pub(crate) async fn deletion(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Reply<PartDeletionView>, Problem> {
    let PartDeletion { part, location_count, datasheet_count, project_count, price_count, order_item_count } =
        app.query(&caller, PreviewPartDeletion(id)).await?;
    Ok(Reply::ok(PartDeletionView {
        part: part.into(),
        location_count,
        datasheet_count,
        project_count,
        price_count,
        order_item_count,
    }))
}

/// A low-stock limit.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LowStockLimit {
    /// The quantity below which the stock is low, at least 1. Null: no limit.
    #[schema(minimum = 1)]
    quantity: Option<i64>,
}

/// Show the low-stock limit of a part.
#[utoipa::path(get, path = "/parts/{id}/low-stock-limit", tag = "parts", params(("id" = String, Path)),
    responses((status = 200, body = LowStockLimit), (status = 404, body = Problem)))]
pub(crate) async fn low_stock_limit(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Reply<LowStockLimit>, Problem> {
    let details = app.query(&caller, GetPartDetails(id)).await?;
    Ok(Reply::ok(LowStockLimit { quantity: details.low_stock_limit }))
}

/// Set or remove the low-stock limit of a part.
#[utoipa::path(put, path = "/parts/{id}/low-stock-limit", tag = "parts", params(("id" = String, Path)),
    request_body = LowStockLimit,
    responses((status = 200, body = LowStockLimit), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn set_low_stock_limit(
    State(app): State<App>,
    PathId(part_id): PathId,
    change: Change<LowStockLimit>,
) -> Result<Response, Problem> {
    let (LowStockLimit { quantity }, change) = change.split();
    let command = SetLowStockLimit { part_id, quantity };
    app.run(&change, command, |()| Reply::ok(LowStockLimit { quantity })).await
}

/// A price of a part at a supplier.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PriceView {
    id: String,
    supplier: String,
    /// The price of one piece.
    unit_price: Option<f64>,
    currency: String,
    /// The quantity that the supplier had.
    stock_quantity: Option<i64>,
    /// The prices by quantity, as the supplier states them.
    pricing_tiers: Value,
    source: String,
    is_current: bool,
    /// In UTC.
    #[schema(format = DateTime)]
    valid_from: String,
    /// In UTC.
    #[schema(format = DateTime)]
    valid_until: Option<String>,
}

impl From<Price> for PriceView {
    fn from(price: Price) -> Self {
        Self {
            id: price.id,
            supplier: price.supplier,
            unit_price: price.unit_price,
            currency: price.currency,
            stock_quantity: price.stock_quantity,
            pricing_tiers: price.pricing_tiers.0,
            source: price.source,
            is_current: price.is_current,
            valid_from: price.valid_from.to_rfc3339(),
            valid_until: price.valid_until.map(inventory::Timestamp::to_rfc3339),
        }
    }
}

/// List the prices of a part, the newest first, at most 1000.
#[utoipa::path(get, path = "/parts/{id}/prices", tag = "parts", params(("id" = String, Path)),
    responses((status = 200, body = Vec<PriceView>), (status = 404, body = Problem)))]
pub(crate) async fn prices(
    State(app): State<App>,
    caller: Caller,
    PathId(part_id): PathId,
) -> Result<Reply<Vec<PriceView>>, Problem> {
    let prices = app.query(&caller, ListPrices { part_id }).await?;
    Ok(Reply::ok(prices.into_iter().map(Into::into).collect()))
}
