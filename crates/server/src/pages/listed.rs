//! What lists show of a part: its stock, its place and its picture.

use inventory::parts::{ListedPart, PartPlace};

use super::frame::encoded;
use super::words::grouped;

/// The stock of a part, as a list shows it.
pub(super) struct Stock {
    pub(super) quantity: i64,
    pub(super) text: String,
    /// The only place of the part, where its stock can be changed in the row.
    pub(super) place: Option<Place>,
    /// The number of places.
    pub(super) places: usize,
    pub(super) mark: Option<Mark>,
}

/// A place: the names of its parents, its own name, and the quantity of the part there as text.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) id: String,
    pub(super) above: Option<String>,
    pub(super) name: String,
    pub(super) full: String,
    pub(super) text: String,
}

/// Why a part needs attention.
#[derive(Clone, Copy)]
pub(super) enum Mark {
    Low(i64),
    Out,
}

/// What stands for a part in a small square.
pub(super) enum Picture {
    Image(String),
    Emoji(String),
    None,
}

impl Stock {
    pub(super) fn new(listed: &ListedPart) -> Self {
        let places = listed.places.len();
        let place = listed.places.first().filter(|_| places == 1).map(Place::new);
        let mark = match listed.low_stock_limit {
            _ if listed.quantity == 0 => Some(Mark::Out),
            Some(limit) if listed.quantity < limit => Some(Mark::Low(limit)),
            _ => None,
        };
        Self { quantity: listed.quantity, text: grouped(listed.quantity), place, places, mark }
    }
}

impl Place {
    pub(super) fn new(place: &PartPlace) -> Self {
        let (name, above) = place
            .path
            .split_last()
            .map_or((String::new(), None), |(name, above)| (name.clone(), above.last().cloned()));
        Self {
            id: place.location_id.clone(),
            above,
            name,
            full: place.path.join(" › "),
            text: grouped(place.quantity),
        }
    }
}

impl Picture {
    pub(super) fn of(listed: &ListedPart) -> Self {
        match (listed.part.image_name(), &listed.part.emoji) {
            (Some(name), _) => Self::Image(format!("/api/v1/files/images/{}?thumbnail=true", encoded(name))),
            (None, Some(emoji)) if !emoji.is_empty() => Self::Emoji(emoji.clone()),
            _ => Self::None,
        }
    }
}
