//! Small databases as seeds. Each has pages of 512 bytes, the tables by which MakerMatrix recognises its
//! databases, and one thing that a schema can contain.

use crate::databases::Scratch;

/// Returns the databases with their names.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    const TABLES: &str = "
        CREATE TABLE partmodel (id TEXT PRIMARY KEY, part_name TEXT, image_url TEXT, created_at, updated_at);
        CREATE TABLE locationmodel (id TEXT PRIMARY KEY, name TEXT, location_type TEXT,
            parent_id TEXT REFERENCES locationmodel (id), is_mobile, is_auto_generated_slot, is_smart_location,
            auto_created, hidden_by_default, is_connected);
        CREATE TABLE categorymodel (id TEXT PRIMARY KEY, name TEXT);
        CREATE TABLE usermodel (id TEXT PRIMARY KEY, username TEXT, email TEXT, hashed_password TEXT, is_active,
            password_change_required, created_at);
        CREATE TABLE rolemodel (id TEXT PRIMARY KEY, name TEXT, permissions TEXT);
        INSERT INTO partmodel (id, part_name, image_url) VALUES
            ('p1', 'resistor', '/api/utility/get_image/one'), ('p2', X'FF00', 2.5);
        INSERT INTO locationmodel (id, name, parent_id) VALUES ('l1', 'shelf', NULL), ('l2', 'box', 'l1');";
    let with = |sql: &str| {
        let scratch = Scratch::new(b"");
        let connection = rusqlite::Connection::open(&scratch.0).expect("a new file");
        connection.execute_batch("PRAGMA page_size = 512").expect("is only a setting");
        connection.execute_batch(&format!("{TABLES}{sql}")).expect("it is SQL");
        drop(connection);
        std::fs::read(&scratch.0).expect("just written")
    };
    let whole = {
        let scratch = Scratch::new(b"");
        let connection = rusqlite::Connection::open(&scratch.0).expect("a new file");
        connection.execute_batch("PRAGMA page_size = 512").expect("is only a setting");
        connection.execute_batch(inventory::migration::ORIGINAL_SCHEMA).expect("it is SQL");
        drop(connection);
        std::fs::read(&scratch.0).expect("just written")
    };
    let plain = with("");
    let mut wal = plain.clone();
    (wal[18], wal[19]) = (2, 2);
    vec![
        (
            "broken_reference",
            with(
                "PRAGMA foreign_keys = OFF; INSERT INTO locationmodel (id, parent_id) VALUES ('l3', 'lost');",
            ),
        ),
        (
            "check_and_generated",
            with(
                "CREATE TABLE x (a INT CHECK (a < 9), b AS (a + 1) STORED, c AS (a || b));
            INSERT INTO x (a) VALUES (1), (2);",
            ),
        ),
        (
            "index_on_expression",
            with("CREATE INDEX i ON partmodel (upper(part_name)) WHERE part_name LIKE 'r%';"),
        ),
        ("overflow", with("INSERT INTO partmodel (id, part_name) VALUES ('p3', hex(zeroblob(900)));")),
        (
            "trigger_and_view",
            with(
                "CREATE VIEW v AS SELECT * FROM partmodel;
            CREATE TRIGGER t AFTER INSERT ON partmodel BEGIN DELETE FROM partmodel; END;",
            ),
        ),
        ("virtual_table", with("CREATE VIRTUAL TABLE s USING fts5 (text);")),
        (
            "without_rowid",
            with(
                "CREATE TABLE w (a TEXT, b INT, PRIMARY KEY (b, a)) WITHOUT ROWID;
            INSERT INTO w VALUES ('x', 1);",
            ),
        ),
        ("wal_mode", wal),
        ("truncated", plain[..plain.len() / 2].to_vec()),
        ("plain", plain),
        ("whole_schema", whole),
    ]
}
