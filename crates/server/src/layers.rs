//! What happens to every request around its handler: limits, protection against requests from other sites, headers, and logs.

use std::any::Any;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::error_handling::HandleErrorLayer;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Response, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use tower::ServiceBuilder;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::csrf::{CsrfLayer, ProtectionError};
use tower_http::request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_http::trace::TraceLayer;
use tracing::Span;

use crate::app::App;
use crate::problem::Problem;

/// The largest number of requests that run at the same time. Further requests get 503.
const MAX_REQUESTS: usize = 512;
/// The time in which a handler must begin its response.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The longest pause of a client that sends a body.
const BODY_PAUSE: Duration = Duration::from_secs(30);
/// How hard responses are compressed. From 5 on, Brotli looks for repetitions that are far apart, which a list consists of: its page is a
/// quarter smaller than with gzip. Higher levels take several times as long and save little.
const COMPRESSION: CompressionLevel = CompressionLevel::Precise(5);

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Adds a timeout to routes whose handlers must respond soon.
pub(crate) fn timed(router: Router<App>) -> Router<App> {
    router.layer(from_fn(async |request: Request, next: Next| {
        match tokio::time::timeout(TIMEOUT, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Problem::unavailable("the request took too long").into_response(),
        }
    }))
}

/// Adds everything that all routes have in common.
pub(crate) fn common(router: Router<App>, app: &App) -> Router<App> {
    let security = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(self), geolocation=(), microphone=()"),
        // Answers are for one caller. Handlers of files say otherwise.
        (header::CACHE_CONTROL, "no-store"),
    ];
    let mut router = router
        .layer(from_fn_with_state(app.clone(), remove_released_files))
        .layer(RequestBodyTimeoutLayer::new(BODY_PAUSE))
        .layer(CsrfLayer::new().with_rejection_response(cross_site))
        .layer(
            ServiceBuilder::new()
                .layer(HandleErrorLayer::new(async |_| Problem::unavailable("the server is overloaded")))
                .layer(LoadShedLayer::new())
                .layer(GlobalConcurrencyLimitLayer::new(MAX_REQUESTS)),
        )
        .layer(CompressionLayer::new().quality(COMPRESSION).compress_when(is_compressible()))
        .layer(from_fn_with_state(app.clone(), measure))
        .layer(CatchPanicLayer::custom(panicked));
    for (name, value) in security {
        router = router.layer(SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value)));
    }
    router
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(TraceLayer::new_for_http().make_span_with(span).on_request(()).on_response(log))
        .layer(SetRequestIdLayer::x_request_id(NewRequestId(app.ambient.clone())))
}

/// Returns what is compressed: neither archives, which are compressed or encrypted and served in ranges, nor what the library
/// leaves out by default.
fn is_compressible() -> impl Predicate {
    DefaultPredicate::new()
        .and(NotForContentType::const_new("application/zip"))
        .and(NotForContentType::const_new("application/octet-stream"))
}

fn cross_site(_error: ProtectionError) -> Response<Body> {
    Problem::forbidden("the request came from another site").into_response()
}

fn panicked(panic: Box<dyn Any + Send>) -> Response<Body> {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    Problem::internal(&text.unwrap_or_else(|| "a panic".to_owned())).into_response()
}

/// Gives each request a random id. An id that the client sends is kept.
#[derive(Clone)]
struct NewRequestId(inventory::Ambient);

impl MakeRequestId for NewRequestId {
    fn make_request_id<B>(&mut self, _request: &Request<B>) -> Option<RequestId> {
        HeaderValue::from_str(&self.0.uuid().to_string()).ok().map(RequestId::new)
    }
}

/// Describes a request in the log. The query is left out, since it may tell what somebody searched for.
fn span<B>(request: &Request<B>) -> Span {
    let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    let id: String = id.chars().take(64).collect();
    tracing::info_span!("request", %id, method = %request.method(), path = request.uri().path())
}

fn log<B>(response: &Response<B>, latency: Duration, _span: &Span) {
    let milliseconds = (latency.as_secs_f64() * 1e6).round() / 1e3;
    tracing::info!(status = response.status().as_u16(), milliseconds, "answered");
}

/// Deletes the files that a change has left without a row, whichever use case made it.
async fn remove_released_files(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> axum::response::Response {
    let is_change = !request.method().is_safe();
    let response = next.run(request).await;
    if is_change {
        app.remove_released_files().await;
    }
    response
}

/// Counts a request and its duration.
async fn measure(State(app): State<App>, request: Request, next: Next) -> axum::response::Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let began = Instant::now();
    let response = next.run(request).await;
    app.metrics.finish(began.elapsed(), &method, route, response.status());
    response
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use axum::routing::get;
    use backup::{Engine, Places};
    use inventory::{Actor, Ambient, Inventory};
    use testkit::TestFolder;
    use tower::ServiceExt;

    use super::*;
    use crate::app::Options;

    async fn app(folder: &TestFolder) -> App {
        let engine = Engine::new(Places::in_folder(folder.path()), Ambient::system());
        engine.prepare_new_inventory(&Actor::System).unwrap();
        let inventory = Inventory::create(&engine.places().database, Ambient::system()).await.unwrap();
        App::new(inventory, engine, Options::default()).await.unwrap()
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_error_and_the_server_goes_on() {
        let folder = TestFolder::new();
        let app = app(&folder).await;
        let fails = async || -> &'static str { panic!("secret of the handler") };
        let routes = Router::new().route("/fails", get(fails)).route("/works", get(async || "ok"));
        let router = common(routes, &app).with_state(app);
        let send = async |path: &str| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap()
        };
        let response = send("/fails").await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert!(!response.headers()["x-request-id"].is_empty());
        let body = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("secret"), "{body:?}");
        assert_eq!(send("/works").await.status(), StatusCode::OK);
    }
}
