//! What stands directly below a place or a category, page by page.

use super::address::Address;
use super::branches::icon;
use super::frame::encoded;
use super::outline::{Kind, Outline};
use super::words::counted;

/// The number of items on a page.
const PAGE: usize = 200;

/// The items directly below an item.
pub(super) struct Below {
    pub(super) items: Vec<Child>,
    /// The number of all of them.
    pub(super) count: usize,
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
}

/// An item directly below another one.
pub(super) struct Child {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) link: String,
    pub(super) icon: &'static str,
    /// The number of parts in it and below it, and the number of items directly below it, such as `12 parts · 3 places`.
    pub(super) counts: String,
    pub(super) is_mobile: bool,
}

impl Below {
    /// Returns the items below `parent`, or those without a parent. The parameter `below` of the address is the number of the page.
    pub(super) fn new(outline: &Outline, kind: Kind, parent: Option<usize>, address: &Address) -> Self {
        let all = parent.map_or(outline.roots(), |index| outline.children(index));
        let all: Vec<usize> = all.iter().copied().filter(|index| !outline.item(*index).is_slot).collect();
        let page: usize = address.get("below").and_then(|page| page.parse().ok()).unwrap_or(1).max(1);
        let depth = parent.map_or(0, |index| outline.path(index).len());
        let items = all.iter().skip((page - 1).saturating_mul(PAGE)).take(PAGE).map(|index| {
            let item = outline.item(*index);
            Child {
                link: format!("{}/{}", kind.page(), encoded(&item.id)),
                id: item.id.clone(),
                name: item.name.clone(),
                icon: icon(kind, depth, item.is_mobile),
                counts: counts(outline, kind, *index),
                is_mobile: item.is_mobile,
            }
        });
        Self {
            items: items.collect(),
            count: all.len(),
            previous: (page > 1).then(|| address.with("below", page - 1).to_string()),
            next: (page.saturating_mul(PAGE) < all.len())
                .then(|| address.with("below", page + 1).to_string()),
        }
    }
}

/// Returns the number of parts in an item and below it, and the number of items directly below it.
fn counts(outline: &Outline, kind: Kind, index: usize) -> String {
    let parts = counted(outline.total(index), "part");
    let below = outline.children(index).iter().filter(|child| !outline.item(**child).is_slot).count();
    if below == 0 { parts } else { format!("{parts} · {}", counted(below as u64, kind.word())) }
}
