//! `check`: damage, broken references, and whether the ledger explains the stock.

use std::fs;

use rusqlite::Connection;

use crate::support::Shop;

/// Changes the database like another program.
fn sql(shop: &Shop, statements: &str) {
    let connection = Connection::open(&shop.places().database).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    connection.execute_batch(statements).unwrap();
}

#[test]
fn stock_that_another_program_changed_is_noted_by_check_and_verify() {
    let shop = Shop::new();
    shop.json(&["init"]);
    let sound = shop.json(&["check"]);
    assert_eq!((sound["damaged"].as_bool(), sound["stock_differences"].as_u64()), (Some(false), Some(0)));
    sql(
        &shop,
        "INSERT INTO partmodel (id, part_name, created_at, updated_at) VALUES ('p', 'R', '2026-01-02', '2026-01-02'); \
         INSERT INTO locationmodel (id, name, location_type, is_mobile, is_auto_generated_slot, is_smart_location, \
             auto_created, hidden_by_default, is_connected) VALUES ('shelf', 'S', 'standard', 0, 0, 0, 0, 0, 0); \
         INSERT INTO part_location_allocations VALUES ('a', 'p', 'shelf', 7, 1, '2026-01-02', '2026-01-02', NULL, 0, NULL);",
    );
    let differs = shop.run(&["check"]);
    assert_eq!(differs.code, 0, "{}", differs.err);
    assert!(differs.out.contains("note: 1 quantity changed without the ledger"), "{}", differs.out);
    assert!(differs.out.contains("part p at location shelf: 7, in the ledger 0"), "{}", differs.out);
    let json = shop.json(&["check"]);
    assert_eq!(json["first_stock_differences"][0]["stock"], 7);
    shop.json(&["backup", "--name", "b"]);
    assert_eq!(shop.json(&["verify", "b"])["stock_differences"], 1);
    let verified = shop.run(&["verify", "b"]);
    assert!(verified.code == 0 && verified.out.contains("note: 1 quantity changed"), "{}", verified.out);
}

#[test]
fn check_tells_damage_from_broken_references_by_its_exit_code() {
    let shop = Shop::populated();
    let nothing = Shop::new();
    assert_eq!(nothing.run(&["check"]).code, 3);
    sql(&shop, "INSERT INTO partcategorylink VALUES ('nothing', 'nowhere')");
    let broken = shop.run(&["check"]);
    assert_eq!(broken.code, 4, "{}", broken.err);
    assert!(broken.out.contains("broken foreign key"), "{}", broken.out);
    let database = &shop.places().database;
    sql(&shop, "PRAGMA journal_mode = DELETE");
    let mut bytes = fs::read(database).unwrap();
    let (start, end) = (bytes.len() / 2, bytes.len() / 2 + 20_000);
    bytes[start..end].fill(0xa5);
    fs::write(database, bytes).unwrap();
    let damaged = shop.run(&["check"]);
    assert_eq!(damaged.code, 5, "{}{}", damaged.out, damaged.err);
}
