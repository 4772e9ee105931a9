//! The positions of things in the file: entries over each other, bytes that belong to nothing,
//! comments, a second end, parts on other disks.

use super::zip::{End, Entry, Zip};
use super::{Base, Build, Group, Table};

pub(super) fn group(base: &Base) -> Group {
    let mut group = Group::new("layout");
    group.build(base, OVERLAPS);
    for (format, zip) in [("format 2", base.legacy()), ("format 3", base.v3().zip())] {
        for (name, change) in STRAYS {
            group.zip(format!("{name}, {format}"), &zip.clone().with(change));
        }
        let ignored = [b"#!/bin/sh\nexit\n".to_vec(), zip.bytes()].concat();
        group.add(format!("a program in front that offsets ignore, {format}"), ignored);
    }
    for (name, change) in ENDS {
        group.zip(*name, &base.legacy().with(|zip| change(&mut zip.end)));
    }
    group.build(base, BUILDS);
    let whole = base.legacy().bytes();
    group.add("a marker of a split archive", [b"PK\x07\x08", whole.as_slice()].concat());
    group.add("cut in half", &whole[..whole.len() / 2]);
    group.add("cut before the end", &whole[..whole.len() - 22]);
    group.add("cut in the end", &whole[..whole.len() - 5]);
    group.add("cut at the start", &whole[50..]);
    group
}

const INNER: &str = "images/inner.png";
const OUTER: &str = "images/outer.png";

/// Returns header and data of an entry, as another may hold them: bombs of quoted headers do.
fn quoted() -> Vec<u8> {
    Zip::of([Entry::stored(INNER, b"inner")]).bytes()[..30 + INNER.len() + 5].to_vec()
}

/// Returns an entry that is only listed, with its header at this offset.
fn listed(name: &str, content: &[u8], offset: usize) -> Entry {
    Entry::stored(name, content).with(|entry| {
        entry.written = false;
        entry.central.offset = Some(offset as u32);
    })
}

/// Returns an archive with a large entry that holds [`quoted`], and lists the quoted entry as well.
fn nested(base: &Base, outer: Entry) -> Zip {
    let at = base.legacy().bytes_before_directory() + 30 + OUTER.len();
    base.legacy().and(outer).and(listed(INNER, b"inner", at))
}

const OVERLAPS: Table<Build> = &[
    ("an entry inside another", |base| nested(base, Entry::stored(OUTER, &quoted()))),
    ("an entry partly inside another", |base| {
        let quoted = quoted();
        let outer = Entry::stored(OUTER, &[quoted.as_slice(), b"more"].concat()).with_both(|header| {
            (header.packed, header.size) = (header.packed - 7, header.size - 7);
            header.crc = crc32fast::hash(&quoted[..quoted.len() - 3]);
        });
        nested(base, outer)
    }),
    ("two names for one header", |base| {
        let at = base.legacy().bytes_before_directory();
        base.legacy().and(Entry::stored("images/a.png", b"x")).and(listed("images/b.png", b"x", at))
    }),
    ("an entry that reaches into the directory", |base| {
        base.legacy().and(Entry::stored("images/a.png", b"x").with_both(|header| {
            (header.packed, header.size) = (header.packed + 60, header.size + 60);
        }))
    }),
    ("an entry that reaches behind the end", |base| {
        base.legacy().and(Entry::stored("images/a.png", b"x").with_both(|header| {
            (header.packed, header.size) = (0x00ff_ffff, 0x00ff_ffff);
        }))
    }),
    ("an entry inside the directory", |base| {
        // Header and data are the comment of another entry.
        let at = base.legacy().bytes_before_directory() + 46 + "makers_matrix.db".len();
        let zip = base.legacy().with(|zip| zip.entries[0].central.comment = quoted());
        zip.and(listed(INNER, b"inner", at))
    }),
];

const STRAYS: Table<fn(&mut Zip)> = &[
    ("a program in front", |zip| zip.before = b"#!/bin/sh\nexit\n".to_vec()),
    ("a header in front", |zip| zip.before = Zip::of([Entry::stored("x", b"")]).bytes()[..31].to_vec()),
    ("bytes before the directory", |zip| zip.gap = vec![7; 99]),
    ("bytes behind a folder", |zip| {
        zip.entries.push(Entry::stored("images/empty/", b""));
        zip.gap = vec![7; 99];
    }),
    ("bytes behind the directory", |zip| zip.gap_at_end = vec![7; 99]),
    ("a signature of the directory", |zip| {
        zip.gap_at_end = [b"PK\x05\x05".as_slice(), &9_u16.to_le_bytes(), &[7; 9]].concat();
    }),
    ("bytes behind the end", |zip| zip.after = b"more".to_vec()),
    ("a comment", |zip| zip.end.comment = b"made by hand".to_vec()),
    ("a comment of 64 KiB", |zip| zip.end.comment = vec![b'x'; 65_535]),
    ("a comment on an entry", |zip| zip.entries[1].central.comment = b"a note \x1b[31m".to_vec()),
];

const ENDS: Table<fn(&mut End)> = &[
    ("a comment longer than the file", |end| end.comment_length = Some(500)),
    ("a comment shorter than it is", |end| {
        (end.comment, end.comment_length) = (vec![b'x'; 50], Some(20));
    }),
    ("the signature of the end in the comment", |end| end.comment = b"xx PK\x05\x06 xx".to_vec()),
    ("a whole other archive in the comment", |end| end.comment = other().bytes()),
    ("another disk", |end| end.disk = 1),
    ("a directory on another disk", |end| end.directory_disk = 1),
    ("fewer entries on this disk", |end| end.entries_here = Some(1)),
    ("more entries than there are", |end| (end.entries, end.entries_here) = (Some(100), Some(100))),
    ("fewer entries than there are", |end| (end.entries, end.entries_here) = (Some(2), Some(2))),
    ("no entries announced", |end| (end.entries, end.entries_here) = (Some(0), Some(0))),
    ("a directory shorter than it is", |end| end.size = Some(10)),
    ("a directory longer than it is", |end| end.size = Some(0x7fff_ffff)),
    ("a directory elsewhere", |end| end.offset = Some(0)),
    ("a directory behind the end", |end| end.offset = Some(0x7fff_ffff)),
];

fn other() -> Zip {
    Zip::of([Entry::stored("makers_matrix.db", b"another database")])
}

const BUILDS: Table<Build> = &[
    // The offsets count the whole file, so a reader that begins at the back finds a sound archive.
    ("a second archive behind the first", |base| other().with(|zip| zip.before = base.legacy().bytes())),
    ("a second archive as the comment of the first", |base| {
        let whole = base.legacy();
        let second = other().with(|zip| zip.before = whole.bytes());
        let length = second.bytes().len() - whole.bytes().len();
        let before = whole.with(|zip| zip.end.comment_length = Some(length as u16)).bytes();
        Zip { before, ..second }
    }),
    ("an entry on another disk", |base| base.legacy().changing(&base.image, |entry| entry.central.disk = 3)),
    ("no directory", |base| {
        base.legacy().with(|zip| zip.entries.iter_mut().for_each(|entry| entry.listed = false))
    }),
    ("only an end", |_| Zip::default()),
];
