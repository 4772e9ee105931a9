use std::path::PathBuf;

use super::*;

/// Creates two databases by SQL and compares them.
fn compare_databases(live: &str, copy: &str) -> BTreeMap<String, RowChanges> {
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str, sql: &str| -> PathBuf {
        let path = folder.path().join(name);
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        path
    };
    compare_rows(&make("live.db", live), &make("copy.db", copy)).unwrap()
}

fn changes(added: u64, removed: u64, changed: u64) -> RowChanges {
    RowChanges { added, removed, changed }
}

#[test]
fn rows_are_matched_by_their_primary_key() {
    let table = "CREATE TABLE t (id TEXT NOT NULL PRIMARY KEY COLLATE NOCASE, v);";
    let found = compare_databases(
        &format!("{table} INSERT INTO t VALUES ('a', 1), ('B', 1), ('c', 1), ('e', 1), ('é', 1)"),
        &format!("{table} INSERT INTO t VALUES ('é', 1), ('d', 1), ('c', 2), ('B', 1), ('b2', 1)"),
    );
    assert_eq!(found["t"], changes(2, 2, 1));
    let same = compare_databases(
        &format!("{table} INSERT INTO t VALUES ('a', 1)"),
        &format!("{table} INSERT INTO t VALUES ('a', 1)"),
    );
    assert!(!same["t"].any());
}

#[test]
fn a_composite_key_of_any_types_matches_rows() {
    let table = "CREATE TABLE t (a NOT NULL, b NOT NULL, v, PRIMARY KEY (b, a));";
    let found = compare_databases(
        &format!("{table} INSERT INTO t VALUES (1, 'x', 1), (2.5, 'x', 1), (x'00', 'x', 1), ('t', 'y', 1)"),
        &format!("{table} INSERT INTO t VALUES (1, 'x', 1.0), (2, 'x', 1), (x'00', 'x', 1), ('t', 'z', 1)"),
    );
    assert_eq!(found["t"], changes(2, 2, 1), "1 and 1.0 are two values");
    let rowids = "CREATE TABLE t (id INTEGER PRIMARY KEY, v);";
    let found = compare_databases(
        &format!("{rowids} INSERT INTO t VALUES (-5, 1), (9, 1), (10, 1)"),
        &format!("{rowids} INSERT INTO t VALUES (9, 2), (10, 1), (11, 1)"),
    );
    assert_eq!(found["t"], changes(1, 1, 1));
}

#[test]
fn rows_without_a_key_are_added_and_removed_but_never_changed() {
    let table = "CREATE TABLE t (a, b);";
    let found = compare_databases(
        &format!("{table} INSERT INTO t VALUES (1, NULL), (1, NULL), (2, 'x')"),
        &format!("{table} INSERT INTO t VALUES (1, NULL), (2, 'y'), (NULL, NULL)"),
    );
    assert_eq!(found["t"], changes(2, 2, 0));
}

#[test]
fn columns_and_tables_of_only_one_database_are_not_compared() {
    let found = compare_databases(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, mine, v); INSERT INTO t VALUES (1, 'x', 1), (2, 'x', 1);
         CREATE TABLE mine (a)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v, later); INSERT INTO t VALUES (1, 1, 'y'), (2, 2, 'y');
         CREATE TABLE later (a)",
    );
    assert_eq!(found, BTreeMap::from([("t".to_owned(), changes(0, 0, 1))]));
}

#[test]
fn tables_that_cannot_be_compared_are_omitted() {
    let found = compare_databases("PRAGMA encoding = 'UTF-16le'; CREATE TABLE t (a)", "CREATE TABLE t (a)");
    assert!(found.is_empty());
}

#[test]
fn numbers_are_ordered_as_sqlite_orders_them() {
    let big = i64::MAX;
    assert_eq!(compare_mixed(big, 9_223_372_036_854_775_807.0), Ordering::Less);
    assert_eq!(compare_mixed(big - 1, 9.2e18), Ordering::Greater);
    assert_eq!(compare_mixed(1, 1.0), Ordering::Equal);
    assert_eq!(compare_mixed(1, 1.5), Ordering::Less);
    assert_eq!(compare_mixed(-1, -1.5), Ordering::Greater);
    assert_eq!(compare_mixed(i64::MIN, f64::NEG_INFINITY), Ordering::Greater);
}
