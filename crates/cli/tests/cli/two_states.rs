//! An inventory with two known states and an archive of each. After an interruption, the tests check which of the two
//! states the inventory has.

use std::fs;

use testkit::generators::{add_many_parts_from, noise};
use testkit::state::leftovers;
use testkit::{State, state_of};

use crate::support::{Shop, write};

/// A shop with archives of two of its states.
pub(crate) struct TwoStates {
    pub(crate) shop: Shop,
    /// The path and the state of each archive.
    pub(crate) archives: [(String, State); 2],
}

impl TwoStates {
    /// Creates two states with `parts` parts and `files` files each. They differ in every row and every file, and each has
    /// files that the other lacks. The second state is live.
    pub(crate) fn new(parts: u32, files: u64) -> Self {
        let shop = Shop::populated();
        let places = shop.places();
        add_many_parts_from(&places.database, 10_000, parts);
        let archives = ["one", "two"].map(|name| {
            let text = format!("state {name}");
            rusqlite::Connection::open(&places.database)
                .unwrap()
                .execute_batch(&format!("UPDATE partmodel SET description = '{text}'"))
                .unwrap();
            for number in 0..files {
                let seed = number + 1 + 1000 * name.len() as u64 + u64::from(name.as_bytes()[0]);
                write(&places.static_files.join(format!("images/many/{number}.png")), &noise(8_000, seed));
            }
            let _ = fs::remove_dir_all(places.static_files.join("datasheets/only"));
            write(&places.static_files.join(format!("datasheets/only/in/{name}.pdf")), text.as_bytes());
            let made = shop.json(&["backup", "--name", name]);
            (made["archive"].as_str().unwrap().to_owned(), state_of(&places))
        });
        Self { shop, archives }
    }

    /// Returns the index of the current state. Panics if the inventory has neither state, or if there are leftovers.
    pub(crate) fn current(&self, when: &str) -> usize {
        let state = state_of(&self.shop.places());
        assert_eq!(leftovers(&self.shop.places()), Vec::<String>::new(), "{when}");
        let found = self.archives.iter().position(|(_, expected)| *expected == state);
        found.unwrap_or_else(|| panic!("{when}: neither of the two states"))
    }
}
