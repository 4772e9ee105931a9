//! The theme, which each browser chooses for itself: that of the system, light, or dark.

use axum::http::{HeaderMap, HeaderValue, header};

const COOKIE: &str = "makermatrix_theme";

/// The themes that can be chosen beside that of the system.
const THEMES: [&str; 2] = ["light", "dark"];

/// Returns the theme that the browser has chosen; `None` for that of the system.
pub(super) fn chosen(headers: &HeaderMap) -> Option<&'static str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = cookies.flat_map(|value| value.split(';')).map(str::trim);
    known(cookies.find_map(|cookie| cookie.strip_prefix(COOKIE)?.strip_prefix('='))?)
}

/// Returns the cookie for a choice. Any other text than that of a theme stands for the theme of the system.
pub(super) fn cookie(choice: &str) -> HeaderValue {
    let attributes = "Path=/; HttpOnly; SameSite=Lax";
    let cookie = match known(choice) {
        Some(theme) => format!("{COOKIE}={theme}; {attributes}; Max-Age=31536000"),
        None => format!("{COOKIE}=; {attributes}; Max-Age=0"),
    };
    HeaderValue::from_str(&cookie).expect("it is ASCII")
}

fn known(text: &str) -> Option<&'static str> {
    THEMES.into_iter().find(|theme| *theme == text)
}
