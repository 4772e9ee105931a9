//! Databases whose pages lie: headers, counts, and pages that point to themselves, to each other or out
//! of the file.

use rusqlite::Connection;

use super::{Base, Group, Table};

/// Bytes per page of the base.
const PAGE: usize = 4096;

pub(super) fn group(base: &Base) -> Group {
    let mut group = Group::new("pages");
    for (what, at, bytes) in HEADER {
        let mut database = base.database.clone();
        database[*at..at + bytes.len()].copy_from_slice(bytes);
        group.zip(*what, &base.legacy_with(&database));
    }
    let length = base.database.len();
    for (name, left) in [
        ("nothing at all", 0),
        ("16 bytes", 16),
        ("100 bytes", 100),
        ("the first page alone", PAGE),
        ("half of the file", length / 2 / PAGE * PAGE),
        ("all but a page", length - PAGE),
        ("all but a byte", length - 1),
    ] {
        group.zip(name, &base.legacy_with(&base.database[..left]));
        group.zip(format!("{name}, format 3"), &base.v3().database(&base.database[..left]).zip());
    }
    group.zip("bytes behind the last page", &base.legacy_with(&[&base.database[..], &[7; 99]].concat()));
    group.zip("a page behind the last", &base.legacy_with(&[&base.database[..], &[7; PAGE]].concat()));
    group.zip(
        "a write-ahead log in place of a database",
        &base.legacy_with(&[&[0x37, 0x7f, 6, 0x82], &[0; 999][..]].concat()),
    );

    let big = Big::new(base);
    for (what, lie) in LIES {
        let mut database = big.database.clone();
        lie(&big, &mut database);
        group.zip(*what, &base.legacy_with(&database));
    }
    group
}

/// Offsets in the database header, and false bytes there (section 1.3 of SQLite's file format).
const HEADER: &[(&str, usize, &[u8])] = &[
    ("no magic", 0, b"SQLite format 4\0"),
    ("pages of 513 bytes", 16, &[2, 1]),
    ("pages of no bytes", 16, &[0, 0]),
    ("pages of 512 bytes", 16, &[2, 0]),
    ("pages of 64 KiB", 16, &[0, 1]),
    ("a write version from the future", 18, &[9]),
    ("a read version from the future", 19, &[9]),
    ("said to have a write-ahead log", 18, &[2, 2]),
    ("said to reserve bytes", 20, &[32]),
    ("said to reserve all bytes", 20, &[255]),
    ("other fractions", 21, &[1, 2, 3]),
    ("no pages", 28, &[0, 0, 0, 0]),
    ("one page", 28, &[0, 0, 0, 1]),
    ("all pages there can be", 28, &[0xff; 4]),
    ("a free list that begins at the schema", 32, &[0, 0, 0, 1, 0, 0, 0, 1]),
    ("a free list that begins in a table", 32, &[0, 0, 0, 3, 0, 0, 0, 1]),
    ("a free list behind the end", 32, &[0x7f, 0, 0, 0, 0, 0, 0, 1]),
    ("a free list of all pages there can be", 36, &[0xff; 4]),
    ("a schema format from the future", 44, &[0, 0, 0, 99]),
    ("a schema format of nothing", 44, &[0, 0, 0, 0]),
    ("a cache as large as can be said", 48, &[0x7f, 0xff, 0xff, 0xff]),
    ("said to vacuum itself", 52, &[0, 0, 0, 9]),
    ("no encoding", 56, &[0, 0, 0, 0]),
    ("said to be UTF-16", 56, &[0, 0, 0, 2]),
    ("an encoding that does not exist", 56, &[0, 0, 0, 9]),
    ("another change counter", 24, &[9; 4]),
    ("a schema page that is none", 100, &[0]),
    ("a schema page that is an index", 100, &[10]),
    ("a schema page with more cells", 103, &[0xff, 0xff]),
    ("a schema page without cells", 103, &[0, 0]),
];

/// A database with a table of several levels, an index of several, and a value over several pages.
struct Big {
    database: Vec<u8>,
    table: usize,
    index: usize,
    value: usize,
    free: usize,
}

impl Big {
    fn new(base: &Base) -> Self {
        let mut found = [0; 3];
        let database = base.edited_by(|connection| {
            connection
                .execute_batch(
                    "CREATE TABLE big (a INTEGER PRIMARY KEY, b); CREATE INDEX big_b ON big (b); \
                     WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 900) \
                     INSERT INTO big SELECT x, x || ' ' || hex(zeroblob(40)) FROM n; \
                     CREATE TABLE long (a); INSERT INTO long VALUES (zeroblob(50000)); \
                     CREATE TABLE gone (a); INSERT INTO gone VALUES (zeroblob(50000)); DROP TABLE gone",
                )
                .expect("is valid");
            found = ["big", "big_b", "long"].map(|name| root(connection, name));
        });
        let [table, index, value] = found;
        let free = u32::from_be_bytes(database[32..36].try_into().expect("four")) as usize;
        Self { database, table, index, value, free }
    }
}

