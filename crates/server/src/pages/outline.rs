//! The trees of places and of categories in memory: paths and counts.

mod search;

use std::collections::HashMap;

use inventory::categories::GetCategoryOutline;
use inventory::locations::GetLocationOutline;
use inventory::{MAX_DEPTH, OutlineItem};

use super::frame::encoded;
use super::visitor::Visitor;
use crate::app::App;
use crate::problem::Problem;

/// What stands between the names of a path.
pub(super) const STEP: &str = " › ";

/// A tree that the pages show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Places,
    Categories,
}

/// A tree in memory. Items in a cycle, which another program may have created, are below no root.
#[derive(Debug, Default)]
pub(super) struct Outline {
    items: Vec<OutlineItem>,
    indexes: HashMap<String, usize>,
    roots: Vec<usize>,
    children: Vec<Vec<usize>>,
    /// The number of parts in an item and below it, counted once for each item.
    totals: Vec<u64>,
}

impl Kind {
    /// Returns the word for one item.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Places => "place",
            Self::Categories => "category",
        }
    }

    /// Returns the path of the page of all items.
    pub(super) fn page(self) -> &'static str {
        match self {
            Self::Places => "/places",
            Self::Categories => "/categories",
        }
    }
}

impl Outline {
    /// Loads a tree. Without `counts`, the numbers of parts are left out.
    pub(super) async fn load(
        app: &App,
        visitor: &Visitor,
        kind: Kind,
        counts: bool,
    ) -> Result<Self, Problem> {
        let items = match kind {
            Kind::Places => app.query(&visitor.caller, GetLocationOutline { counts }).await?,
            Kind::Categories => app.query(&visitor.caller, GetCategoryOutline { counts }).await?,
        };
        Ok(Self::new(items))
    }

    fn new(mut items: Vec<OutlineItem>) -> Self {
        items.sort_by_cached_key(|item| natural(&item.name));
        let indexes: HashMap<String, usize> =
            items.iter().enumerate().map(|(index, item)| (item.id.clone(), index)).collect();
        let mut children = vec![Vec::new(); items.len()];
        let mut roots = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let parent = item.parent_id.as_ref().and_then(|id| indexes.get(id));
            match parent.and_then(|parent| children.get_mut(*parent)) {
                Some(siblings) => siblings.push(index),
                None => roots.push(index),
            }
        }
        let totals = items.iter().map(|item| item.part_count).collect();
        let mut outline = Self { items, indexes, roots, children, totals };
        outline.add_up();
        outline
    }

    /// Adds the number of parts in each item to those above it.
    fn add_up(&mut self) {
        for index in 0..self.items.len() {
            let own = self.items[index].part_count;
            let path = self.path(index);
            for above in path.into_iter().filter(|above| *above != index) {
                self.totals[above] += own;
            }
        }
    }

    pub(super) fn item(&self, index: usize) -> &OutlineItem {
        &self.items[index]
    }

    /// Returns where the item with an id is.
    pub(super) fn index(&self, id: &str) -> Option<usize> {
        self.indexes.get(id).copied()
    }

    /// Returns the items without a parent, by name.
    pub(super) fn roots(&self) -> &[usize] {
        &self.roots
    }

    /// Returns the items directly below an item, by name.
    pub(super) fn children(&self, index: usize) -> &[usize] {
        &self.children[index]
    }

    /// Returns all items below the roots with their depths, each followed by those below it.
    pub(super) fn in_order(&self) -> Vec<(usize, usize)> {
        let below =
            |depth, items: &[usize]| items.iter().rev().map(|index| (depth, *index)).collect::<Vec<_>>();
        let mut waiting = below(0, &self.roots);
        let mut order = Vec::with_capacity(self.items.len());
        while let Some((depth, index)) = waiting.pop() {
            order.push((depth, index));
            waiting.extend(below(depth + 1, self.children(index)));
        }
        order
    }

    /// Returns the number of parts in an item and below it, counted once for each item.
    pub(super) fn total(&self, index: usize) -> u64 {
        self.totals[index]
    }

    /// Returns an item and those above it, from the root down.
    pub(super) fn path(&self, index: usize) -> Vec<usize> {
        let mut path = vec![index];
        let mut at = index;
        while let Some(parent) = self.items[at].parent_id.as_ref().and_then(|id| self.index(id)) {
            if path.contains(&parent) || path.len() >= MAX_DEPTH {
                break;
            }
            path.push(parent);
            at = parent;
        }
        path.reverse();
        path
    }

    /// Returns the links and the names of the items above an item, from the root down.
    pub(super) fn above(&self, index: usize, kind: Kind) -> Vec<(String, String)> {
        let mut path = self.path(index);
        path.pop();
        let above = path.into_iter().map(|index| &self.items[index]);
        above.map(|item| (format!("{}/{}", kind.page(), encoded(&item.id)), item.name.clone())).collect()
    }

    /// Returns the names of an item and of those above it as one text.
    pub(super) fn path_text(&self, index: usize) -> String {
        let path = self.path(index);
        path.iter().map(|index| self.items[*index].name.as_str()).collect::<Vec<_>>().join(STEP)
    }
}

