//! Little data that becomes much: deflated zeros, false sizes and numbers, and values that a database
//! computes when it is read.

use super::zip::{Entry, Zip, deflate, extra64};
use super::{Base, Build, Group, Table};

const MIB: usize = 1 << 20;

pub(super) fn group(base: &Base) -> Group {
    let mut group = Group::new("bombs");
    let bomb = zeros("images/zeros.png", 65);
    group.zip("an image of zeros", &base.legacy().and(bomb.clone()));
    for (name, size) in
        [("zeros that claim to be few", 10), ("zeros that claim to be just few enough", 64 << 20)]
    {
        let lying = bomb.clone().with_both(|header| header.size = size);
        group.zip(name, &base.legacy().and(lying));
    }
    for (name, replaced, mib) in [
        ("a manifest of zeros", "backup_info.json", 65),
        ("hashes of zeros", "SHA256SUMS", 20),
        ("a database of zeros", "makers_matrix.db", 65),
    ] {
        let zip = if replaced == "SHA256SUMS" { base.v3().zip() } else { base.legacy() };
        group.zip(name, &zip.changing(replaced, |entry| *entry = zeros(replaced, mib)));
    }
    let inner = Entry::stored("inner.zip", &base.legacy().bytes());
    let nested = Zip::of([inner.clone(), bomb]).bytes();
    group.zip("archives in an archive", &base.v3().and("images/nested.zip", &nested).zip());
    group.zip("nothing but an archive", &Zip::of([inner]));
    group.build(base, BUILDS);
    for (name, sql) in COMPUTED {
        let sql = sql.replace("HUGE", "length(hex(zeroblob(300000000))) > 0");
        group.zip(*name, &base.legacy_with(&base.edited(&sql)));
    }
    group
}

fn zeros(name: &str, mib: usize) -> Entry {
    Entry::deflated(name, &vec![0; mib * MIB])
}

const BUILDS: Table<Build> = &[
    ("4 GiB that are not there", |base| {
        base.legacy().and(Entry::stored("images/x.png", b"x").with_both(|header| {
            (header.size, header.packed) = (0xfff0_0000, 0xfff0_0000);
        }))
    }),
    ("3 TiB that are not there", |base| {
        base.legacy().and(Entry::stored("images/x.png", b"x").with_both(|header| {
            (header.size, header.packed) = (u32::MAX, u32::MAX);
            header.extra = extra64(&[3 << 40, 3 << 40]);
        }))
    }),
    ("many images of zeros, each small enough", |base| {
        let content = vec![0; 20 * MIB];
        let packed = deflate(&content);
        let image =
            |number| Entry::packed(format!("images/{number}.png").as_bytes(), &content, 8, packed.clone());
        (0..12).map(image).fold(base.legacy(), Zip::and)
    }),
    ("a database with a large value", |base| {
        let sql = "CREATE TABLE zeros (b); INSERT INTO zeros VALUES (zeroblob(68000000))";
        base.legacy_with(&base.edited(sql))
    }),
];

/// Expressions that SQLite evaluates when a row is read, checked or written.
const COMPUTED: &[(&str, &str)] = &[
    (
        "a constraint that allocates",
        "UPDATE sqlite_schema SET sql = replace(sql, 'PRIMARY KEY (id)', 'PRIMARY KEY (id), CHECK (HUGE)') \
         WHERE name = 'partmodel'",
    ),
    (
        "an index that allocates",
        "CREATE INDEX boom ON partmodel (id); \
         UPDATE sqlite_schema SET sql = 'CREATE INDEX boom ON partmodel (HUGE)' WHERE name = 'boom'",
    ),
    (
        "an index that allocates in its condition",
        "CREATE INDEX boom ON partmodel (id) WHERE id > ''; \
         UPDATE sqlite_schema SET sql = 'CREATE INDEX boom ON partmodel (id) WHERE HUGE' WHERE name = 'boom'",
    ),
    (
        "a generated column that allocates",
        "UPDATE sqlite_schema SET sql = replace(sql, 'PRIMARY KEY (id)', \
         'boom INTEGER NOT NULL AS (HUGE) VIRTUAL, PRIMARY KEY (id)') WHERE name = 'partmodel'",
    ),
    (
        "a record of migrations that allocates",
        "DROP TABLE mm_migrations; \
         CREATE TABLE mm_migrations (a, version AS (hex(zeroblob(300000000)))); \
         INSERT INTO mm_migrations VALUES (1), (2)",
    ),
    (
        "a view without end as the record of migrations",
        "DROP TABLE mm_migrations; \
         CREATE VIEW mm_migrations AS WITH RECURSIVE n (version) AS (SELECT 'x' UNION ALL SELECT 'x' FROM n) \
         SELECT version, 0 AS applied_at FROM n",
    ),
    (
        "a view without end",
        "CREATE VIEW boom AS WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n",
    ),
    (
        "a pattern that backtracks",
        "UPDATE sqlite_schema SET sql = replace(sql, 'PRIMARY KEY (id)', \
         'PRIMARY KEY (id), CHECK (hex(zeroblob(50000)) NOT LIKE ''%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%x'')') \
         WHERE name = 'partmodel'",
    ),
];
