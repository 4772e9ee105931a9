//! Locations.

use axum::extract::State;
use axum::response::Response;
use inventory::locations::{
    CreateLocation, GetLocation, ListLocations, Location, LocationFilter, LocationSort,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::Caller;
use crate::call::{Change, ListParams, PageOf, Params, PathId, Reply};
use crate::problem::Problem;

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
        }
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
    Ok(Reply::ok(app.query(&caller, GetLocation(id)).await?.into()))
}

/// A new location.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLocation {
    /// Unique among the locations with the same parent, 1 to 255 characters.
    name: String,
    description: Option<String>,
    parent_id: Option<String>,
    /// Default: `standard`. A location of the type `single_part` refuses a second part.
    location_type: Option<String>,
    image_url: Option<String>,
    emoji: Option<String>,
    #[serde(default)]
    is_mobile: bool,
    capacity: Option<i64>,
}

/// Create a location.
#[utoipa::path(post, path = "/locations", tag = "locations", request_body = NewLocation,
    responses((status = 201, body = LocationView), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn create(State(app): State<App>, change: Change<NewLocation>) -> Result<Response, Problem> {
    let (new, change) = change.split();
    let default = CreateLocation::default();
    let command = CreateLocation {
        name: new.name,
        description: new.description,
        parent_id: new.parent_id,
        location_type: new.location_type.unwrap_or(default.location_type),
        image_url: new.image_url,
        emoji: new.emoji,
        is_mobile: new.is_mobile,
        capacity: new.capacity,
    };
    app.run(&change, command, |location| Reply::created(LocationView::from(location.clone()))).await
}
