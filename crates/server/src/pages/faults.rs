//! What is wrong with a form that was sent: with its fields, and as a whole.

use std::collections::HashMap;

use axum::http::StatusCode;

use super::error::PageError;
use super::words::{capitalised, sentence};
use crate::problem::{InvalidField, Problem};

/// What is wrong with a form. The default is nothing.
#[derive(Debug, Default)]
pub(super) struct Faults {
    fields: HashMap<String, String>,
    /// What is wrong with the form as a whole.
    pub(super) whole: Option<String>,
    status: StatusCode,
}

impl Faults {
    /// Takes a problem that the visitor can mend in the form. Any other problem has a page of its own.
    pub(super) fn of(problem: Problem) -> Result<Self, PageError> {
        let status = problem.status();
        let in_form = [
            StatusCode::CONFLICT,
            StatusCode::PRECONDITION_FAILED,
            StatusCode::UNPROCESSABLE_ENTITY,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        if !in_form.contains(&status) {
            return Err(problem.into());
        }
        let explained = |error: &InvalidField| (error.field.clone(), plain(&error.detail));
        let fields: HashMap<String, String> = problem.errors().iter().map(explained).collect();
        let whole = fields.is_empty().then(|| sentence(problem.detail()));
        Ok(Self { fields, whole, status })
    }

    /// Says what is wrong with one field.
    pub(super) fn in_field(field: &str, text: &str) -> Self {
        let fields = HashMap::from([(field.to_owned(), text.to_owned())]);
        Self { fields, whole: None, status: StatusCode::UNPROCESSABLE_ENTITY }
    }

    /// Moves what is wrong with the form as a whole to a field if it names the value of the field, such as a name that is taken.
    pub(super) fn beside(mut self, field: &str, value: &str) -> Self {
        if let Some(text) = self.whole.take_if(|text| text.contains(&format!("{value:?}"))) {
            self.fields.insert(field.to_owned(), text);
        }
        self
    }

    /// Returns what is wrong with a field.
    pub(super) fn error(&self, field: &str) -> Option<&String> {
        self.fields.get(field)
    }

    /// Returns the status of the page that shows the form.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }
}

/// Returns a rule in the words of the form, which does not know the names of fields.
fn plain(rule: &str) -> String {
    capitalised(&rule.replace("current_password", "the current password"))
}
