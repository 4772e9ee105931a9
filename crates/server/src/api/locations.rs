//! Locations.

use axum::extract::State;
use axum::response::Response;
use inventory::Change as Field;
use inventory::TreeNode;
use inventory::deletion::{DeleteLocation, LocationDeletion, PreviewLocationDeletion};
use inventory::locations::{
    CreateLocation, GetLocation, GetLocationPath, GetLocationTree, ListLocations, Location, LocationFilter,
    LocationSort, UpdateLocation,
};
use inventory::stock::{AllocationFilter, AllocationSort, ListAllocations, MovementFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::Caller;
use crate::call::{Change, ListParams, NoBody, PageOf, PageParams, Params, PathId, Reply, changed};
use crate::problem::Problem;

use super::slots::{LayoutType, NewSlots, SlotsView};
use super::stock::{AllocationView, MovementView, list_movements};

/// A location.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LocationView {
    id: String,
    name: String,
    description: Option<String>,
    parent_id: Option<String>,
    location_type: String,
    image_url: Option<String>,
    emoji: Option<String>,
    /// Whether the location is carried around, like a cassette.
    is_mobile: bool,
    /// The number of pieces that fit in.
    capacity: Option<i64>,
    /// Whether the location is a slot that was created with its container.
    is_slot: bool,
    /// The number of a slot, from 1.
    slot_number: Option<i64>,
    /// The slots of a container.
    #[serde(flatten)]
    slots: SlotsView,
    /// The number of parts here, without those in locations below.
    part_count: u64,
    /// The quantity of all parts here, without those in locations below.
    quantity: i64,
    /// Changes with each change of the location, but not of its stock. Send it as `If-Match: "version"`.
    version: String,
}

impl From<Location> for LocationView {
    fn from(location: Location) -> Self {
        Self {
            id: location.id,
            name: location.name,
            description: location.description,
            parent_id: location.parent_id,
            location_type: location.location_type,
            image_url: location.image_url,
            emoji: location.emoji,
            is_mobile: location.is_mobile,
            capacity: location.capacity,
            is_slot: location.is_slot,
            slot_number: location.slot_number,
            slots: location.slots.into(),
            part_count: location.part_count,
            quantity: location.quantity,
            version: location.version,
        }
    }
}

/// A location in the flattened tree.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LocationNode {
    /// The depth, 0 at the root.
    depth: usize,
    #[serde(flatten)]
    location: LocationView,
}

impl From<TreeNode<Location>> for LocationNode {
    fn from(node: TreeNode<Location>) -> Self {
        Self { depth: node.depth, location: node.item.into() }
    }
}

/// What the deletion of a location affects.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LocationDeletionView {
    location: LocationView,
    /// The number of locations below it, which are deleted as well.
    below_count: u64,
    /// The number of parts with stock in the location or below it, counted once for each location.
    part_count: u64,
    /// Their quantity. Unless it is 0, the deletion has to say where it moves.
    quantity: i64,
    /// The number of tools in the location or below it, which have to move as well.
    tool_count: u64,
}

impl From<LocationDeletion> for LocationDeletionView {
    fn from(deletion: LocationDeletion) -> Self {
        let LocationDeletion { location, below_count, part_count, quantity, tool_count } = deletion;
        Self { location: location.into(), below_count, part_count, quantity, tool_count }
    }
}

/// The filter of the list of locations.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LocationParams {
    /// A text that the name or the description contains.
    q: Option<String>,
    /// The id of the parent.
    parent_id: Option<String>,
    /// The type.
    location_type: Option<String>,
    /// Whether slots that were created with their container are left out.
    #[serde(default)]
    without_slots: bool,
}

const SORT: &[(&str, LocationSort)] = &[("name", LocationSort::Name), ("type", LocationSort::Type)];

