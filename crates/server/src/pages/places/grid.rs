//! The slots of a container, drawn as they are: in rows and columns, or one after the other.

use std::collections::HashMap;

use inventory::list::{ListQuery, PageNumber, Paging};
use inventory::locations::{ListLocations, Location, LocationFilter, SlotLayout};

use super::super::error::PageError;
use super::super::frame::encoded;
use super::super::listed::Mark;
use super::super::visitor::Visitor;
use super::super::words::{counted, grouped};
use super::contents::{Content, Contents};
use crate::app::App;

/// The largest number of slots that are read.
const MAX_SLOTS: u64 = 1000;

/// The slots of a container.
pub(super) struct Grid {
    /// The number of columns, or `None` for slots in a row.
    pub(super) columns: Option<usize>,
    /// The rows. A place without a slot, which was deleted, is `None`.
    pub(super) rows: Vec<Vec<Option<Slot>>>,
    pub(super) slots: usize,
    /// The number of slots without a part.
    pub(super) free: usize,
    /// Whether it is known how much fits into some slot.
    pub(super) has_capacity: bool,
}

/// A slot.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) link: String,
    /// What is in it.
    pub(super) content: Option<SlotContent>,
    /// How full it is in per cent, and in quarters from 0 to 4.
    pub(super) full: Option<(u64, u64)>,
}

/// What is in a slot.
#[derive(Clone)]
pub(super) struct SlotContent {
    /// The name of the part, or the number of parts.
    pub(super) text: String,
    pub(super) quantity: String,
    /// The id of the only part.
    pub(super) part_id: Option<String>,
    pub(super) mark: Option<Mark>,
}

impl Grid {
    /// Loads the slots of a container, or `None` for a place without slots.
    pub(super) async fn load(
        app: &App,
        visitor: &Visitor,
        container: &Location,
        contents: Option<&Contents>,
    ) -> Result<Option<Self>, PageError> {
        let Some(layout) = container.slots.as_ref().map(|slots| slots.layout) else { return Ok(None) };
        let filter = LocationFilter { parent_id: Some(container.id.clone()), ..LocationFilter::default() };
        let paging = Paging::Number(PageNumber { number: 1, size: MAX_SLOTS });
        let query = ListQuery { filter, paging, ..ListQuery::default() };
        let mut found = app.query(&visitor.caller, ListLocations(query)).await?.items;
        found.retain(|slot| slot.is_slot);
        found.sort_by_key(|slot| slot.slot_number);
        let mut parts: HashMap<&str, Vec<&Content>> = HashMap::new();
        for row in contents.iter().flat_map(|contents| &contents.rows) {
            parts.entry(&row.place.id).or_default().push(row);
        }
        let has_capacity = found.iter().any(|slot| slot.capacity.is_some());
        let free = found.iter().filter(|slot| slot.part_count == 0).count();
        let slots = found.len();
        let numbered = found.into_iter().map(|slot| {
            let parts = parts.get(slot.id.as_str()).map(Vec::as_slice).unwrap_or_default();
            (slot.slot_number.unwrap_or_default(), Slot::new(slot, parts))
        });
        let (columns, rows) = arrange(layout, numbered.collect());
        Ok(Some(Self { columns, rows, slots, free, has_capacity }))
    }

    /// Puts the contents into the order of their slots, and tells them how full these are. What is in the container itself comes first.
    pub(super) fn arrange_contents(&self, contents: &mut Contents) {
        let slots = self.rows.iter().flatten().flatten().enumerate();
        let slots: HashMap<&str, (usize, &Slot)> =
            slots.map(|(index, slot)| (slot.id.as_str(), (index, slot))).collect();
        contents.rows.sort_by_key(|row| slots.get(row.place.id.as_str()).map(|(index, _)| *index));
        for row in &mut contents.rows {
            let slot = slots.get(row.place.id.as_str());
            row.full = slot.and_then(|(_, slot)| slot.full).map(|(percent, _)| percent);
        }
    }
}

/// Puts slots with their numbers, which count row by row from 1, into rows.
fn arrange(layout: SlotLayout, slots: Vec<(i64, Slot)>) -> (Option<usize>, Vec<Vec<Option<Slot>>>) {
    let SlotLayout::Grid { rows, columns } = layout else {
        return (None, vec![slots.into_iter().map(|(_, slot)| Some(slot)).collect()]);
    };
    let (height, width) = (usize::try_from(rows).unwrap_or(1), usize::try_from(columns).unwrap_or(1).max(1));
    let mut grid = vec![vec![None; width]; height];
    for (number, slot) in slots {
        let Ok(index) = usize::try_from(number - 1) else { continue };
        if let Some(cell) = grid.get_mut(index / width).and_then(|row| row.get_mut(index % width)) {
            *cell = Some(slot);
        }
    }
    (Some(width), grid)
}

impl Slot {
    fn new(slot: Location, parts: &[&Content]) -> Self {
        let content = match parts {
            [] if slot.part_count == 0 => None,
            [part] => Some(SlotContent {
                text: part.name.clone(),
                quantity: part.place.text.clone(),
                part_id: Some(part.id.clone()),
                mark: part.stock.mark,
            }),
            // Who may not see parts sees their number.
            _ => Some(SlotContent {
                text: counted(slot.part_count, "part"),
                quantity: grouped(slot.quantity),
                part_id: None,
                mark: None,
            }),
        };
        let full = slot.capacity.filter(|capacity| *capacity > 0).map(|capacity| {
            let percent = (i128::from(slot.quantity.max(0)) * 100 / i128::from(capacity)).min(999);
            let percent = u64::try_from(percent).unwrap_or_default();
            (percent, percent.min(100).div_ceil(25))
        });
        Self { link: format!("/places/{}", encoded(&slot.id)), id: slot.id, name: slot.name, content, full }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(name: &str) -> Slot {
        Slot { id: String::new(), name: name.to_owned(), link: String::new(), content: None, full: None }
    }

    #[test]
    fn slots_stand_in_the_rows_and_columns_of_their_numbers() {
        let slots = [1, 3, 6, 7, 0].map(|number| (number, slot(&number.to_string())));
        let (columns, rows) = arrange(SlotLayout::Grid { rows: 2, columns: 3 }, slots.to_vec());
        let names = rows.iter().map(|row| {
            row.iter().map(|cell| cell.as_ref().map_or("", |slot| &slot.name)).collect::<Vec<_>>()
        });
        assert_eq!(
            (columns, names.collect::<Vec<_>>()),
            (Some(3), vec![vec!["1", "", "3"], vec!["", "", "6"]])
        );
    }
}
