//! Stock of a part, and its history.

use axum::extract::State;
use axum::response::Response;
use inventory::stock::{
    AddStock, Allocation, AllocationFilter, AllocationSort, Cassette, CountStock, ListAllocations,
    ListMovements, Movement, MovementEnd, MovementFilter, MovementSort, PlacedAllocation, SplitToCassette,
    SplitToCassetteResult, StockChange, TakeStock, TransferStock, UndoMovement,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Caller;
use crate::call::{Change, ListParams, PageOf, Params, PathId, Reply};
use crate::problem::Problem;

/// The quantity of a part at a location.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AllocationView {
    id: String,
    part_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    part_name: Option<String>,
    location_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    location_name: Option<String>,
    quantity: i64,
    /// Whether this is the primary storage of the part.
    is_primary: bool,
    notes: Option<String>,
    /// In UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<Allocation> for AllocationView {
    fn from(allocation: Allocation) -> Self {
        Self {
            id: allocation.id,
            part_id: allocation.part_id,
            location_id: allocation.location_id,
            part_name: None,
            location_name: None,
            quantity: allocation.quantity,
            is_primary: allocation.is_primary,
            notes: allocation.notes,
            updated_at: allocation.updated_at.to_rfc3339(),
        }
    }
}

impl From<PlacedAllocation> for AllocationView {
    fn from(placed: PlacedAllocation) -> Self {
        let PlacedAllocation { allocation, part_name, location_name } = placed;
        Self { part_name: Some(part_name), location_name: Some(location_name), ..allocation.into() }
    }
}

/// A change of stock.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MovementView {
    id: String,
    /// The position in the ledger.
    number: i64,
    part_id: String,
    /// `opening`, `add`, `take`, `move`, `count`, `correction` (by another program) or `undo`.
    kind: &'static str,
    quantity: i64,
    from: Option<EndView>,
    to: Option<EndView>,
    reason: Option<String>,
    username: Option<String>,
    /// In UTC.
    #[schema(format = DateTime)]
    moved_at: String,
    /// The id of the movement that this one undoes.
    undoes: Option<String>,
}

/// One end of a movement.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndView {
    location_id: String,
    /// The quantity there before.
    before: i64,
    /// The quantity there after.
    after: i64,
}

impl From<MovementEnd> for EndView {
    fn from(MovementEnd { location_id, before, after }: MovementEnd) -> Self {
        Self { location_id, before, after }
    }
}

impl From<Movement> for MovementView {
    fn from(movement: Movement) -> Self {
        Self {
            id: movement.id,
            number: movement.number,
            part_id: movement.part_id,
            kind: movement.kind.as_str(),
            quantity: movement.quantity,
            from: movement.from.map(Into::into),
            to: movement.to.map(Into::into),
            reason: movement.reason,
            username: movement.username,
            moved_at: movement.moved_at.to_rfc3339(),
            undoes: movement.undoes,
        }
    }
}

/// The result of a change of stock.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StockChanged {
    movement: MovementView,
    /// The allocations that the movement changed and that are still there. Empty after an undo.
    allocations: Vec<AllocationView>,
}

impl StockChanged {
    /// Makes the response of the movement and of the allocations, each with the name of its location.
    fn new<'a>(
        movement: &Movement,
        allocations: impl IntoIterator<Item = (&'a Allocation, &'a String)>,
    ) -> Reply<Self> {
        let view = |(allocation, name): (&Allocation, &String)| AllocationView {
            location_name: Some(name.clone()),
            ..allocation.clone().into()
        };
        let allocations = allocations.into_iter().map(view).collect();
        Reply::ok(Self { movement: movement.clone().into(), allocations })
    }

    /// Makes the response to a change at one location.
    fn of_one(done: &StockChange) -> Reply<Self> {
        Self::new(&done.movement, [(&done.allocation, &done.location_name)])
    }
}

/// A quantity at a location.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StockAt {
    location_id: String,
    #[schema(minimum = 1, maximum = 1_000_000_000_000i64)]
    quantity: i64,
    /// The reason, for the history.
    #[schema(max_length = 1000)]
    reason: Option<String>,
}

/// The quantity that was counted at a location.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StockCount {
    location_id: String,
    #[schema(minimum = 0, maximum = 1_000_000_000_000i64)]
    quantity: i64,
    /// The reason, for the history.
    #[schema(max_length = 1000)]
    reason: Option<String>,
}

/// A move of stock.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StockMove {
    /// The source.
    location_id: String,
    /// The target.
    to_location_id: String,
    #[schema(minimum = 1, maximum = 1_000_000_000_000i64)]
    quantity: i64,
    /// New notes on the target.
    notes: Option<String>,
    /// The reason, for the history.
    #[schema(max_length = 1000)]
    reason: Option<String>,
}

/// A split into a cassette, which is new unless `cassette_id` is given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StockSplit {
    /// The source.
    location_id: String,
    #[schema(minimum = 1, maximum = 1_000_000_000_000i64)]
    quantity: i64,
    /// The id of an existing cassette.
    cassette_id: Option<String>,
    /// The name of a new cassette. Default: the name of the part.
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    cassette_name: Option<String>,
    /// The parent of a new cassette.
    parent_id: Option<String>,
    /// The number of pieces that fit into a new cassette.
    #[schema(minimum = 1)]
    capacity: Option<i64>,
    /// An emoji of a new cassette.
    #[schema(max_length = 255)]
    emoji: Option<String>,
    notes: Option<String>,
    /// The reason, for the history.
    #[schema(max_length = 1000)]
    reason: Option<String>,
}

/// The movement to undo.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StockUndo {
    /// The id of the last movement of the part.
    movement_id: String,
}

