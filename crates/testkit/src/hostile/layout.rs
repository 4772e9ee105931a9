//! Where things lie in the file: entries over each other, bytes that belong to nothing, comments, a
//! second end, parts on other disks.

use super::zip::{End, Entry, Zip};
use super::{Base, Group};

pub(super) fn group(base: &Base) -> Group {
    let mut group = Group::new("layout");
    overlaps(base, &mut group);
    strays(base, &mut group);
    ends(base, &mut group);
    group
}

fn overlaps(base: &Base, group: &mut Group) {
    let inner = Zip::of([Entry::stored("images/inner.png", b"inner")]);
    // As in bombs of quoted headers: what one entry holds as data is the header of the next.
    let quoted = &inner.bytes()[..30 + "images/inner.png".len() + 5];
    let at = base.legacy().bytes_before_directory() as u32;
    let outer = Entry::stored("images/outer.png", quoted);
    let offset = at + 30 + "images/outer.png".len() as u32;
    let listed = |offset: u32| {
        Entry::stored("images/inner.png", b"inner").with(|entry| {
            entry.written = false;
            entry.central.offset = Some(offset);
        })
    };
    group.zip("an entry inside another", &base.legacy().and(outer.clone()).and(listed(offset)));
    let partly = Entry::stored("images/outer.png", &[quoted, b"more"].concat()).with(|entry| {
        entry.central.packed -= 7;
        entry.central.size -= 7;
        entry.local.packed -= 7;
        entry.local.size -= 7;
        entry.central.crc = crc32fast::hash(&quoted[..quoted.len() - 3]);
        entry.local.crc = entry.central.crc;
    });
    group.zip("an entry partly inside another", &base.legacy().and(partly).and(listed(offset)));
    let shared = base.legacy().and(Entry::stored("images/a.png", b"x")).and(
        Entry::stored("images/b.png", b"x").with(|entry| {
            entry.written = false;
            entry.central.offset = Some(at);
        }),
    );
    group.zip("two names for one header", &shared);
    let into_directory = base.legacy().and(Entry::stored("images/a.png", b"x").with(|entry| {
        for header in [&mut entry.local, &mut entry.central] {
            header.packed += 60;
            header.size += 60;
        }
    }));
    group.zip("an entry that reaches into the directory", &into_directory);
    let over_end = base.legacy().and(Entry::stored("images/a.png", b"x").with(|entry| {
        for header in [&mut entry.local, &mut entry.central] {
            (header.packed, header.size) = (0x00ff_ffff, 0x00ff_ffff);
        }
    }));
    group.zip("an entry that reaches behind the end", &over_end);
    // The entry's header and data lie where a comment of the directory is.
    let comment = Entry::stored("images/inner.png", b"inner");
    let mut in_comment = base.legacy();
    let written = Zip::of([comment]).bytes()[..30 + 16 + 5].to_vec();
    in_comment.entries[0].central.comment = written;
    let at = at + 46 + "makers_matrix.db".len() as u32;
    group.zip("an entry inside the directory", &in_comment.and(listed(at)));
}

fn strays(base: &Base, group: &mut Group) {
    let formats: [(&str, Zip); 2] = [("format 2", base.legacy()), ("format 3", base.v3().zip())];
    for (format, zip) in formats {
        let with = |change: fn(&mut Zip)| zip.clone().with(change);
        group.zip(
            format!("a program in front, {format}"),
            &with(|zip| zip.before = b"#!/bin/sh\nexit\n".to_vec()),
        );
        group.add(format!("a program in front that offsets ignore, {format}"), {
            [b"#!/bin/sh\nexit\n".to_vec(), zip.bytes()].concat()
        });
        group.zip(
            format!("a header in front, {format}"),
            &with(|zip| {
                zip.before = Zip::of([Entry::stored("x", b"")]).bytes()[..31].to_vec();
            }),
        );
        group.zip(format!("bytes before the directory, {format}"), &with(|zip| zip.gap = vec![7; 99]));
        group.zip(format!("bytes behind the directory, {format}"), &with(|zip| zip.gap_at_end = vec![7; 99]));
        group.zip(
            format!("a signature of the directory, {format}"),
            &with(|zip| {
                zip.gap_at_end = [b"PK\x05\x05".as_slice(), &9_u16.to_le_bytes(), &[7; 9]].concat();
            }),
        );
        group.zip(format!("bytes behind the end, {format}"), &with(|zip| zip.after = b"more".to_vec()));
        group.zip(format!("a comment, {format}"), &with(|zip| zip.end.comment = b"made by hand".to_vec()));
        group
            .zip(format!("a comment of 64 KiB, {format}"), &with(|zip| zip.end.comment = vec![b'x'; 65_535]));
        group.zip(
            format!("a comment on an entry, {format}"),
            &with(|zip| {
                zip.entries[1].central.comment = b"a note \x1b[31m".to_vec();
            }),
        );
    }
}

