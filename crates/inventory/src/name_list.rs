//! Shortens a long list of names to the first few and a count.

use std::fmt;

use durable::printable;
use serde::Serialize;

/// The largest number of names that are kept.
const MAX_KEPT: usize = 50;
/// The largest number of names in a message.
const MAX_SHOWN: usize = 10;

/// A list of names, of which only the first ones are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NameList {
    /// The number of all names.
    pub count: u64,
    /// The first names, escaped for printing.
    pub first: Vec<String>,
}

impl NameList {
    /// Adds a name.
    pub fn add(&mut self, name: &str) {
        self.count += 1;
        if self.first.len() < MAX_KEPT {
            self.first.push(printable(name));
        }
    }

    /// Returns the list, or `None` if it is empty.
    pub fn non_empty(self) -> Option<Self> {
        (self.count > 0).then_some(self)
    }

    /// Returns the verb that agrees with the number of names: "is" or "are".
    pub fn verb(&self) -> &'static str {
        if self.count == 1 { "is" } else { "are" }
    }
}

impl<S: AsRef<str>> FromIterator<S> for NameList {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let mut list = Self::default();
        names.into_iter().for_each(|name| list.add(name.as_ref()));
        list
    }
}

impl fmt::Display for NameList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.first[..self.first.len().min(MAX_SHOWN)];
        f.write_str(&shown.join(", "))?;
        match self.count - shown.len() as u64 {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_names_are_one_short_line() {
        let list = |count: u64| (1..=count).map(|number| number.to_string()).collect::<NameList>();
        assert_eq!(list(0).non_empty(), None);
        assert_eq!(list(1).to_string(), "1");
        assert_eq!(list(10).to_string(), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10");
        assert_eq!(list(3000).to_string(), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2990 more");
        assert_eq!(list(3000).first.len(), MAX_KEPT);
    }

    #[test]
    fn names_are_escaped() {
        assert_eq!(NameList::from_iter(["a\nb"]).to_string(), "a\\u{a}b");
    }
}
