//! The address of a list: what is searched, filtered and sorted for. Every state of a list is an address.

use std::fmt;

/// A path with the names and values of its query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    path: String,
    query: Vec<(String, String)>,
}

impl Address {
    /// Reads a path and a query. Empty values are left out.
    pub(super) fn parse(target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = form_urlencoded::parse(query.as_bytes());
        let query =
            query.filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.into(), value.into()));
        Self { path: path.to_owned(), query: query.collect() }
    }

    /// Returns the same query at another path.
    pub(super) fn at(&self, path: &str) -> Self {
        Self { path: path.to_owned(), query: self.query.clone() }
    }

    /// Returns the address without a parameter.
    pub(super) fn without(&self, name: &str) -> Self {
        let query = self.query.iter().filter(|(known, _)| known != name).cloned().collect();
        Self { path: self.path.clone(), query }
    }

    /// Returns the address with another value of a parameter.
    pub(super) fn with(&self, name: &str, value: impl ToString) -> Self {
        let mut address = self.without(name);
        address.query.push((name.to_owned(), value.to_string()));
        address
    }

    /// Returns the value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns the names and values of the query.
    pub(super) fn query(&self) -> &[(String, String)] {
        &self.query
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if !self.query.is_empty() {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(&self.query);
            write!(f, "?{}", query.finish())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_replaced_or_left_out_and_the_others_stay() {
        let address = Address::parse("/parts?q=10+k%CE%A9&sort=-name&supplier=");
        assert_eq!(address.get("q"), Some("10 kΩ"));
        assert_eq!(address.with("sort", "number").to_string(), "/parts?q=10+k%CE%A9&sort=number");
        assert_eq!(address.without("q").to_string(), "/parts?sort=-name");
        assert_eq!(address.without("q").without("sort").at("/places").to_string(), "/places");
    }
}