/// List locations. Sort keys: name, type.
#[utoipa::path(get, path = "/locations", tag = "locations", params(LocationParams, ListParams),
    responses((status = 200, body = PageOf<LocationView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<LocationParams>,
    Params(list): Params<ListParams>,
) -> Result<Reply<PageOf<LocationView>>, Problem> {
    let filter = LocationFilter {
        text: params.q.filter(|text| !text.trim().is_empty()),
        parent_id: params.parent_id,
        location_type: params.location_type,
        without_slots: params.without_slots,
    };
    let page = app.query(&caller, ListLocations(list.query(filter, SORT)?)).await?;
    Ok(Reply::ok(PageOf::new(page, &list)))
}

/// Show a location.
#[utoipa::path(get, path = "/locations/{id}", tag = "locations", params(("id" = String, Path)),
    responses((status = 200, body = LocationView), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Reply<LocationView>, Problem> {
    let location = app.query(&caller, GetLocation(id)).await?;
    let version = location.version.clone();
    Ok(Reply::ok(location.into()).version(&version))
}

/// List the tree of locations: each is followed by those below it, sorted by name.
#[utoipa::path(get, path = "/locations/tree", tag = "locations", params(PageParams),
    responses((status = 200, body = PageOf<LocationNode>)))]
pub(crate) async fn tree(
    State(app): State<App>,
    caller: Caller,
    Params(list): Params<PageParams>,
) -> Result<Reply<PageOf<LocationNode>>, Problem> {
    let page = app.query(&caller, GetLocationTree { page: (&list).into() }).await?;
    Ok(Reply::ok(PageOf::new(page, &list)))
}

/// List a location and those above it, from the root down.
#[utoipa::path(get, path = "/locations/{id}/path", tag = "locations", params(("id" = String, Path)),
    responses((status = 200, body = Vec<LocationView>), (status = 404, body = Problem)))]
pub(crate) async fn path(
    State(app): State<App>,
    caller: Caller,
    PathId(location_id): PathId,
) -> Result<Reply<Vec<LocationView>>, Problem> {
    let path = app.query(&caller, GetLocationPath { location_id }).await?;
    Ok(Reply::ok(path.into_iter().map(Into::into).collect()))
}

const STOCK_SORT: &[(&str, AllocationSort)] = &[
    ("part_name", AllocationSort::PartName),
    ("quantity", AllocationSort::Quantity),
    ("age", AllocationSort::Age),
];

/// List the stock at a location. Sort keys: part_name, quantity, age.
#[utoipa::path(get, path = "/locations/{id}/stock", tag = "locations", params(("id" = String, Path), ListParams),
    responses((status = 200, body = PageOf<AllocationView>)))]
pub(crate) async fn stock(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId,
    Params(list): Params<ListParams>,
) -> Result<Reply<PageOf<AllocationView>>, Problem> {
    let filter = AllocationFilter { location_id: Some(id), ..AllocationFilter::default() };
    let page = app.query(&caller, ListAllocations(list.query(filter, STOCK_SORT)?)).await?;
    Ok(Reply::ok(PageOf::new(page, &list)))
}

/// List the movements from and to a location. Sort keys: number.
#[utoipa::path(get, path = "/locations/{id}/movements", tag = "locations", params(("id" = String, Path), ListParams),
    responses((status = 200, body = PageOf<MovementView>)))]
pub(crate) async fn movements(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId,
    Params(list): Params<ListParams>,
) -> Result<Reply<PageOf<MovementView>>, Problem> {
    let filter = MovementFilter { location_id: Some(id), ..MovementFilter::default() };
    list_movements(&app, &caller, filter, &list).await
}

/// Show what the deletion of a location affects.
#[utoipa::path(get, path = "/locations/{id}/deletion", tag = "locations", params(("id" = String, Path)),
    responses((status = 200, body = LocationDeletionView), (status = 404, body = Problem)))]
pub(crate) async fn deletion(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Reply<LocationDeletionView>, Problem> {
    Ok(Reply::ok(app.query(&caller, PreviewLocationDeletion(id)).await?.into()))
}

/// A new location.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLocation {
    /// Unique among the locations with the same parent, 1 to 255 characters.
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    name: String,
    description: Option<String>,
    parent_id: Option<String>,
    /// Default: `standard`. A location of the type `single_part` refuses a second part.
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    location_type: Option<String>,
    image_url: Option<String>,
    #[schema(max_length = 255)]
    emoji: Option<String>,
    #[serde(default)]
    is_mobile: bool,
    #[schema(minimum = 1)]
    capacity: Option<i64>,
    /// The number of slots to create in the location, 1 to 200.
    #[schema(minimum = 1, maximum = 200)]
    slot_count: Option<i64>,
    /// The names of the slots: `{n}` is the number, and in a grid `{row}` and `{col}` are the row and the column. Default:
    /// `Slot {n}`, and in a grid `R{row}-C{col}`.
    #[schema(max_length = 100, pattern = r"\{n\}|\{row\}.*\{col\}|\{col\}.*\{row\}")]
    slot_naming_pattern: Option<String>,
    /// Default: `simple`, in a row.
    slot_layout_type: Option<LayoutType>,
    /// 1 to 20, required for a grid.
    #[schema(minimum = 1, maximum = 20)]
    grid_rows: Option<i64>,
    /// 1 to 20, required for a grid.
    #[schema(minimum = 1, maximum = 20)]
    grid_columns: Option<i64>,
}

