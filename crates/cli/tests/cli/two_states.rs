//! An inventory on disk that is in one of two states, an archive of each, and the question that
//! every interruption ends with: which of the two is it in now?

use std::fs;

use testkit::generators::{add_many_parts_from, noise};
use testkit::state::leftovers;
use testkit::{State, state_of};

use crate::support::{Shop, write};

/// A shop with an archive of each of two states of it.
pub(crate) struct TwoStates {
    pub(crate) shop: Shop,
    /// Path and state of each.
    pub(crate) archives: [(String, State); 2],
}

impl TwoStates {
    /// Two states with `parts` parts and `files` files that differ in every row and every file; and
    /// in files that only one of them has. The second is the live one.
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

    /// Which of the two states the inventory is in; anything else, and whatever lies about, is what
    /// must never be.
    pub(crate) fn current(&self, when: &str) -> usize {
        let state = state_of(&self.shop.places());
        assert_eq!(leftovers(&self.shop.places()), Vec::<String>::new(), "{when}");
        let found = self.archives.iter().position(|(_, expected)| *expected == state);
        found.unwrap_or_else(|| panic!("{when}: neither of the two states"))
    }
}
