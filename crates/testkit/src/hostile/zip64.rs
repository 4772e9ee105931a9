//! Lies in the fields for large archives.

use super::zip::{End64, Zip, extra64};
use super::{Base, Group};

pub(super) fn group(base: &Base) -> Group {
    let mut group = Group::new("zip64");
    let with = |change: fn(&mut End64)| {
        base.legacy().with(|zip| {
            let mut end64 = End64::default();
            change(&mut end64);
            zip.end64 = Some(end64);
        })
    };
    // Where the ordinary end defers to the one of zip64.
    let deferring = |change: fn(&mut End64)| {
        with(change).with(|zip| {
            zip.end.entries = Some(u16::MAX);
            zip.end.entries_here = Some(u16::MAX);
            zip.end.size = Some(u32::MAX);
            zip.end.offset = Some(u32::MAX);
        })
    };
    group.zip("needless but true", &with(|_| {}));
    group.zip("true, the ordinary end defers", &deferring(|_| {}));
    for (what, lie) in [
        ("another number of entries", (|end| end.entries = Some(100)) as fn(&mut End64)),
        ("billions of entries", |end| {
            end.entries = Some(1 << 40);
            end.entries_here = Some(1 << 40);
        }),
        ("no entries", |end| {
            end.entries = Some(0);
            end.entries_here = Some(0);
        }),
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
    ] {
        group.zip(what, &with(lie));
        group.zip(format!("{what}, the ordinary end defers"), &deferring(lie));
    }
    let deferring_to_nothing = base.legacy().with(|zip| {
        zip.end.entries = Some(u16::MAX);
        zip.end.entries_here = Some(u16::MAX);
        zip.end.offset = Some(u32::MAX);
    });
    group.zip("an end that defers to nothing", &deferring_to_nothing);

    let extras = |numbers: fn(u64, u64) -> Vec<u8>| {
        base.legacy().changing(&base.image, |entry| {
            let (size, packed) = (u64::from(entry.central.size), u64::from(entry.central.packed));
            (entry.central.size, entry.central.packed) = (u32::MAX, u32::MAX);
            entry.central.extra = numbers(size, packed);
        })
    };
    group.zip("sizes in the extra field, true", &extras(|size, packed| extra64(&[size, packed])));
    group.zip("sizes in the extra field, missing", &extras(|_, _| Vec::new()));
    group.zip("sizes in the extra field, one missing", &extras(|size, _| extra64(&[size])));
    group.zip(
        "sizes in the extra field, cut",
        &extras(|size, packed| {
            let mut field = extra64(&[size, packed]);
            field.truncate(9);
            field
        }),
    );
    group.zip("sizes in the extra field, swapped", &extras(|size, packed| extra64(&[packed / 2, size * 2])));
    group.zip("sizes in the extra field, 5 TiB", &extras(|_, _| extra64(&[5 << 40, 5 << 40])));
    group.zip("sizes in the extra field, overflowing", &extras(|_, _| extra64(&[u64::MAX, u64::MAX])));
    group.zip(
        "sizes in the extra field, twice",
        &extras(|size, packed| [extra64(&[size, packed]), extra64(&[size + 1, packed + 1])].concat()),
    );
    group.zip(
        "sizes in the extra field, ignored",
        &base.legacy().changing(&base.image, |entry| {
            entry.central.extra = extra64(&[1, 1]);
        }),
    );
    group.zip("an offset in the extra field, true", &offset(base, |at| extra64(&[at])));
    group.zip("an offset in the extra field, missing", &offset(base, |_| Vec::new()));
    group.zip("an offset in the extra field, elsewhere", &offset(base, |at| extra64(&[at + 1])));
    group.zip("an offset in the extra field, overflowing", &offset(base, |_| extra64(&[u64::MAX - 3])));
    group.zip(
        "sizes before the data in an extra field",
        &base.legacy().changing(&base.image, |entry| {
            let sizes = [u64::from(entry.local.size), u64::from(entry.local.packed)];
            (entry.local.size, entry.local.packed) = (u32::MAX, u32::MAX);
            entry.local.extra = extra64(&sizes);
        }),
    );
    group.zip(
        "sizes before the data in an extra field, lying",
        &base.legacy().changing(&base.image, |entry| {
            (entry.local.size, entry.local.packed) = (u32::MAX, u32::MAX);
            entry.local.extra = extra64(&[1, 1]);
        }),
    );
    group
}

/// The offset of the first entry stands in its extra field.
fn offset(base: &Base, field: fn(u64) -> Vec<u8>) -> Zip {
    base.legacy().with(|zip| {
        zip.entries[0].central.offset = Some(u32::MAX);
        zip.entries[0].central.extra = field(0);
    })
}
