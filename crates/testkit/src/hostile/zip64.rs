//! Lies in the fields for large archives.

use super::zip::{End64, Zip, extra64};
use super::{Base, Change, Group, Table};

pub(super) fn group(base: &Base) -> Group {
    let mut group = Group::new("zip64");
    let with = |lie: fn(&mut End64)| {
        let mut end64 = End64::default();
        lie(&mut end64);
        base.legacy().with(|zip| zip.end64 = Some(end64))
    };
    group.zip("needless but true", &with(|_| {}));
    group.zip("true, the ordinary end defers", &deferring(with(|_| {})));
    for (name, lie) in LIES {
        group.zip(*name, &with(*lie));
        group.zip(format!("{name}, the ordinary end defers"), &deferring(with(*lie)));
    }
    group.zip("an end that defers to nothing", &deferring(base.legacy()).with(|zip| zip.end.size = None));
    for (name, field) in SIZES {
        let zip = base.legacy().changing(&base.image, |entry| {
            let (size, packed) = (u64::from(entry.central.size), u64::from(entry.central.packed));
            (entry.central.size, entry.central.packed) = (u32::MAX, u32::MAX);
            entry.central.extra = field(size, packed);
        });
        group.zip(format!("sizes in the extra field, {name}"), &zip);
    }
    for (name, field) in OFFSETS {
        let zip = base.legacy().with(|zip| {
            zip.entries[0].central.offset = Some(u32::MAX);
            zip.entries[0].central.extra = field();
        });
        group.zip(format!("an offset in the extra field, {name}"), &zip);
    }
    group.change(&base.legacy(), &base.image, CHANGES);
    group
}

/// Makes the ordinary end refer to that of zip64.
fn deferring(mut zip: Zip) -> Zip {
    (zip.end.entries, zip.end.entries_here) = (Some(u16::MAX), Some(u16::MAX));
    (zip.end.size, zip.end.offset) = (Some(u32::MAX), Some(u32::MAX));
    zip
}

const LIES: Table<fn(&mut End64)> = &[
    ("another number of entries", |end| end.entries = Some(100)),
    ("billions of entries", |end| (end.entries, end.entries_here) = (Some(1 << 40), Some(1 << 40))),
    ("no entries", |end| (end.entries, end.entries_here) = (Some(0), Some(0))),
    ("another number of entries on this disk", |end| end.entries_here = Some(2)),
    ("another size", |end| end.size = Some(7)),
    ("another offset", |end| end.offset = Some(0)),
    ("an offset behind the end", |end| end.offset = Some(1 << 50)),
    ("an offset that overflows", |end| end.offset = Some(u64::MAX)),
    ("a record that is too short", |end| end.record_size = Some(10)),
    ("a record that is too long", |end| end.record_size = Some(4000)),
    ("a record of all there is", |end| end.record_size = Some(u64::MAX)),
    ("a locator that points to the start", |end| end.locator_offset = Some(0)),
    ("a locator that points behind the end", |end| end.locator_offset = Some(1 << 40)),
    ("a locator that points to itself", |end| end.locator_offset = Some(u64::MAX - 10)),
    ("another disk", |end| end.disk = 5),
    ("a directory on another disk", |end| end.directory_disk = 5),
    ("a locator on another disk", |end| end.locator_disk = 5),
    ("many disks", |end| end.disks = Some(9)),
];

/// Extra fields of an entry with this size and packed size.
const SIZES: Table<fn(u64, u64) -> Vec<u8>> = &[
    ("true", |size, packed| extra64(&[size, packed])),
    ("missing", |_, _| Vec::new()),
    ("one missing", |size, _| extra64(&[size])),
    ("cut", |size, packed| extra64(&[size, packed])[..9].to_vec()),
    ("swapped", |size, packed| extra64(&[packed / 2, size * 2])),
    ("5 TiB", |_, _| extra64(&[5 << 40, 5 << 40])),
    ("overflowing", |_, _| extra64(&[u64::MAX, u64::MAX])),
    ("twice", |size, packed| [extra64(&[size, packed]), extra64(&[size + 1, packed + 1])].concat()),
];

/// Extra fields of the first entry, whose offset is 0.
const OFFSETS: Table<fn() -> Vec<u8>> = &[
    ("true", || extra64(&[0])),
    ("missing", Vec::new),
    ("elsewhere", || extra64(&[1])),
    ("overflowing", || extra64(&[u64::MAX - 3])),
];

const CHANGES: Table<Change> = &[
    ("sizes in the extra field, ignored", |entry| entry.central.extra = extra64(&[1, 1])),
    ("sizes before the data in an extra field", |entry| {
        entry.local.extra = extra64(&[u64::from(entry.local.size), u64::from(entry.local.packed)]);
        (entry.local.size, entry.local.packed) = (u32::MAX, u32::MAX);
    }),
    ("sizes before the data in an extra field, lying", |entry| {
        entry.local.extra = extra64(&[1, 1]);
        (entry.local.size, entry.local.packed) = (u32::MAX, u32::MAX);
    }),
];
