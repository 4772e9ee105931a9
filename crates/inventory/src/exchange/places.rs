//! Finds locations and categories by their names and paths, and names them.

use std::collections::HashMap;

use super::paths::{self, Path};
use crate::limits::MAX_DEPTH;
use crate::parts::{NamedPlace, Places};

/// The largest number of places that a message names.
const MAX_CANDIDATES: usize = 10;

/// The names and paths of all locations and categories, for an export.
#[derive(Debug, Default)]
pub struct PlaceNames {
    pub(super) locations: Tree,
    pub(super) categories: Tree,
}

impl From<Places> for PlaceNames {
    fn from(places: Places) -> Self {
        Self { locations: Tree::new(places.locations), categories: Tree::new(places.categories) }
    }
}

/// Locations, or categories.
#[derive(Debug, Default)]
pub(super) struct Tree {
    places: HashMap<String, NamedPlace>,
    by_name: HashMap<String, Vec<String>>,
    /// The ids by the id of the parent, which is empty at the root, and the name.
    below: HashMap<(String, String), Vec<String>>,
}

/// A place that was looked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The id of the place.
    Place(String),
    /// These names do not exist below the parent.
    Missing { parent_id: Option<String>, names: Vec<String> },
    /// Several places have the name. The texts name the first ones.
    Ambiguous(Vec<String>),
}

impl Tree {
    fn new(places: HashMap<String, NamedPlace>) -> Self {
        let mut tree = Self::default();
        let mut places: Vec<(String, NamedPlace)> = places.into_iter().collect();
        places.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (id, place) in places {
            tree.add(id, place);
        }
        tree
    }

    pub(super) fn add(&mut self, id: String, place: NamedPlace) {
        let parent = place.parent_id.clone().unwrap_or_default();
        self.by_name.entry(place.name.clone()).or_default().push(id.clone());
        self.below.entry((parent, place.name.clone())).or_default().push(id.clone());
        self.places.insert(id, place);
    }

    /// Returns the name of a place, without its path.
    pub(super) fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.places.get(id).map_or(id, |place| &place.name)
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.places.contains_key(id)
    }

    /// Finds a place by its path, by its name if only one has it, or by its id.
    pub(super) fn find(&self, path: &Path) -> Found {
        if let ([name], false) = (path.names.as_slice(), path.is_rooted) {
            if self.places.contains_key(name) {
                return Found::Place(name.clone());
            }
            let parent_id = None;
            return match self.by_name.get(name).map_or(&[][..], Vec::as_slice) {
                [] => Found::Missing { parent_id, names: path.names.clone() },
                [id] => Found::Place(id.clone()),
                ids => self.ambiguous(ids),
            };
        }
        let mut parent = String::new();
        for (depth, name) in path.names.iter().enumerate() {
            let key = (parent, name.clone());
            match self.below.get(&key).map_or(&[][..], Vec::as_slice) {
                [] => {
                    let parent_id = Some(key.0).filter(|id| !id.is_empty());
                    return Found::Missing { parent_id, names: path.names[depth..].to_vec() };
                }
                [id] => parent = id.clone(),
                ids => return self.ambiguous(ids),
            }
        }
        Found::Place(parent)
    }

    /// Describes places that have the same name. Those with the same path are told apart by their ids.
    fn ambiguous(&self, ids: &[String]) -> Found {
        let paths: Vec<String> = ids.iter().map(|id| self.text(id)).collect();
        let is_unique = |text: &String| paths.iter().filter(|other| *other == text).count() == 1;
        let candidates = ids.iter().zip(&paths);
        let mut candidates: Vec<String> = candidates
            .map(|(id, text)| if is_unique(text) { text.clone() } else { format!("{text} (id {id})") })
            .collect();
        candidates.sort();
        candidates.truncate(MAX_CANDIDATES);
        Found::Ambiguous(candidates)
    }

    /// Returns a text by which [`Tree::find`] finds the place: its path, or its id where the path does not lead there.
    pub(super) fn text(&self, id: &str) -> String {
        let mut names = Vec::new();
        let mut next = Some(id);
        while let Some((id, place)) = next.and_then(|id| self.places.get_key_value(id)) {
            names.push(place.name.as_str());
            next = place.parent_id.as_deref();
            if names.len() > MAX_DEPTH || place.name.trim().is_empty() {
                return id.to_owned();
            }
        }
        names.reverse();
        let is_alone = |name: &str| self.by_name.get(name).is_some_and(|ids| ids.len() == 1);
        match names.as_slice() {
            [] => id.to_owned(),
            [name] if !is_alone(name) => format!("> {}", paths::escaped(name)),
            names => paths::joined(names.iter().copied()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(places: &[(&str, &str, Option<&str>)]) -> Tree {
        let place = |&(id, name, parent): &(&str, &str, Option<&str>)| {
            let place = NamedPlace { name: name.to_owned(), parent_id: parent.map(str::to_owned) };
            (id.to_owned(), place)
        };
        Tree::new(places.iter().map(place).collect())
    }

    #[test]
    fn a_place_is_found_by_its_path_and_by_a_name_that_it_alone_has() {
        let tree =
            tree(&[("1", "Shelf", None), ("2", "A", Some("1")), ("3", "A", None), ("4", "B", Some("2"))]);
        let find = |text: &str| tree.find(&paths::path(text).unwrap());
        let place = |id: &str| Found::Place(id.to_owned());
        assert_eq!(find("B"), place("4"));
        assert_eq!(find("Shelf > A"), place("2"));
        assert_eq!(find("> A"), place("3"));
        assert_eq!(find("3"), place("3"));
        assert_eq!(find("A"), Found::Ambiguous(vec!["> A".to_owned(), "Shelf > A".to_owned()]));
        let names = vec!["C".to_owned()];
        assert_eq!(find("Shelf > C"), Found::Missing { parent_id: Some("1".to_owned()), names });
        for id in ["1", "2", "3", "4"] {
            assert_eq!(find(&tree.text(id)), place(id));
        }
    }

    #[test]
    fn a_cycle_of_another_program_ends() {
        let tree = tree(&[("1", "A", Some("2")), ("2", "B", Some("1"))]);
        assert!(tree.contains(&tree.text("1")));
    }
}
