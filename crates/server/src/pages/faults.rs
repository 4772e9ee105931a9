//! What is wrong with a form that was sent: with its fields, and as a whole. The form is shown again with it.

use std::collections::HashMap;

use axum::http::StatusCode;
use inventory::Command;

use super::error::PageError;
use super::words::{given, sentence, whole_number};
use crate::problem::Problem;

/// What is wrong with a form. The default is nothing.
#[derive(Debug, Default)]
pub(super) struct Faults {
    fields: HashMap<String, String>,
    /// What is wrong with the form as a whole.
    pub(super) whole: Option<String>,
    status: StatusCode,
}

impl Faults {
    /// Takes a problem that the visitor can mend in the form.
    ///
    /// # Errors
    /// Any other problem, which has a page of its own.
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
        let mut faults = Self { status, ..Self::default() };
        faults.add(&problem);
        if faults.fields.is_empty() {
            faults.whole = Some(match status {
                StatusCode::PRECONDITION_FAILED => overtaken(problem.detail()),
                _ => sentence(problem.detail()),
            });
        }
        Ok(faults)
    }

    /// Says what is wrong with one field.
    pub(super) fn in_field(field: &str, text: &str) -> Self {
        let mut faults = Self::default();
        faults.add(&Problem::invalid_field(field, text));
        faults
    }

    /// Adds the fields that a problem names.
    pub(super) fn add(&mut self, problem: &Problem) {
        if self.status == StatusCode::OK {
            self.status = problem.status();
        }
        let errors = problem.errors().iter();
        self.fields.extend(errors.map(|error| (error.field.clone(), rule(&error.detail))));
    }

    /// Adds the fields of a command that break a rule, when the command cannot run because of other faults.
    pub(super) fn check(&mut self, command: &impl Command) {
        if let Err(error) = command.check_fields() {
            self.add(&error.into());
        }
    }

    /// Takes the value of a field, or adds what is wrong with it.
    ///
    /// # Errors
    /// A problem that names no field.
    pub(super) fn take<T>(&mut self, field: Result<T, Problem>) -> Result<Option<T>, PageError> {
        match field {
            Ok(value) => Ok(Some(value)),
            Err(problem) if problem.errors().is_empty() => Err(problem.into()),
            Err(problem) => {
                self.add(&problem);
                Ok(None)
            }
        }
    }

    /// Reads a whole number, or adds what is wrong with it. Returns `None` for an empty text, too.
    pub(super) fn optional_number(&mut self, field: &str, text: &str) -> Option<i64> {
        let text = given(text)?;
        let found = whole_number(&text);
        if found.is_none() {
            self.add(&Problem::invalid_field(field, "must be a whole number"));
        }
        found
    }

    /// Reads a whole number, or adds what is wrong with it. An empty text is a mistake, too.
    pub(super) fn number(&mut self, field: &str, text: &str) -> Option<i64> {
        if given(text).is_none() {
            self.add(&Problem::invalid_field(field, "is required"));
        }
        self.optional_number(field, text)
    }

    /// Moves what is wrong with the form as a whole to a field if it names the value of the field, such as a name that is taken.
    pub(super) fn beside(mut self, field: &str, value: &str) -> Self {
        if let Some(text) = self.whole.take_if(|text| text.contains(&format!("{value:?}"))) {
            self.fields.insert(field.to_owned(), text);
        }
        self
    }

    /// Moves what is wrong with a field of a use case to the field of the form that it comes from.
    pub(super) fn renamed(mut self, from: &str, to: &str) -> Self {
        if let Some(text) = self.fields.remove(from) {
            self.fields.insert(to.to_owned(), text);
        }
        self
    }

    /// Returns what is wrong with a field.
    pub(super) fn error(&self, field: &str) -> Option<&String> {
        self.fields.get(field)
    }

    /// Returns the number of fields with which something is wrong.
    pub(super) fn field_count(&self) -> usize {
        self.fields.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.whole.is_none()
    }

    /// Returns the version that the form is sent with next: the one that it was sent with, or the current one once the visitor has been
    /// told that somebody else was faster, and so may go on.
    pub(super) fn version(&self, sent: &str, current: &str) -> String {
        let told = self.status == StatusCode::PRECONDITION_FAILED;
        if told { current } else { sent }.to_owned()
    }

    /// Returns the status of the page that shows the form.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }
}

/// Says who changed a thing while the form was open.
fn overtaken(detail: &str) -> String {
    let who = detail.split_once(" in the meantime").map_or("", |(_, who)| who);
    format!(
        "Somebody else was faster: this was changed{who}. Below is what you sent, and nothing of it was done. Send it again to go on all \
         the same, or load the page anew to see that change."
    )
}

/// Returns a rule as a sentence in the words of the form, which does not know the names of fields.
fn rule(rule: &str) -> String {
    let rule = rule.replace("current_password", "the current password");
    match rule.chars().next() {
        Some(first) if first.is_lowercase() => sentence(&format!("this {rule}")),
        _ if rule.ends_with(['?', '!']) => rule,
        _ => sentence(&rule),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_becomes_a_sentence_about_its_field() {
        let mut faults = Faults::of(Problem::invalid_field("name", "is required")).unwrap();
        faults.add(&Problem::invalid_field("to", "There is no place “x”"));
        assert_eq!(faults.error("name").unwrap(), "This is required.");
        assert_eq!(faults.error("to").unwrap(), "There is no place “x”.");
        assert_eq!((faults.error("other"), faults.field_count()), (None, 2));
        let conflict = Faults::of(Problem::conflict("the place is full")).unwrap();
        assert_eq!(conflict.whole.as_deref(), Some("The place is full."));
        assert!(Faults::of(Problem::not_found("x")).is_err());
    }

    #[test]
    fn a_name_that_is_taken_is_told_beside_the_name() {
        let taken = || Faults::of(Problem::conflict("a location \"x\" already exists")).unwrap();
        let beside = taken().beside("name", "x");
        assert!(beside.error("name").is_some() && beside.whole.is_none());
        let other = taken().beside("name", "y");
        assert!(other.error("name").is_none() && other.whole.is_some());
    }

    #[test]
    fn only_who_was_told_of_a_change_may_replace_it() {
        let invalid = Faults::in_field("name", "is required");
        assert_eq!(invalid.version("old", "new"), "old");
        let changed = StatusCode::PRECONDITION_FAILED;
        let told = Faults::of(Problem::new(changed, "changed", "Changed", "it was changed in the meantime"))
            .unwrap();
        assert_eq!(told.version("old", "new"), "new");
    }
}
