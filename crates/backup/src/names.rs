//! Shortens a long list of names to the first few and a count.

use std::fmt;

/// Maximum number of names that are shown.
const SHOWN: usize = 5;

/// A list of names, of which only the first few are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The number of all names.
    pub count: usize,
    /// The first few names.
    pub first: Vec<String>,
}

impl Names {
    /// Keeps the first few names and counts all of them. Returns `None` for an empty list.
    pub(crate) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut all = Self { count: 0, first: Vec::new() };
        for name in names {
            all.count += 1;
            if all.first.len() < SHOWN {
                all.first.push(name.to_owned());
            }
        }
        (all.count > 0).then_some(all)
    }

    /// Returns the verb that agrees with the number of names: "is" or "are".
    pub(crate) fn verb(&self) -> &'static str {
        if self.count == 1 { "is" } else { "are" }
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first.join(", "))?;
        match self.count - self.first.len() {
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
        let shown = |count: usize| {
            let names: Vec<String> = (1..=count).map(|number| number.to_string()).collect();
            Names::of(names.iter().map(String::as_str)).map(|names| names.to_string())
        };
        assert_eq!(shown(0), None);
        assert_eq!(shown(1).unwrap(), "1");
        assert_eq!(shown(5).unwrap(), "1, 2, 3, 4, 5");
        assert_eq!(shown(3000).unwrap(), "1, 2, 3, 4, 5 and 2995 more");
    }
}