/// Create a location, which may be a container with slots.
#[utoipa::path(post, path = "/locations", tag = "locations", request_body = NewLocation,
    responses((status = 201, body = LocationView), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn create(State(app): State<App>, change: Change<NewLocation>) -> Result<Response, Problem> {
    let (new, change) = change.split();
    let default = CreateLocation::default();
    let slots = NewSlots {
        count: new.slot_count,
        naming_pattern: new.slot_naming_pattern,
        layout_type: new.slot_layout_type,
        rows: new.grid_rows,
        columns: new.grid_columns,
    };
    let command = CreateLocation {
        name: new.name,
        description: new.description,
        parent_id: new.parent_id,
        location_type: new.location_type.unwrap_or(default.location_type),
        image_url: new.image_url,
        emoji: new.emoji,
        is_mobile: new.is_mobile,
        capacity: new.capacity,
        slots: slots.slots()?,
    };
    let reply =
        |location: &Location| Reply::created(LocationView::from(location.clone())).version(&location.version);
    app.run(&change, command, reply).await
}

/// Changes of a location: a JSON merge patch.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LocationPatch {
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    name: Option<String>,
    #[serde(deserialize_with = "changed")]
    description: Option<Option<String>>,
    /// Moves the location with everything in it; null moves it to the root.
    #[serde(deserialize_with = "changed")]
    parent_id: Option<Option<String>>,
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    location_type: Option<String>,
    #[serde(deserialize_with = "changed")]
    image_url: Option<Option<String>>,
    #[serde(deserialize_with = "changed")]
    #[schema(max_length = 255)]
    emoji: Option<Option<String>>,
    is_mobile: Option<bool>,
    #[serde(deserialize_with = "changed")]
    #[schema(minimum = 1)]
    capacity: Option<Option<i64>>,
}

/// Change or move a location. Absent fields keep their values.
#[utoipa::path(patch, path = "/locations/{id}", tag = "locations", params(("id" = String, Path)),
    request_body = LocationPatch,
    responses((status = 200, body = LocationView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn update(
    State(app): State<App>,
    PathId(id): PathId,
    change: Change<LocationPatch>,
) -> Result<Response, Problem> {
    let (patch, change) = change.split();
    let command = UpdateLocation {
        id,
        version: change.version.clone(),
        name: Field::from(patch.name),
        description: Field::from(patch.description),
        parent_id: Field::from(patch.parent_id),
        location_type: Field::from(patch.location_type),
        image_url: Field::from(patch.image_url),
        emoji: Field::from(patch.emoji),
        is_mobile: Field::from(patch.is_mobile),
        capacity: Field::from(patch.capacity),
    };
    let reply =
        |location: &Location| Reply::ok(LocationView::from(location.clone())).version(&location.version);
    app.run(&change, command, reply).await
}

/// The options of a deletion.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LocationDeletionParams {
    /// The id of the location that receives the stock and the tools. Required if there are any.
    move_stock_to: Option<String>,
}

/// Delete a location and everything below it. Its stock and its tools move to another location.
#[utoipa::path(delete, path = "/locations/{id}", tag = "locations",
    params(("id" = String, Path), LocationDeletionParams),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn delete(
    State(app): State<App>,
    PathId(id): PathId,
    Params(LocationDeletionParams { move_stock_to }): Params<LocationDeletionParams>,
    change: Change<NoBody>,
) -> Result<Response, Problem> {
    let command = DeleteLocation { id, version: change.version.clone(), move_stock_to };
    app.run(&change, command, |()| Reply::no_content()).await
}
