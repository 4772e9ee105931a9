//! Changes and deletions of many parts, all or none, and the undo of a move.

use axum::extract::State;
use axum::response::Response;
use inventory::Change as Field;
use inventory::bulk::{ChangeParts, ChangedParts, DeleteParts, StockTarget};
use inventory::stock::{MovementSpan, UndoMovements};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::call::{Change, Reply, changed};
use crate::problem::Problem;

/// A change of many parts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkChange {
    /// The ids of the parts, at most 1000.
    #[schema(min_items = 1, max_items = 1000)]
    ids: Vec<String>,
    /// The fields that all parts get. Absent fields keep their values, and null clears a field.
    #[serde(default)]
    set: BulkFields,
    #[serde(default)]
    add_category_ids: Vec<String>,
    #[serde(default)]
    remove_category_ids: Vec<String>,
    #[serde(default)]
    add_tag_ids: Vec<String>,
    #[serde(default)]
    remove_tag_ids: Vec<String>,
    move_stock: Option<BulkMove>,
}

/// The fields that all parts get.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BulkFields {
    #[serde(deserialize_with = "changed")]
    description: Option<Option<String>>,
    #[serde(deserialize_with = "changed")]
    manufacturer: Option<Option<String>>,
    #[serde(deserialize_with = "changed")]
    component_type: Option<Option<String>>,
    #[serde(deserialize_with = "changed")]
    supplier: Option<Option<String>>,
    #[serde(deserialize_with = "changed")]
    supplier_url: Option<Option<String>>,
    #[serde(deserialize_with = "changed")]
    product_url: Option<Option<String>>,
    #[serde(deserialize_with = "changed")]
    #[schema(max_length = 50)]
    emoji: Option<Option<String>>,
}

/// Where the stock of all parts moves.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkMove {
    /// The only location whose stock moves. Default: all locations.
    location_id: Option<String>,
    /// The location that receives the stock.
    to_location_id: String,
    /// The reason, for the history.
    #[schema(max_length = 1000)]
    reason: Option<String>,
}

/// The parts to delete.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkDeletion {
    /// The ids of the parts, at most 1000.
    #[schema(min_items = 1, max_items = 1000)]
    ids: Vec<String>,
}

/// The number of parts that were deleted, or whose stock was moved back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkDone {
    /// The number of parts.
    count: u64,
}

/// The result of a change of many parts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkChanged {
    /// The number of parts.
    count: u64,
    /// The movements of stock, with which they can be undone. Null if no stock has moved.
    movements: Option<BulkMovements>,
}

/// The movements of one change of many parts.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkMovements {
    /// The id of the first movement.
    first: String,
    /// The id of the last movement.
    last: String,
}

impl From<&ChangedParts> for BulkChanged {
    fn from(done: &ChangedParts) -> Self {
        let movements = done.movements.clone();
        let movements = movements.map(|MovementSpan { first, last }| BulkMovements { first, last });
        Self { count: done.count, movements }
    }
}

/// Change many parts, all or none.
#[utoipa::path(post, path = "/parts/bulk", tag = "parts", request_body = BulkChange,
    responses((status = 200, body = BulkChanged), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn change(State(app): State<App>, change: Change<BulkChange>) -> Result<Response, Problem> {
    let (bulk, change) = change.split();
    let command = ChangeParts {
        ids: bulk.ids,
        description: Field::from(bulk.set.description),
        manufacturer: Field::from(bulk.set.manufacturer),
        component_type: Field::from(bulk.set.component_type),
        supplier: Field::from(bulk.set.supplier),
        supplier_url: Field::from(bulk.set.supplier_url),
        product_url: Field::from(bulk.set.product_url),
        emoji: Field::from(bulk.set.emoji),
        add_category_ids: bulk.add_category_ids,
        remove_category_ids: bulk.remove_category_ids,
        add_tag_ids: bulk.add_tag_ids,
        add_tag_names: Vec::new(),
        remove_tag_ids: bulk.remove_tag_ids,
        move_stock: bulk.move_stock.map(|to| StockTarget {
            from_location_id: to.location_id,
            to_location_id: to.to_location_id,
            reason: to.reason,
        }),
    };
    app.run(&change, command, |done| Reply::ok(BulkChanged::from(done))).await
}

/// Delete many parts, all or none.
#[utoipa::path(post, path = "/parts/bulk-delete", tag = "parts", request_body = BulkDeletion,
    responses((status = 200, body = BulkDone), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn delete(
    State(app): State<App>,
    change: Change<BulkDeletion>,
) -> Result<Response, Problem> {
    let (BulkDeletion { ids }, change) = change.split();
    app.run(&change, DeleteParts { ids }, |count| Reply::ok(BulkDone { count: *count })).await
}

/// Undo the movements of a change of many parts, all or none. Fails if the stock of one of the parts has moved since.
#[utoipa::path(post, path = "/parts/bulk-undo", tag = "parts", request_body = BulkMovements,
    responses((status = 200, body = BulkDone), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn undo(State(app): State<App>, change: Change<BulkMovements>) -> Result<Response, Problem> {
    let (BulkMovements { first, last }, change) = change.split();
    let command = UndoMovements(MovementSpan { first, last });
    app.run(&change, command, |count| Reply::ok(BulkDone { count: *count })).await
}
