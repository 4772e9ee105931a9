//! Data for tests: the specified small inventory, and any amount more.

use std::path::Path;

use inventory::Inventory;
use inventory::sample::{Accounts, Sample, populate};
use rusqlite::{Connection, params};

use crate::db_engine::few_rounds;
use crate::scratch::require_inside;

/// Passwords of the two users that [`populate_test_database`] creates.
pub const ADMIN_PASSWORD: &str = "AdminPass123!";
/// See [`ADMIN_PASSWORD`].
pub const USER_PASSWORD: &str = "UserPass123!";

/// The complete test data: 2 roles (admin, user), 2 users, 2 API keys, 8 categories in trees, 10
/// locations in a tree with mobile cassettes, 5 parts (resistor, capacitor, screw, IC, LED), 4
/// allocations, PDFs and PNGs. Returns all of it.
pub async fn populate_test_database(inventory: &Inventory, static_files_dir: &Path) -> Sample {
    require_inside(static_files_dir);
    let accounts =
        Accounts { admin_password: ADMIN_PASSWORD.to_owned(), user_password: USER_PASSWORD.to_owned() };
    let inventory = inventory.clone().with_password_rounds(few_rounds());
    populate(&inventory, static_files_dir, accounts).await.expect("the inventory is empty")
}

/// Adds `parts` parts with one allocation each to the database at `path`, all in one location, in
/// one transaction: names `bulk part N`, quantity 100. For amounts that the use cases, each a
/// transaction of its own, would take long for.
pub fn add_many_parts(path: &Path, parts: u32) {
    add_many_parts_from(path, 0, parts);
}

/// The same, numbered from `first`.
pub fn add_many_parts_from(path: &Path, first: u32, parts: u32) {
    let mut connection = Connection::open(path).expect("a database");
    connection.busy_timeout(std::time::Duration::from_secs(30)).expect("is only a setting");
    let transaction = connection.transaction().expect("not in use");
    let now = "2026-01-02 03:04:05.678901";
    transaction
        .execute(
            "INSERT OR IGNORE INTO locationmodel (id, name, location_type, is_mobile, is_auto_generated_slot, \
             is_smart_location, auto_created, hidden_by_default, is_connected) \
             VALUES ('bulk', 'Bulk', 'standard', 0, 0, 0, 0, 0, 0)",
            [],
        )
        .expect("the schema is there");
    {
        let mut part = transaction
            .prepare(
                "INSERT INTO partmodel (id, part_name, part_number, description, supplier, additional_properties, \
                 created_at, updated_at) VALUES (?1, ?2, ?3, ?4, 'lcsc', ?5, ?6, ?6)",
            )
            .expect("the schema is there");
        let mut allocation = transaction
            .prepare(
                "INSERT INTO part_location_allocations (id, part_id, location_id, quantity_at_location, \
                 is_primary_storage, allocated_at, last_updated, auto_synced) VALUES (?1, ?2, 'bulk', 100, 1, ?3, ?3, 0)",
            )
            .expect("the schema is there");
        for number in first..first + parts {
            let id = format!("bulk-{number:08}");
            let description =
                format!("{number} pcs of something with a long description, {}", noise_word(number));
            let properties =
                format!("{{\"resistance\": \"{number} Ohm\", \"lot\": \"{}\"}}", noise_word(number ^ 77));
            part.execute(params![
                id,
                format!("bulk part {number}"),
                format!("BP-{number}"),
                description,
                properties,
                now
            ])
            .expect("names are unique");
            allocation.execute(params![format!("alloc-{number:08}"), id, now]).expect("ids are unique");
        }
    }
    transaction.commit().expect("not in use");
}

fn noise_word(number: u32) -> String {
    let bytes = noise(20, u64::from(number) + 1);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes that do not compress, the same for the same seed (which must not be 0).
pub fn noise(length: usize, mut seed: u64) -> Vec<u8> {
    let mut step = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let mut bytes: Vec<u8> = (0..length.div_ceil(8)).flat_map(|_| step().to_le_bytes()).collect();
    bytes.truncate(length);
    bytes
}
