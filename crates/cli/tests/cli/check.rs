//! `check`: damage, broken references, and whether the ledger explains the stock.

use std::fs;
use std::time::{Duration, SystemTime};

use rusqlite::Connection;

use crate::support::{Shop, write};

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

/// Writes a static file with an age in minutes.
fn aged(shop: &Shop, path: &str, content: &[u8], minutes: u64) {
    let path = shop.places().static_files.join(path);
    write(&path, content);
    let now = SystemTime::from(inventory::Ambient::system().utc().and_utc());
    let time = now - Duration::from_secs(minutes * 60);
    fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
}

#[test]
fn files_without_rows_and_rows_without_files_are_noted() {
    let shop = Shop::new();
    shop.json(&["init"]);
    sql(
        &shop,
        "INSERT INTO partmodel (id, part_name, image_url, created_at, updated_at) VALUES \
             ('p', 'R', '/api/utility/get_image/with', '2026-01-02', '2026-01-02'), \
             ('q', 'C', '/api/utility/get_image/full.v2.png?v=3', '2026-01-02', '2026-01-02'), \
             ('r', 'L', '/api/utility/get_image/gone', '2026-01-02', '2026-01-02'), \
             ('s', 'D', 'https://example.com/orphan.png', '2026-01-02', '2026-01-02'); \
         INSERT INTO datasheets (id, part_id, filename, file_path, file_type, download_date, is_primary, is_active, created_at) \
             VALUES ('d', 'p', 'known.pdf', 'known.pdf', 'pdf', '2026-01-02', 0, 1, '2026-01-02');",
    );
    for path in ["images/with.png", "images/full.v2.png", "datasheets/known.pdf"] {
        aged(&shop, path, b"used", 120);
    }
    aged(&shop, "images/orphan.png", b"12345", 61);
    aged(&shop, "images/.mm-1.partial", b"123", 120);
    aged(&shop, "datasheets/copied by hand/known.pdf", b"1", 9000);
    aged(&shop, "images/new.png", b"being uploaded", 59);
    aged(&shop, "images/.mm-2.partial", b"being uploaded", 0);
    aged(&shop, "images/deleted.png", b"its deletion waits for a backup", 120);
    write(&shop.places().static_files.join(".mm-deferred/note"), b"images/deleted.png");
    aged(&shop, ".mm-thumbnails/x/1-2", b"a small picture", 120);

    let json = shop.json(&["check"]);
    let orphans = serde_json::json!({
        "count": 3,
        "size": 9,
        "files": [
            {"path": "datasheets/copied by hand/known.pdf", "size": 1},
            {"path": "images/.mm-1.partial", "size": 3},
            {"path": "images/orphan.png", "size": 5},
        ],
    });
    assert_eq!(json["orphan_files"], orphans);
    assert_eq!(json["missing_files"], serde_json::json!(["images/gone"]));
    let shown = shop.run(&["check"]);
    assert_eq!(shown.code, 0, "a note is no failure: {}", shown.err);
    for text in [
        "note: 3 files (9 B) to which no row refers",
        "    images/orphan.png (5 B)",
        "note: 1 file missing to which rows refer",
        "    images/gone",
    ] {
        assert!(shown.out.contains(text), "{text}: {}", shown.out);
    }
    let help = shop.run(&["check", "--help"]).out;
    assert!(help.contains("Files to which no row refers") && help.contains("Missing files"), "{help}");
}

#[test]
fn many_files_without_rows_are_counted_and_not_all_printed() {
    let shop = Shop::new();
    shop.json(&["init"]);
    (10..22).for_each(|name| aged(&shop, &format!("images/{name}.png"), b"x", 120));
    let shown = shop.run(&["check"]).out;
    assert!(shown.contains("images/19.png") && !shown.contains("images/20.png"), "{shown}");
    assert!(shown.contains("and 2 more; --json lists all"), "{shown}");
    assert_eq!(shop.json(&["check"])["orphan_files"]["files"].as_array().unwrap().len(), 12);
}
