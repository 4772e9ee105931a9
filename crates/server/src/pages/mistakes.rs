//! What is wrong with a form that was sent, shown on the form itself.

use axum::http::StatusCode;

use super::error::PageError;
use crate::problem::{InvalidField, Problem};

/// What is wrong with a form.
#[derive(Debug, Default)]
pub(super) struct Mistakes {
    fields: Vec<InvalidField>,
    /// What is wrong with no single field.
    pub(super) general: Option<String>,
}

impl Mistakes {
    /// Takes a problem that a person can mend on the form. Others have a page of their own.
    ///
    /// # Errors
    /// The problem, if it cannot be mended on the form.
    pub(super) fn of_problem(problem: Problem) -> Result<Self, PageError> {
        match problem.status() {
            StatusCode::UNPROCESSABLE_ENTITY if !problem.errors().is_empty() => {
                Ok(Self { fields: problem.errors().to_vec(), general: None })
            }
            StatusCode::CONFLICT if problem.detail().ends_with("already exists") => {
                let taken = Problem::invalid_field("name", "Something here is already called that.");
                Ok(Self { fields: taken.errors().to_vec(), general: None })
            }
            StatusCode::PRECONDITION_FAILED => {
                Ok(Self { fields: Vec::new(), general: Some(faster(problem.detail())) })
            }
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT => {
                Ok(Self { fields: Vec::new(), general: Some(sentence(problem.detail(), "")) })
            }
            _ => Err(problem.into()),
        }
    }

    /// Adds what is wrong with other fields.
    pub(super) fn add_field(&mut self, problem: &Problem) {
        self.fields.extend_from_slice(problem.errors());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.general.is_none()
    }

    /// Returns what is wrong with a field, as a sentence.
    pub(super) fn at(&self, field: &str) -> Option<String> {
        let found = self.fields.iter().find(|error| error.field == field)?;
        Some(sentence(&found.detail, "This "))
    }
}

/// Says who changed a thing while the form was open.
fn faster(detail: &str) -> String {
    let who = detail.split_once(" in the meantime").map_or("", |(_, who)| who);
    format!(
        "Somebody else was faster: this was changed{who}. Below is what you typed. Save it again to replace that change, or load \
         the page anew to see it."
    )
}

/// Makes a sentence of a text. `subject` is missing from texts that begin with a small letter.
fn sentence(text: &str, subject: &str) -> String {
    let is_sentence = text.chars().next().is_none_or(|char| !char.is_lowercase());
    let mut sentence = if is_sentence { text.to_owned() } else { format!("{subject}{text}") };
    if let Some(first) = sentence.get(..1).map(str::to_uppercase) {
        sentence.replace_range(..1, &first);
    }
    if !sentence.ends_with(['.', '?', '!']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_becomes_a_sentence_about_its_field() {
        let mut mistakes = Mistakes::of_problem(Problem::invalid_field("name", "is required")).unwrap();
        mistakes.add_field(&Problem::invalid_field("to", "There is no place “x”"));
        assert_eq!(mistakes.at("name").as_deref(), Some("This is required."));
        assert_eq!(mistakes.at("to").as_deref(), Some("There is no place “x”."));
        assert_eq!(mistakes.at("other"), None);
        let conflict = Mistakes::of_problem(Problem::conflict("the place is full")).unwrap();
        assert_eq!(conflict.general.as_deref(), Some("The place is full."));
        let taken = Mistakes::of_problem(Problem::conflict("a location \"x\" already exists")).unwrap();
        assert!(taken.at("name").is_some() && taken.general.is_none());
        assert!(Mistakes::of_problem(Problem::not_found("x")).is_err());
    }
}
