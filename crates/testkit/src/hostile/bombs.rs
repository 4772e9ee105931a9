//! Little that becomes much: deflate of nothing but zeros, claims of size and number, values that a
//! database makes up when it is read.

use super::zip::{Entry, Zip, deflate, extra64};
use super::{Base, Group};

const MIB: usize = 1 << 20;

pub(super) fn group(base: &Base) -> Group {
    let mut group = Group::new("bombs");
    let zeros = vec![0; 65 * MIB];
    let packed = deflate(&zeros);
    let bomb = Entry::packed(b"images/zeros.png", &zeros, 8, packed.clone());
    group.zip("an image of zeros", &base.legacy().and(bomb.clone()));
    let lying = |size: u32| base.legacy().and(bomb.clone().with_both(|header| header.size = size));
    group.zip("zeros that claim to be few", &lying(10));
    group.zip("zeros that claim to be just few enough", &lying(64 << 20));
    let stored = base.legacy().and(Entry::stored("images/x.png", b"x").with_both(|header| {
        (header.size, header.packed) = (0xfff0_0000, 0xfff0_0000);
    }));
    group.zip("4 GiB that are not there", &stored);
    let wide = base.legacy().and(Entry::stored("images/x.png", b"x").with(|entry| {
        (entry.central.size, entry.central.packed) = (u32::MAX, u32::MAX);
        entry.central.extra = extra64(&[3 << 40, 3 << 40]);
        (entry.local.size, entry.local.packed) = (u32::MAX, u32::MAX);
        entry.local.extra = entry.central.extra.clone();
    }));
    group.zip("3 TiB that are not there", &wide);

    let part = &zeros[..20 * MIB];
    let part = Entry::packed(b"", part, 8, deflate(part));
    let many = (0..12).map(|number| {
        part.clone().with_both(|header| header.name = format!("images/{number}.png").into_bytes())
    });
    group.zip("many images of zeros, each small enough", &many.fold(base.legacy(), Zip::and));
    group.zip(
        "a manifest of zeros",
        &base.legacy().changing("backup_info.json", |entry| {
            *entry = Entry::packed(b"backup_info.json", &zeros, 8, packed.clone());
        }),
    );
    group.zip(
        "hashes of zeros",
        &base.v3().zip().changing("SHA256SUMS", |entry| {
            *entry = Entry::packed(b"SHA256SUMS", &zeros[..20 * MIB], 8, deflate(&zeros[..20 * MIB]));
        }),
    );
    group.zip(
        "a database of zeros",
        &base.legacy().changing("makers_matrix.db", |entry| {
            *entry = Entry::packed(b"makers_matrix.db", &zeros, 8, packed.clone());
        }),
    );
    let blob = base.edited("CREATE TABLE zeros (b); INSERT INTO zeros VALUES (zeroblob(68000000))");
    group.zip("a database with a large value", &base.legacy_with(&blob));
    let inner = base.legacy().bytes();
    let nested = Zip::of([Entry::stored("inner.zip", &inner), bomb.clone()]).bytes();
    group.zip("archives in an archive", &base.v3().and("images/nested.zip", &nested).zip());
    group.zip("nothing but an archive", &Zip::of([Entry::stored("inner.zip", &inner)]));

    // Made up when a row is read, checked or written.
    const HUGE: &str = "length(hex(zeroblob(300000000))) > 0";
    for (what, sql) in [
        ("a constraint that allocates", format!(
            "UPDATE sqlite_schema SET sql = replace(sql, 'PRIMARY KEY (id)', 'PRIMARY KEY (id), CHECK ({HUGE})') \
             WHERE name = 'partmodel'"
        )),
        ("an index that allocates", format!(
            "CREATE INDEX boom ON partmodel (id); \
             UPDATE sqlite_schema SET sql = 'CREATE INDEX boom ON partmodel ({HUGE})' WHERE name = 'boom'"
        )),
        ("an index that allocates in its condition", format!(
            "CREATE INDEX boom ON partmodel (id) WHERE id > ''; \
             UPDATE sqlite_schema SET sql = 'CREATE INDEX boom ON partmodel (id) WHERE {HUGE}' WHERE name = 'boom'"
        )),
        ("a generated column that allocates", format!(
            "UPDATE sqlite_schema SET sql = replace(sql, 'PRIMARY KEY (id)', \
             'boom INTEGER NOT NULL AS ({HUGE}) VIRTUAL, PRIMARY KEY (id)') WHERE name = 'partmodel'"
        )),
        ("a record of migrations that allocates", "DROP TABLE mm_migrations; \
            CREATE TABLE mm_migrations (a, version AS (hex(zeroblob(300000000)))); \
            INSERT INTO mm_migrations VALUES (1), (2)".to_owned()),
        ("a view without end as the record of migrations", "DROP TABLE mm_migrations; \
            CREATE VIEW mm_migrations AS WITH RECURSIVE n (version) AS (SELECT 'x' UNION ALL SELECT 'x' FROM n) \
            SELECT version, 0 AS applied_at FROM n".to_owned()),
        ("a view without end", "CREATE VIEW boom AS WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) \
            SELECT x FROM n".to_owned()),
        ("a pattern that backtracks", "UPDATE sqlite_schema SET sql = replace(sql, 'PRIMARY KEY (id)', \
            'PRIMARY KEY (id), CHECK (hex(zeroblob(50000)) NOT LIKE ''%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%x'')') \
            WHERE name = 'partmodel'".to_owned()),
    ] {
        group.zip(what, &base.legacy_with(&base.edited(&sql)));
    }
    group
}
