//! All routes, and the OpenAPI document that describes them.

use axum::Router;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::{
    activity, backups, bulk, categories, files, health, locations, part_details, parts, projects, session,
    stock, tags, tasks,
};
use crate::app::App;
use crate::problem::Problem;
use crate::{docs, layers};

#[derive(OpenApi)]
#[openapi(info(
    title = "MakerMatrix",
    description = "The REST API of MakerMatrix, a self-hosted parts inventory for makers and makerspaces."
))]
struct Document;

/// Returns the routes of the API.
fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(session::sign_in, session::show, session::sign_out))
        .routes(routes!(parts::list, parts::create))
        .routes(routes!(part_details::show, parts::update, parts::delete))
        .routes(routes!(bulk::change))
        .routes(routes!(bulk::delete))
        .routes(routes!(part_details::duplicate))
        .routes(routes!(part_details::deletion))
        .routes(routes!(part_details::low_stock_limit, part_details::set_low_stock_limit))
        .routes(routes!(part_details::prices))
        .routes(routes!(tags::list, tags::create))
        .routes(routes!(tags::show, tags::update, tags::delete))
        .routes(routes!(projects::list, projects::create))
        .routes(routes!(projects::show, projects::update, projects::delete))
        .routes(routes!(stock::list))
        .routes(routes!(stock::movements))
        .routes(routes!(stock::add))
        .routes(routes!(stock::take))
        .routes(routes!(stock::transfer))
        .routes(routes!(stock::count))
        .routes(routes!(stock::split))
        .routes(routes!(stock::undo))
        .routes(routes!(locations::list, locations::create))
        .routes(routes!(locations::tree))
        .routes(routes!(locations::show, locations::update, locations::delete))
        .routes(routes!(locations::path))
        .routes(routes!(locations::stock))
        .routes(routes!(locations::movements))
        .routes(routes!(locations::deletion))
        .routes(routes!(activity::list))
        .routes(routes!(categories::list, categories::create))
        .routes(routes!(categories::tree))
        .routes(routes!(categories::show, categories::update, categories::delete))
        .routes(routes!(categories::path))
        .routes(routes!(categories::deletion))
        .routes(routes!(backups::list, backups::create))
        .routes(routes!(backups::restore))
        .routes(routes!(tasks::list))
        .routes(routes!(tasks::show, tasks::cancel))
        .routes(routes!(tasks::events))
}

/// Returns the routes that send or receive files, which may take long.
fn files() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(files::add_datasheet))
        .routes(routes!(files::delete_datasheet))
        .routes(routes!(files::set_image))
        .routes(routes!(files::image))
        .routes(routes!(files::datasheet))
}

/// Returns the routes that respond soon, those that may take long, and the document of both.
fn split() -> (Router<App>, Router<App>, utoipa::openapi::OpenApi) {
    let (soon, document) =
        OpenApiRouter::with_openapi(Document::openapi()).nest("/api/v1", api()).split_for_parts();
    let (long, all) = OpenApiRouter::with_openapi(document).nest("/api/v1", files()).split_for_parts();
    (soon, long, all)
}

/// Returns the OpenAPI document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    split().2
}

/// Returns the service for all requests.
pub fn router(app: App) -> Router {
    let (soon, long, document) = split();
    let routes = layers::timed(soon)
        .merge(long)
        .merge(docs::router(&document))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .fallback(async || Problem::not_found("there is no such page"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed());
    layers::common(routes, &app).with_state(app)
}
