//! Tests the plan of a restore: changed rows of each kind, and changes of other tables.

use serde_json::json;

use crate::support::{Shop, write};

#[test]
fn the_plan_shows_added_removed_and_changed_rows_of_each_kind() {
    let shop = Shop::populated();
    shop.json(&["backup", "--name", "made"]);
    let ran = shop.run(&["restore", "made", "--dry-run"]);
    assert!(ran.out.contains("nothing changes"), "300 before and 300 after: {}", ran.out);
    let database = rusqlite::Connection::open(shop.places().database).unwrap();
    database
        .execute_batch(
            "UPDATE partmodel SET description = 'scribbled over' WHERE rowid <= 7;
             DELETE FROM partmodel WHERE rowid > 290;",
        )
        .unwrap();
    testkit::generators::add_many_parts_from(&shop.places().database, 1000, 10);
    let plan = shop.json(&["restore", "made", "--dry-run"]);
    assert_eq!((&plan["now"]["parts"], &plan["after"]["parts"]), (&json!(300), &json!(300)));
    assert_eq!(plan["changes"]["parts"], json!({"added": 10, "removed": 10, "changed": 7}));
    assert_eq!(plan["changes"]["locations"], json!({"added": 0, "removed": 0, "changed": 0}));
    let ran = shop.run(&["restore", "made", "--dry-run"]);
    let line = ran.out.lines().find(|line| line.trim_start().starts_with("parts")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["parts", "300", "300", "10", "10", "7"]);
    assert!(!ran.out.contains("nothing changes"), "{}", ran.out);
}

#[test]
fn the_plan_names_other_tables_that_change_or_are_removed() {
    let shop = Shop::populated();
    let run =
        |sql: &str| rusqlite::Connection::open(shop.places().database).unwrap().execute_batch(sql).unwrap();
    run(
        "CREATE TABLE my_shelf_labels (id INTEGER PRIMARY KEY, text); INSERT INTO my_shelf_labels VALUES (1, 'A'), (2, 'B')",
    );
    shop.json(&["backup", "--name", "made"]);
    run("UPDATE my_shelf_labels SET text = 'C' WHERE id = 1; DELETE FROM my_shelf_labels WHERE id = 2;
         CREATE TABLE my_notes (note); INSERT INTO my_notes VALUES ('x'), ('y')");
    write(&shop.places().static_files.join("images/new.png"), b"new");
    let plan = shop.json(&["restore", "made", "--dry-run"]);
    assert_eq!(plan["other_tables"], json!({"my_shelf_labels": {"added": 1, "removed": 0, "changed": 1}}));
    assert_eq!(plan["tables_removed"], json!({"my_notes": 2}));
    let text = shop.run(&["restore", "made", "--dry-run"]).out;
    for words in [
        "table my_shelf_labels: 1 row added, 0 removed, 1 changed",
        "table my_notes is not in the backup and is removed, with 2 rows",
        "removes images/new.png",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}
