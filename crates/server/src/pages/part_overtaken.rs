//! What to say to somebody who edits a part that somebody else has changed in the meantime.

use inventory::activity_log::{Activity, ActivityFilter, ListActivity};
use inventory::list::{ListQuery, PageNumber, Paging};

use super::error::PageError;
use super::visitor::Visitor;
use super::words::When;
use crate::app::App;

/// The change of somebody who was faster.
pub(super) struct Overtaken {
    /// The name of the user, if it is known.
    pub(super) by: Option<String>,
    pub(super) when: Option<When>,
    /// The fields that are not as in the form.
    pub(super) fields: Vec<Difference>,
}

/// A field whose saved text is not the one in the form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) label: &'static str,
    pub(super) saved: String,
    pub(super) typed: String,
}

impl Overtaken {
    /// Reads who has changed a part last. `saved` and `typed` are the labels and texts of the fields, in the same order.
    pub(super) async fn load(
        app: &App,
        visitor: &Visitor,
        id: &str,
        saved: Vec<(&'static str, String)>,
        typed: Vec<(&'static str, String)>,
    ) -> Result<Self, PageError> {
        let filter = ActivityFilter {
            entity_type: Some("part".to_owned()),
            entity_id: Some(id.to_owned()),
            ..ActivityFilter::default()
        };
        let paging = Paging::Number(PageNumber { number: 1, size: 1 });
        let query = ListQuery { filter, descending: true, paging, ..ListQuery::default() };
        let last: Option<Activity> =
            app.query(&visitor.caller, ListActivity(query)).await?.items.into_iter().next();
        let now = app.ambient.utc();
        let when = last.as_ref().map(|activity| When::new(activity.timestamp.0, now));
        Ok(Self { by: last.and_then(|activity| activity.username), when, fields: differences(saved, typed) })
    }
}

/// Returns the fields whose texts differ.
fn differences(saved: Vec<(&'static str, String)>, typed: Vec<(&'static str, String)>) -> Vec<Difference> {
    let pairs = saved.into_iter().zip(typed);
    let pairs = pairs.map(|((label, saved), (_, typed))| Difference { label, saved, typed });
    pairs.filter(|difference| difference.saved.trim() != difference.typed.trim()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Difference, differences};

    #[test]
    fn only_fields_that_differ_are_named() {
        let saved = vec![("Name", "Nut".to_owned()), ("Number", "N-2".to_owned())];
        let typed = vec![("Name", " Nut ".to_owned()), ("Number", "N-1".to_owned())];
        let number = Difference { label: "Number", saved: "N-2".to_owned(), typed: "N-1".to_owned() };
        assert_eq!(differences(saved, typed), [number]);
    }
}