/// Returns a key that sorts names as people do: `Drawer 2` before `Drawer 10`.
fn natural(name: &str) -> Vec<(bool, usize, String)> {
    let mut key: Vec<(bool, usize, String)> = Vec::new();
    for char in name.chars().flat_map(char::to_lowercase) {
        let is_text = !char.is_ascii_digit();
        match key.last_mut() {
            Some((last, _, text)) if *last == is_text => text.push(char),
            _ => key.push((is_text, 0, char.to_string())),
        }
    }
    for (is_text, digits, text) in &mut key {
        if !*is_text {
            *text = text.trim_start_matches('0').to_owned();
            *digits = text.len();
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds a tree of items, each with its parent.
    fn outline(items: &[(&str, &str)]) -> Outline {
        let item = |(name, parent): &(&str, &str)| OutlineItem {
            id: format!("id of {name}"),
            name: name.rsplit(':').next().unwrap().to_owned(),
            parent_id: Some(format!("id of {parent}")).filter(|_| !parent.is_empty()),
            part_count: 1,
            ..OutlineItem::default()
        };
        Outline::new(items.iter().map(item).collect())
    }

    fn workshop() -> Outline {
        outline(&[
            ("Workshop", ""),
            ("Cabinet 10", "Workshop"),
            ("Cabinet 2", "Workshop"),
            ("Drawer A", "Cabinet 2"),
            ("10:Drawer A", "Cabinet 10"),
            ("A3", "Drawer A"),
            ("R/C kits", "Workshop"),
        ])
    }

    fn texts(outline: &Outline, found: Vec<usize>) -> Vec<String> {
        found.into_iter().map(|index| outline.path_text(index)).collect()
    }

    #[test]
    fn names_are_sorted_as_people_do() {
        let outline = workshop();
        let children = outline.children(outline.index("id of Workshop").unwrap());
        let names: Vec<_> = children.iter().map(|index| outline.item(*index).name.as_str()).collect();
        assert_eq!(names, ["Cabinet 2", "Cabinet 10", "R/C kits"]);
    }

    #[test]
    fn each_item_is_followed_by_those_below_it() {
        let outline = workshop();
        let order = outline.in_order().into_iter();
        let order: Vec<String> =
            order.map(|(depth, index)| format!("{depth} {}", outline.item(index).name)).collect();
        let expected =
            ["0 Workshop", "1 Cabinet 2", "2 Drawer A", "3 A3", "1 Cabinet 10", "2 Drawer A", "1 R/C kits"];
        assert_eq!(order, expected);
    }

    #[test]
    fn parts_below_are_counted() {
        let outline = workshop();
        assert_eq!(outline.total(outline.index("id of Cabinet 2").unwrap()), 3);
        assert_eq!(outline.total(outline.roots()[0]), 7);
    }

    #[test]
    fn words_are_found_in_any_order_by_their_beginnings() {
        let outline = workshop();
        let found = |text: &str| texts(&outline, outline.find(text, 20));
        assert_eq!(found("a3 cab"), ["Workshop › Cabinet 2 › Drawer A › A3"]);
        assert_eq!(found("draw 10"), ["Workshop › Cabinet 10 › Drawer A"]);
        assert_eq!(found("cabinet")[..2], ["Workshop › Cabinet 2", "Workshop › Cabinet 10"]);
        assert_eq!(found("cab 10 dr")[0], "Workshop › Cabinet 10 › Drawer A");
        assert_eq!(found(""), texts(&outline, outline.find("w", 20)));
        assert!(found("abinet").is_empty());
    }

    #[test]
    fn paths_with_the_words_in_their_order_come_first() {
        let outline =
            outline(&[("Rack 1", ""), ("Case 3", "Rack 1"), ("Rack 3", ""), ("1:Case 1", "Rack 3")]);
        let found = texts(&outline, outline.find("rack 3 ca", 20));
        assert_eq!(found, ["Rack 3 › Case 1", "Rack 1 › Case 3"]);
    }

    #[test]
    fn a_text_names_an_item_by_its_path_or_the_end_of_it() {
        let outline = workshop();
        let named = |text: &str| texts(&outline, outline.named(text));
        assert_eq!(named("a3"), ["Workshop › Cabinet 2 › Drawer A › A3"]);
        assert_eq!(named("cabinet 2/drawer a"), ["Workshop › Cabinet 2 › Drawer A"]);
        assert_eq!(named("Workshop › Cabinet 10 › Drawer A"), ["Workshop › Cabinet 10 › Drawer A"]);
        assert_eq!(named("r/c kits"), ["Workshop › R/C kits"]);
        assert_eq!(named("workshop > r/c kits").len(), 0);
        assert_eq!(named("Workshop › R/C kits"), ["Workshop › R/C kits"]);
        assert_eq!(named("id of A3"), ["Workshop › Cabinet 2 › Drawer A › A3"]);
        assert_eq!(named("drawer a").len(), 2);
        assert!(named("").is_empty() && named(" / ").is_empty() && named("A").is_empty());
    }

    #[test]
    fn a_cycle_is_below_no_root_and_has_a_path() {
        let outline = outline(&[("a", "b"), ("b", "a"), ("c", "gone")]);
        assert_eq!(texts(&outline, outline.roots().to_vec()), ["c"]);
        assert_eq!(outline.path_text(outline.index("id of a").unwrap()), "b › a");
    }
}