fn ends(base: &Base, group: &mut Group) {
    let end = |change: fn(&mut End)| base.legacy().with(|zip| change(&mut zip.end));
    group.zip("a comment longer than the file", &end(|end| end.comment_length = Some(500)));
    group.zip(
        "a comment shorter than it is",
        &end(|end| {
            end.comment = vec![b'x'; 50];
            end.comment_length = Some(20);
        }),
    );
    group.zip(
        "the signature of the end in the comment",
        &end(|end| end.comment = b"xx PK\x05\x06 xx".to_vec()),
    );
    let other = Zip::of([Entry::stored("makers_matrix.db", b"another database")]);
    group.zip(
        "a whole other archive in the comment",
        &end(|_| {}).with(|zip| zip.end.comment = other.bytes()),
    );
    // Its offsets are those of the whole file, so a reader that begins from the back finds it whole.
    let whole = base.legacy();
    let second = other.with(|zip| zip.before = whole.bytes());
    group.zip("a second archive behind the first", &second);
    let length = second.bytes().len() - whole.bytes().len();
    group.zip(
        "a second archive as the comment of the first",
        &Zip {
            before: whole.clone().with(|zip| zip.end.comment_length = Some(length as u16)).bytes(),
            ..second
        },
    );
    group.zip("another disk", &end(|end| end.disk = 1));
    group.zip("a directory on another disk", &end(|end| end.directory_disk = 1));
    group.zip("fewer entries on this disk", &end(|end| end.entries_here = Some(1)));
    group.zip(
        "an entry on another disk",
        &base.legacy().changing(&base.image, |entry| entry.central.disk = 3),
    );
    group.zip(
        "more entries than there are",
        &end(|end| {
            end.entries = Some(100);
            end.entries_here = Some(100);
        }),
    );
    group.zip(
        "fewer entries than there are",
        &end(|end| {
            end.entries = Some(2);
            end.entries_here = Some(2);
        }),
    );
    group.zip(
        "no entries announced",
        &end(|end| {
            end.entries = Some(0);
            end.entries_here = Some(0);
        }),
    );
    group.zip("a directory shorter than it is", &end(|end| end.size = Some(10)));
    group.zip("a directory longer than it is", &end(|end| end.size = Some(0x7fff_ffff)));
    group.zip("a directory elsewhere", &end(|end| end.offset = Some(0)));
    group.zip("a directory behind the end", &end(|end| end.offset = Some(0x7fff_ffff)));
    group.zip(
        "no directory",
        &base.legacy().with(|zip| zip.entries.iter_mut().for_each(|e| e.listed = false)),
    );
    group.add("only an end", Zip::default().bytes());
    group.add("a marker of a split archive", [b"PK\x07\x08".to_vec(), base.legacy().bytes()].concat());
    let cut = base.legacy().bytes();
    group.add("cut in half", &cut[..cut.len() / 2]);
    group.add("cut before the end", &cut[..cut.len() - 22]);
    group.add("cut in the end", &cut[..cut.len() - 5]);
    group.add("cut at the start", &cut[50..]);
}
