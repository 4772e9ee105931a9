//! The page on which something is confirmed that cannot be undone.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::error::PageError;
use super::faults::Faults;
use super::frame::{Frame, Section, render_with};
use super::visitor::Visitor;
use super::words::given;
use crate::app::App;

/// The word that confirms what cannot be undone.
const WORD: &str = "delete";

/// What is to be deleted.
pub(super) struct Deletion {
    /// The kind of thing, such as `user`.
    pub(super) what: &'static str,
    pub(super) name: String,
    /// The page of the thing, to which `/delete` is added.
    pub(super) page: String,
    /// The list of such things, with its name.
    pub(super) list: (&'static str, &'static str),
    /// What goes with it, and what stays.
    pub(super) effects: Vec<String>,
    /// The version that the visitor has seen.
    pub(super) version: String,
}

/// The form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Confirmation {
    word: String,
    version: String,
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    frame: Frame,
    deletion: Deletion,
    faults: Faults,
    word: &'static str,
}

impl Confirmation {
    /// Returns what is wrong if the word was not typed.
    pub(super) fn check(&self) -> Result<(), Faults> {
        if self.word.trim().eq_ignore_ascii_case(WORD) {
            return Ok(());
        }
        Err(Faults::in_field("word", "Nothing was deleted: the word was another one."))
    }

    /// Returns the version that the visitor has seen.
    pub(super) fn seen(&self) -> Option<String> {
        given(&self.version)
    }
}

/// Shows what a deletion would do.
pub(super) async fn show(
    app: &App,
    visitor: &Visitor,
    deletion: Deletion,
    faults: Faults,
) -> Result<Response, PageError> {
    let title = format!("Delete {}", deletion.name);
    let frame = Frame::new(app, visitor, Section::Settings, title).await?;
    let status: StatusCode = faults.status();
    Ok(render_with(status, &ConfirmPage { frame, deletion, faults, word: WORD }))
}
