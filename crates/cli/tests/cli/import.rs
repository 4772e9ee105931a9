//! Tests `import` from a data folder of the original.

use std::fs;

use super::support::{Shop, write};

/// Creates a data folder like a Docker volume of the original, beside that of the shop.
fn old_data(shop: &Shop) -> std::path::PathBuf {
    let old = Shop::populated();
    let from = shop.folder.join("old");
    testkit::scratch::copy_tree(&old.places().static_files, &from.join("static"));
    fs::create_dir_all(from.join("database")).unwrap();
    fs::copy(&old.places().database, from.join("database/makermatrix.db")).unwrap();
    write(&from.join(".env"), b"MOUSER_API_KEY=secret");
    from
}

#[test]
fn importing_reports_the_findings_and_the_next_steps() {
    let shop = Shop::new();
    old_data(&shop);
    let dry = shop.run(&["import", "old", "--dry-run"]);
    assert_eq!(dry.code, 0, "{}", dry.err);
    assert!(dry.out.contains("Nothing was changed (dry run)"), "{}", dry.out);
    assert!(!shop.places().database.exists());
    assert!(!shop.data().exists(), "no folder is created");

    let ran = shop.run(&["import", "old"]);
    assert_eq!(ran.code, 0, "nothing is replaced, so there is no question: {}", ran.err);
    for words in [
        "database  old/database/makermatrix.db (",
        "holds     300 parts",
        "files     old/static: 1 datasheet (4 B), 2 images (6 B)",
        "settings  old/.env (not imported)",
        "Imported.",
        "printed labels stay valid",
        "old/.env was not imported",
        "makermatrix key new",
        "delete them",
    ] {
        assert!(ran.out.contains(words), "{words:?} is missing in {}", ran.out);
    }
    assert!(!ran.out.contains("secret"), "{}", ran.out);
    assert!(shop.places().static_files.join("images/a/one.png").exists());
    assert!(!shop.data().join(".env").exists());
}

#[test]
fn an_import_over_an_inventory_requires_confirmation() {
    let shop = Shop::populated();
    old_data(&shop);
    let refused = shop.run(&["import", "old"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("--yes"), "{}", refused.err);
    assert!(refused.err.contains("300 parts"), "the plan is shown: {}", refused.err);
    assert_eq!(fs::read_dir(shop.places().backups).unwrap().count(), 0);

    let value = shop.json(&["import", "old", "--yes"]);
    assert_eq!(value["counts"]["parts"], 300);
    assert_eq!(value["source"]["env"], "old/.env");
    assert!(value["archive"].as_str().unwrap().contains("/imported_"));
    assert!(value["safety_backup"].is_string() && value["next"].as_array().unwrap().len() > 3);
    let again = shop.json(&["import", value["archive"].as_str().unwrap(), "--yes"]);
    assert_eq!(again["source"]["archive"], value["archive"]);
}

#[test]
fn a_missing_source_is_reported_first() {
    let shop = Shop::new();
    let nothing = shop.run(&["import", "nowhere"]);
    assert_eq!(nothing.code, 3, "{}", nothing.err);
    fs::create_dir(shop.folder.join("empty")).unwrap();
    let empty = shop.run(&["import", "empty"]);
    assert_eq!(empty.code, 3);
    assert!(empty.err.contains("no MakerMatrix database in empty"), "{}", empty.err);
    assert!(!shop.data().exists(), "nothing is created");
}

/// Imports a database from before October 2025, when the row of a part held its quantity and location.
#[test]
fn o1_importing_an_old_database_reports_where_the_stock_went() {
    let shop = Shop::new();
    let old = "CREATE TABLE partmodel (id VARCHAR NOT NULL PRIMARY KEY, part_name VARCHAR NOT NULL, quantity INTEGER, location_id VARCHAR);
        CREATE TABLE categorymodel (id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR NOT NULL);
        CREATE TABLE locationmodel (id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR, parent_id VARCHAR, location_type VARCHAR NOT NULL);
        CREATE TABLE partcategorylink (part_id VARCHAR NOT NULL, category_id VARCHAR NOT NULL, PRIMARY KEY (part_id, category_id));
        INSERT INTO locationmodel VALUES ('shelf', 'Shelf', NULL, 'standard');
        INSERT INTO partmodel VALUES ('a', 'Resistor', 100, 'shelf'), ('b', 'Loose', 50, NULL);";
    rusqlite::Connection::open(shop.folder.join("old.db")).unwrap().execute_batch(old).unwrap();
    let ran = shop.run(&["import", "old.db"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for words in [
        "150 units of 2 parts moved from the part to its location",
        "1 part with stock but no location put into \"Unsorted\": Loose",
        "parts with a location: 1 before, 2 after",
    ] {
        assert!(ran.out.contains(words), "{words:?} in {}", ran.out);
    }
    let drilled = shop.json(&["drill"]);
    assert_eq!(drilled["drilled"][0]["totals"]["after"]["units"], 150);
}