const SORT: &[(&str, AllocationSort)] = &[];
const MOVEMENT_SORT: &[(&str, MovementSort)] = &[("number", MovementSort::Number)];

/// List the stock of a part by location, primary storage first.
#[utoipa::path(get, path = "/parts/{id}/stock", tag = "stock", params(("id" = String, Path), ListParams),
    responses((status = 200, body = PageOf<AllocationView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId,
    Params(list): Params<ListParams>,
) -> Result<Reply<PageOf<AllocationView>>, Problem> {
    let filter = AllocationFilter { part_id: Some(id), ..AllocationFilter::default() };
    let page = app.query(&caller, ListAllocations(list.query(filter, SORT)?)).await?;
    Ok(Reply::ok(PageOf::new(page, &list)))
}

/// List the movements of a part.
#[utoipa::path(get, path = "/parts/{id}/movements", tag = "stock", params(("id" = String, Path), ListParams),
    responses((status = 200, body = PageOf<MovementView>)))]
pub(crate) async fn movements(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId,
    Params(list): Params<ListParams>,
) -> Result<Reply<PageOf<MovementView>>, Problem> {
    let filter = MovementFilter { part_id: Some(id), ..MovementFilter::default() };
    list_movements(&app, &caller, filter, &list).await
}

/// Lists the movements of a part or a location.
pub(super) async fn list_movements(
    app: &App,
    caller: &Caller,
    filter: MovementFilter,
    list: &ListParams,
) -> Result<Reply<PageOf<MovementView>>, Problem> {
    let page = app.query(caller, ListMovements(list.query(filter, MOVEMENT_SORT)?)).await?;
    Ok(Reply::ok(PageOf::new(page, list)))
}

/// Add stock at a location.
#[utoipa::path(post, path = "/parts/{id}/stock/add", tag = "stock", params(("id" = String, Path)), request_body = StockAt,
    responses((status = 200, body = StockChanged), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn add(
    State(app): State<App>,
    PathId(part_id): PathId,
    change: Change<StockAt>,
) -> Result<Response, Problem> {
    let (StockAt { location_id, quantity, reason }, change) = change.split();
    let command = AddStock { part_id, location_id, quantity, reason };
    app.run(&change, command, StockChanged::of_one).await
}

/// Take stock from a location.
#[utoipa::path(post, path = "/parts/{id}/stock/take", tag = "stock", params(("id" = String, Path)), request_body = StockAt,
    responses((status = 200, body = StockChanged), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn take(
    State(app): State<App>,
    PathId(part_id): PathId,
    change: Change<StockAt>,
) -> Result<Response, Problem> {
    let (StockAt { location_id, quantity, reason }, change) = change.split();
    let command = TakeStock { part_id, location_id, quantity, reason };
    app.run(&change, command, StockChanged::of_one).await
}

/// Set the quantity at a location to the result of a stock-take.
#[utoipa::path(post, path = "/parts/{id}/stock/count", tag = "stock", params(("id" = String, Path)), request_body = StockCount,
    responses((status = 200, body = StockChanged), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn count(
    State(app): State<App>,
    PathId(part_id): PathId,
    change: Change<StockCount>,
) -> Result<Response, Problem> {
    let (StockCount { location_id, quantity, reason }, change) = change.split();
    let command = CountStock { part_id, location_id, quantity, reason };
    app.run(&change, command, StockChanged::of_one).await
}

/// Move stock to another location.
#[utoipa::path(post, path = "/parts/{id}/stock/move", tag = "stock", params(("id" = String, Path)), request_body = StockMove,
    responses((status = 200, body = StockChanged), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn transfer(
    State(app): State<App>,
    PathId(part_id): PathId,
    change: Change<StockMove>,
) -> Result<Response, Problem> {
    let (StockMove { location_id, to_location_id, quantity, notes, reason }, change) = change.split();
    let command =
        TransferStock { part_id, from_location_id: location_id, to_location_id, quantity, notes, reason };
    let reply = |done: &inventory::stock::Transfer| {
        let from = done.from.iter().map(|from| (from, &done.from_name));
        let allocations = from.chain([(&done.to, &done.to_name)]);
        StockChanged::new(&done.movement, allocations)
    };
    app.run(&change, command, reply).await
}

/// Split stock off into a cassette.
#[utoipa::path(post, path = "/parts/{id}/stock/split", tag = "stock", params(("id" = String, Path)), request_body = StockSplit,
    responses((status = 200, body = StockChanged), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn split(
    State(app): State<App>,
    PathId(part_id): PathId,
    change: Change<StockSplit>,
) -> Result<Response, Problem> {
    let (split, change) = change.split();
    let cassette = match split.cassette_id {
        Some(location_id) => Cassette::Existing { location_id },
        None => Cassette::New {
            name: split.cassette_name,
            parent_id: split.parent_id,
            capacity: split.capacity,
            emoji: split.emoji,
        },
    };
    let command = SplitToCassette {
        part_id,
        from_location_id: split.location_id,
        quantity: split.quantity,
        cassette,
        notes: split.notes,
        reason: split.reason,
    };
    let reply = |done: &SplitToCassetteResult| {
        StockChanged::new(&done.movement, [(&done.allocation, &done.cassette.name)])
    };
    app.run(&change, command, reply).await
}

/// Undo the last movement of a part.
#[utoipa::path(post, path = "/parts/{id}/stock/undo", tag = "stock", params(("id" = String, Path)), request_body = StockUndo,
    responses((status = 200, body = StockChanged), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn undo(
    State(app): State<App>,
    PathId(part_id): PathId,
    change: Change<StockUndo>,
) -> Result<Response, Problem> {
    let (StockUndo { movement_id }, change) = change.split();
    app.run(&change, UndoMovement { part_id, movement_id }, |movement| StockChanged::new(movement, [])).await
}
