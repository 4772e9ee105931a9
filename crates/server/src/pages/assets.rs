//! Style sheets, scripts and icons, compiled into the program. Their addresses hold a digest of all of them, so browsers keep them
//! until one of them changes.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use inventory::digest_of;

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
const PNG: &str = "image/png";

macro_rules! assets {
    ($($name:literal: $media_type:expr),+ $(,)?) => {
        &[$(($name, $media_type, include_bytes!(concat!("../../assets/", $name)))),+]
    };
}

/// The parts of the style sheet, in their order.
const STYLES: &[&str] = &[
    include_str!("../../assets/css/base.css"),
    include_str!("../../assets/css/parts.css"),
    include_str!("../../assets/css/backups.css"),
    include_str!("../../assets/css/places.css"),
    include_str!("../../assets/css/overview.css"),
    include_str!("../../assets/css/people.css"),
    include_str!("../../assets/css/labels.css"),
];

const FILES: &[(&str, &str, &[u8])] = assets! {
    "app.js": SCRIPT,
    "swap.js": SCRIPT,
    "controls.js": SCRIPT,
    "keys.js": SCRIPT,
    "live.js": SCRIPT,
    "place-picker.js": SCRIPT,
    "sheet.js": SCRIPT,
    "places.js": SCRIPT,
    "palette.js": SCRIPT,
    "entry.js": SCRIPT,
    "scan.js": SCRIPT,
    "icons.svg": SVG,
    "check.svg": SVG,
    "chevron.svg": SVG,
    "icon.svg": SVG,
    "icon-192.png": PNG,
    "icon-512.png": PNG,
};

static STYLE: LazyLock<String> = LazyLock::new(|| STYLES.concat());

/// The folder in the addresses of the assets.
static BASE: LazyLock<String> = LazyLock::new(|| {
    let files = FILES.iter().flat_map(|(name, _, content)| [name.as_bytes(), content]);
    let digest = digest_of(files.chain([STYLE.as_bytes()]));
    format!("/assets/{}", digest.get(..12).unwrap_or(&digest))
});

/// Returns the folder in the addresses of the assets.
pub(super) fn base() -> &'static str {
    &BASE
}

/// Returns the type and the content of an asset.
fn find(name: &str) -> Option<(&'static str, &'static [u8])> {
    if name == "app.css" {
        return Some((CSS, STYLE.as_bytes()));
    }
    FILES.iter().find(|(known, ..)| *known == name).map(|(_, media_type, content)| (*media_type, *content))
}

/// Sends an asset. Only the current address may be kept, since another version of the program has other files.
pub(super) async fn asset(Path((version, name)): Path<(String, String)>) -> Response {
    let Some((media_type, content)) = find(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let is_current = BASE.rsplit('/').next() == Some(&*version);
    let caching = if is_current { "public, max-age=31536000, immutable" } else { "no-store" };
    ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, caching)], content).into_response()
}

/// Sends the icon to browsers that ask for it at this address whatever the page says.
pub(super) async fn favicon() -> Response {
    let icon: &[u8] = include_bytes!("../../assets/icon.svg");
    ([(header::CONTENT_TYPE, SVG), (header::CACHE_CONTROL, "public, max-age=86400")], icon).into_response()
}

/// Describes the pages to browsers that install them, <https://www.w3.org/TR/appmanifest/>.
pub(super) async fn manifest() -> Response {
    let base = base();
    let icon = |name: &str, sizes: &str, media_type: &str| serde_json::json!({"src": format!("{base}/{name}"), "sizes": sizes, "type": media_type, "purpose": "any"});
    let manifest = serde_json::json!({
        "id": "/",
        "name": "MakerMatrix",
        "short_name": "MakerMatrix",
        "description": "A place for every part.",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#fbfaf8",
        "theme_color": "#fbfaf8",
        "icons": [
            icon("icon.svg", "any", SVG),
            icon("icon-192.png", "192x192", PNG),
            icon("icon-512.png", "512x512", PNG),
        ],
    });
    ([(header::CONTENT_TYPE, "application/manifest+json")], manifest.to_string()).into_response()
}
