//! The theme, which each browser chooses for itself: that of the system, light, or dark.

use axum::http::{HeaderMap, HeaderValue};

use crate::cookies;

const COOKIE: &str = "makermatrix_theme";

/// The themes that can be chosen beside that of the system.
const THEMES: [&str; 2] = ["light", "dark"];

/// Returns the theme that the browser has chosen; `None` for that of the system.
pub(super) fn chosen(headers: &HeaderMap) -> Option<&'static str> {
    known(cookies::value(headers, COOKIE)?)
}

/// Returns the cookie for a choice. Any other text than that of a theme stands for the theme of the system.
pub(super) fn cookie(choice: &str) -> HeaderValue {
    match known(choice) {
        Some(theme) => cookies::set(COOKIE, theme, cookies::YEAR, false),
        None => cookies::set(COOKIE, "", 0, false),
    }
}

fn known(text: &str) -> Option<&'static str> {
    THEMES.into_iter().find(|theme| *theme == text)
}