fn root(connection: &Connection, name: &str) -> usize {
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    let page: i64 = connection.query_row(sql, [name], |row| row.get(0)).expect("it exists");
    usize::try_from(page).expect("pages count from 1")
}

/// Returns the page with a number.
fn page(database: &mut [u8], number: usize) -> &mut [u8] {
    &mut database[(number - 1) * PAGE..number * PAGE]
}

/// Returns the offset of the first cell of a page. Interior pages have a longer header.
fn first_cell(page: &[u8]) -> usize {
    let pointers = if matches!(page[0], 2 | 5) { 12 } else { 8 };
    usize::from(u16::from_be_bytes([page[pointers], page[pointers + 1]]))
}

/// Writes the number of a page at an offset in another.
fn put(database: &mut [u8], number: usize, offset: usize, to: usize) {
    page(database, number)[offset..offset + 4].copy_from_slice(&(to as u32).to_be_bytes());
}

/// Makes the first cell of an interior page point to another page.
fn point(database: &mut [u8], from: usize, to: usize) {
    let page = page(database, from);
    assert!(matches!(page[0], 2 | 5), "an interior page");
    let cell = first_cell(page);
    put(database, from, cell, to);
}

/// Makes the second page of the long value, given its number, continue on another.
fn continue_at(big: &Big, database: &mut [u8], to: fn(usize) -> usize) {
    let next = overflow(big, database);
    put(database, next, 0, to(next));
}

const LIES: Table<fn(&Big, &mut [u8])> = &[
    ("a table that contains itself", |big, database| point(database, big.table, big.table)),
    ("an index that contains itself", |big, database| point(database, big.index, big.index)),
    ("a table that contains the index that contains it", |big, database| {
        point(database, big.table, big.index);
        point(database, big.index, big.table);
    }),
    ("a table that contains the schema", |big, database| point(database, big.table, 1)),
    ("a table that reaches behind the end", |big, database| point(database, big.table, 99_999_999)),
    ("a table that contains no page", |big, database| point(database, big.table, 0)),
    ("a table that contains free pages", |big, database| point(database, big.table, big.free)),
    ("a table whose last page is itself", |big, database| put(database, big.table, 8, big.table)),
    ("a table with an unknown kind of page", |big, database| page(database, big.table)[0] = 77),
    ("a table that is an index", |big, database| page(database, big.table)[0] = 2),
    ("more cells than a page can hold", |big, database| page(database, big.table)[3..5].fill(0xff)),
    ("cells behind the page", |big, database| page(database, big.table)[12..14].fill(0xff)),
    ("cells in the header", |big, database| page(database, big.table)[12..14].copy_from_slice(&[0, 3])),
    ("cells over each other", |big, database| {
        let page = page(database, big.table);
        page.copy_within(12..14, 14);
    }),
    ("free blocks in a circle", |big, database| {
        let page = page(database, big.table);
        page[1..3].copy_from_slice(&2000_u16.to_be_bytes());
        page[2000..2004].copy_from_slice(&[0x07, 0xd0, 0, 8]);
    }),
    ("a value as long as can be said", |big, database| {
        let page = page(database, big.value);
        let cell = first_cell(page);
        page[cell..cell + 9].copy_from_slice(&[0xff; 9]);
    }),
    ("a value of 2 GiB", |big, database| {
        let page = page(database, big.value);
        let cell = first_cell(page);
        page[cell..cell + 5].copy_from_slice(&[0x87, 0xff, 0xff, 0xff, 0x7f]);
    }),
    ("a value whose next page is itself", |big, database| continue_at(big, database, |own| own)),
    ("a value that goes on behind the end", |big, database| continue_at(big, database, |_| 0x7f00_0000)),
    ("a value that goes on in the schema", |big, database| continue_at(big, database, |_| 1)),
    ("a value that ends early", |big, database| continue_at(big, database, |_| 0)),
    ("a free list that contains itself", |big, database| put(database, big.free, 0, big.free)),
    ("a free list of pages in use", |big, database| put(database, big.free, 8, big.table)),
    ("a free list longer than a page", |big, database| page(database, big.free)[4..8].fill(0x7f)),
    ("every page of noise", |_, database| {
        for (number, byte) in database.iter_mut().enumerate().skip(PAGE) {
            *byte = ((number * 7919) >> 3) as u8;
        }
    }),
];

/// Returns the number of the page that continues the long value: the last four bytes of its cell.
fn overflow(big: &Big, database: &mut [u8]) -> usize {
    let page = page(database, big.value);
    let next = PAGE - 4;
    u32::from_be_bytes(page[next..].try_into().expect("four")) as usize
}
