//! All routes, and the OpenAPI document that describes them.

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::{
    account, activity, api_keys, backup_files, backup_tasks, backups, bulk, categories, export, files,
    health, import, locations, part_details, part_list, parts, projects, roles, session, setup, stock, tags,
    tasks, users,
};
use crate::app::App;
use crate::problem::Problem;
use crate::{docs, layers, pages};

#[derive(OpenApi)]
#[openapi(info(title = "MakerMatrix"))]
struct Document;

/// Returns the routes of the API.
fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(session::sign_in, session::show, session::sign_out))
        .routes(routes!(setup::show, setup::create))
        .routes(routes!(account::show))
        .routes(routes!(account::set_password))
        .routes(routes!(account::sessions, account::end_other_sessions))
        .routes(routes!(account::end_session))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::show, users::update, users::delete))
        .routes(routes!(users::set_password))
        .routes(routes!(roles::permissions))
        .routes(routes!(roles::list, roles::create))
        .routes(routes!(roles::show, roles::update, roles::delete))
        .routes(routes!(api_keys::list, api_keys::create))
        .routes(routes!(api_keys::show, api_keys::update, api_keys::delete))
        .routes(routes!(part_list::list, parts::create))
        .routes(routes!(part_details::show, parts::update, parts::delete))
        .routes(routes!(export::parts_csv))
        .routes(routes!(export::everything))
        .routes(routes!(bulk::change))
        .routes(routes!(bulk::delete))
        .routes(routes!(bulk::undo))
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
        .routes(routes!(backups::list, backup_tasks::create))
        .routes(routes!(backups::show, backups::delete))
        .routes(routes!(backup_files::download))
        .routes(routes!(backup_tasks::plan))
        .routes(routes!(backup_tasks::verify))
        .routes(routes!(backup_tasks::drill))
        .routes(routes!(backup_tasks::restore))
        .routes(routes!(backup_tasks::undo))
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
        .routes(routes!(tasks::list))
        .routes(routes!(tasks::show, tasks::cancel))
        .routes(routes!(tasks::events))
}

/// Returns the routes whose handlers may take as long as their clients send.
fn uploads() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(backup_files::upload))
        .routes(routes!(import::parts))
        .routes(routes!(files::add_datasheet))
        .routes(routes!(files::delete_datasheet))
        .routes(routes!(files::set_image))
        .routes(routes!(files::image))
        .routes(routes!(files::datasheet))
}

fn split() -> (Router<App>, utoipa::openapi::OpenApi) {
    let document = OpenApiRouter::with_openapi(Document::openapi());
    let (timed, mut document) = document.nest("/api/v1", api()).split_for_parts();
    let (untimed, uploads) = OpenApiRouter::new().nest("/api/v1", uploads()).split_for_parts();
    document.merge(uploads);
    docs::complete(&mut document);
    (layers::timed(timed).merge(untimed), document)
}

/// Returns the OpenAPI document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    split().1
}

/// Returns the service for all requests.
pub fn router(app: App) -> Router {
    let (api, document) = split();
    let routes = api
        .merge(docs::router(&document))
        .merge(layers::timed(pages::routes()))
        .merge(pages::uploads())
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .fallback(async || Problem::not_found("there is no such page"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed());
    let routes = routes.layer(from_fn(pages::error_page));
    layers::common(routes, &app).with_state(app)
}
