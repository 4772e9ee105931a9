//! The tree beside a page of places or categories. It shows the open branches only, so that it stays small however large the tree is.

use std::collections::HashSet;

use super::address::Address;
use super::frame::encoded;
use super::outline::{Kind, Outline};
use super::words::grouped;

/// The largest number of items that the tree shows below one item.
const MAX_SHOWN: usize = 100;
/// The largest number of items without a parent that are open when no item is shown.
const FEW_ROOTS: usize = 5;
/// The deepest indentation.
const MAX_INDENT: usize = 9;

/// The tree beside a page.
pub(super) struct Branches {
    pub(super) kind: Kind,
    pub(super) title: &'static str,
    pub(super) lines: Vec<Line>,
    /// Whether the page shows one item, and not all of them.
    pub(super) has_current: bool,
    pub(super) may_create: bool,
    pub(super) may_move: bool,
    /// What is typed into the field that goes to an item, and what is wrong with it.
    pub(super) go: String,
    pub(super) go_fault: Option<String>,
}

/// A line of the tree.
pub(super) enum Line {
    Branch(Branch),
    /// Stands for items that are not shown: their number, and the page that shows them.
    More {
        indent: usize,
        count: String,
        link: String,
    },
}

/// An item in the tree.
pub(super) struct Branch {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) level: usize,
    pub(super) indent: usize,
    pub(super) link: String,
    pub(super) icon: &'static str,
    /// The number of parts in the item and below it, and the word for them.
    pub(super) count: String,
    pub(super) noun: &'static str,
    /// The address of this page with the branch opened or closed.
    pub(super) toggle: Option<String>,
    pub(super) is_open: bool,
    pub(super) is_current: bool,
}

/// What the tree is drawn from.
struct Drawing<'a> {
    outline: &'a Outline,
    kind: Kind,
    address: &'a Address,
    path: Vec<usize>,
    /// The branches that are open unless they are shut.
    opened: Vec<usize>,
    open: HashSet<&'a str>,
    shut: HashSet<&'a str>,
    lines: Vec<Line>,
}

/// Draws the tree. `address` is that of the page; `open` and `shut` in it name the branches that are opened and closed beside those that
/// are open anyway: those that lead to the current item, or a few without a parent.
pub(super) fn branches(
    outline: &Outline,
    kind: Kind,
    current: Option<usize>,
    address: &Address,
) -> Vec<Line> {
    let path = current.map(|index| outline.path(index)).unwrap_or_default();
    let opened = match current {
        None if outline.roots().len() <= FEW_ROOTS => outline.roots().to_vec(),
        _ => path.clone(),
    };
    let mut drawing = Drawing {
        outline,
        kind,
        address,
        path,
        opened,
        open: ids(address, "open"),
        shut: ids(address, "shut"),
        lines: Vec::new(),
    };
    drawing.draw(outline.roots(), 0, kind.page());
    drawing.lines
}

fn ids<'a>(address: &'a Address, name: &str) -> HashSet<&'a str> {
    address.get(name).unwrap_or_default().split(',').filter(|id| !id.is_empty()).collect()
}

impl Drawing<'_> {
    /// Draws the items below one item, with the open branches. `page` shows all of them.
    fn draw(&mut self, items: &[usize], depth: usize, page: &str) {
        let shown: Vec<usize> =
            items.iter().copied().filter(|index| !self.outline.item(*index).is_slot).collect();
        // What leads to the current item is shown wherever it stands.
        let ahead = shown.iter().skip(MAX_SHOWN).find(|index| self.path.contains(index));
        for index in shown.iter().take(MAX_SHOWN).chain(ahead).copied() {
            let branch = self.branch(index, depth);
            let (is_open, link) = (branch.is_open, branch.link.clone());
            self.lines.push(Line::Branch(branch));
            if is_open {
                self.draw(self.outline.children(index), depth + 1, &link);
            }
        }
        let hidden = shown.len().saturating_sub(MAX_SHOWN + usize::from(ahead.is_some()));
        if hidden > 0 {
            let (indent, count) = (depth.min(MAX_INDENT), grouped(hidden as u64));
            self.lines.push(Line::More { indent, count, link: page.to_owned() });
        }
    }

    fn branch(&self, index: usize, depth: usize) -> Branch {
        let item = self.outline.item(index);
        let has_children =
            self.outline.children(index).iter().any(|child| !self.outline.item(*child).is_slot);
        let is_opened = self.opened.contains(&index);
        let id = item.id.as_str();
        let is_open = has_children && (is_opened || self.open.contains(id)) && !self.shut.contains(id);
        // A slot is not in the tree, so its container stands for it.
        let stands = self.path.iter().rev().find(|index| !self.outline.item(**index).is_slot);
        Branch {
            id: item.id.clone(),
            name: item.name.clone(),
            level: depth + 1,
            indent: depth.min(MAX_INDENT),
            link: self.link(id),
            icon: icon(self.kind, depth, item.is_mobile),
            count: grouped(self.outline.total(index)),
            noun: if self.outline.total(index) == 1 { "part" } else { "parts" },
            toggle: has_children.then(|| self.toggle(id, is_open, is_opened)),
            is_open,
            is_current: stands == Some(&index),
        }
    }

    /// Returns the address of an item, which keeps what was opened.
    fn link(&self, id: &str) -> String {
        let page = Address::parse(&format!("{}/{}", self.kind.page(), encoded(id)));
        match self.address.get("open") {
            Some(open) => page.with("open", open).to_string(),
            None => page.to_string(),
        }
    }

    fn toggle(&self, id: &str, is_open: bool, is_opened: bool) -> String {
        let (mut open, mut shut) = (self.open.clone(), self.shut.clone());
        if is_open {
            open.remove(id);
            if is_opened {
                shut.insert(id);
            }
        } else {
            shut.remove(id);
            if !is_opened {
                open.insert(id);
            }
        }
        let mut address = self.address.without("open").without("shut");
        for (name, ids) in [("open", open), ("shut", shut)] {
            if !ids.is_empty() {
                let mut ids: Vec<&str> = ids.into_iter().collect();
                ids.sort_unstable();
                address = address.with(name, ids.join(","));
            }
        }
        address.to_string()
    }
}

/// Returns the name of the icon of an item.
pub(super) fn icon(kind: Kind, depth: usize, is_mobile: bool) -> &'static str {
    match kind {
        Kind::Categories => "tag",
        Kind::Places if is_mobile => "case",
        Kind::Places if depth == 0 => "home",
        Kind::Places => "place",
    }
}
