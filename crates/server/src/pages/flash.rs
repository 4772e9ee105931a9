//! What a change has to say on the page after it: a short text, and a way to undo the change. It travels in a cookie that the next
//! page reads and removes, so that pages need no state on the server.

use axum::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::cookies;

const COOKIE: &str = "makermatrix_flash";
/// The time in seconds within which the next page must come.
const SHOWN_WITHIN: i64 = 60;
/// The largest number of characters of the text; browsers limit cookies to 4096 bytes.
const MAX_TEXT: usize = 300;

/// What a change has to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Flash {
    pub(super) text: String,
    pub(super) undo: Option<Undo>,
    /// The id of what was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) about: Option<String>,
}

/// How to undo a change. The undo is a use case with its own permission, so a forged cookie gives nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Undo {
    /// The last movement of a part.
    Movement { part_id: String, movement_id: String },
    /// The movements of one change of many parts.
    Movements { first: String, last: String },
    /// The move of a place or a category to another parent: the page of the thing, and the id of its former parent.
    Move { page: Moved, id: String, parent_id: String },
}

/// What was moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Moved {
    Place,
    Category,
}

impl Flash {
    /// Creates a flash with a text.
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), undo: None, about: None }
    }

    /// Creates a flash about something that was created.
    pub(super) fn about(id: &str, text: impl Into<String>) -> Self {
        Self { about: Some(id.to_owned()), ..Self::new(text) }
    }

    /// Adds a way to undo the change.
    pub(super) fn undo(self, undo: Undo) -> Self {
        Self { undo: Some(undo), ..self }
    }

    /// Returns the cookie.
    pub(super) fn cookie(&self) -> HeaderValue {
        let text = self.text.chars().take(MAX_TEXT).collect();
        let json = serde_json::to_vec(&Self { text, ..self.clone() }).unwrap_or_default();
        cookies::set(COOKIE, &URL_SAFE_NO_PAD.encode(json), SHOWN_WITHIN, false)
    }
}

/// Returns the cookie that removes the flash once it has been shown.
pub(super) fn removal() -> HeaderValue {
    cookies::set(COOKIE, "", 0, false)
}

/// Reads the flash of a request.
pub(super) fn read(headers: &HeaderMap) -> Option<Flash> {
    let value = cookies::value(headers, COOKIE)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(value).ok()?).ok()
}
