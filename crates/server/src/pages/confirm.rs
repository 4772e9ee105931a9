//! The page on which something is confirmed that cannot be undone.

use askama::Template;
use axum::response::Response;
use inventory::Command;
use serde::Deserialize;

use super::error::PageError;
use super::faults::Faults;
use super::flash::Flash;
use super::form::Form;
use super::frame::{Frame, Section, render_with};
use super::visitor::Visitor;
use super::words::given;
use crate::app::App;

/// The word that confirms what cannot be undone.
pub(super) const WORD: &str = "delete";

/// Returns whether somebody has typed the word.
pub(super) fn is_confirmed(typed: &str) -> bool {
    typed.trim().eq_ignore_ascii_case(WORD)
}

/// What is to be deleted.
pub(super) struct Deletion {
    pub(super) section: Section,
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
    let frame = Frame::new(app, visitor, deletion.section, title).await?;
    Ok(render_with(faults.status(), &ConfirmPage { frame, deletion, faults, word: WORD }))
}

/// Deletes once the word was typed, and goes on to the list.
pub(super) async fn delete<C: Command<Output = ()>>(
    app: &App,
    form: &Form<Confirmation>,
    deletion: Deletion,
    command: C,
) -> Result<Response, PageError> {
    if !is_confirmed(&form.fields.word) {
        let faults = Faults::in_field("word", "Nothing was deleted: the word was another one.");
        return show(app, &form.visitor, deletion, faults).await;
    }
    let flash = Flash::new(format!("Deleted the {} {}", deletion.what, deletion.name));
    match form.run(app, command, |()| flash.clone()).await {
        Ok(flash) => Ok(form.go_on(deletion.list.0, &flash)),
        Err(problem) => show(app, &form.visitor, deletion, Faults::of(problem)?).await,
    }
}
