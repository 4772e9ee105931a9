//! Entries that are not regular files: links, devices, folders under the names of files, and files
//! under the names of folders.

use super::zip::{Entry, deflate};
use super::{Base, Build, Group, Table};

const UNIX: u16 = 0x031e;
const DARWIN: u16 = 0x131e;
const FAT: u16 = 0x0014;
const NTFS: u16 = 0x0b14;

/// The mode of a symbolic link, as the external attributes hold it.
const LINK: u32 = 0o120_777 << 16;

pub(super) fn group(base: &Base) -> Group {
    let mut group = Group::new("kinds");
    for (name, path, content, made_by, external) in MODES {
        let entry = Entry::stored(path, content).with(|entry| {
            (entry.central.made_by, entry.central.external) = (made_by, external);
        });
        group.zip(name, &base.legacy().and(entry));
    }
    group.build(base, BUILDS);
    group
}

/// Path and content of an entry, the system that made it, and its external attributes.
const MODES: [(&str, &str, &[u8], u16, u32); 14] = [
    ("a symbolic link", "images/x", b"/etc/passwd", UNIX, LINK),
    ("a character device", "images/x", b"/etc/passwd", UNIX, 0o020_666 << 16),
    ("a block device", "images/x", b"/etc/passwd", UNIX, 0o060_660 << 16),
    ("a named pipe", "images/x", b"/etc/passwd", UNIX, 0o010_644 << 16),
    ("a socket", "images/x", b"/etc/passwd", UNIX, 0o140_755 << 16),
    ("a folder under the name of a file", "images/x", b"/etc/passwd", UNIX, 0o040_755 << 16),
    ("a kind that does not exist", "images/x", b"/etc/passwd", UNIX, 0o150_644 << 16),
    ("every bit of the mode", "images/x", b"/etc/passwd", UNIX, 0o177_777 << 16),
    ("a symbolic link made on macOS", "images/x", b"/etc/passwd", DARWIN, LINK),
    ("a symbolic link said to be of FAT", "images/x", b"/etc/passwd", FAT, LINK),
    ("a symbolic link said to be of NTFS", "images/x", b"/etc/passwd", NTFS, LINK),
    ("a folder of links", "images/x/", b"", UNIX, LINK),
    ("set-user-id", "images/x", b"x", UNIX, 0o104_755 << 16),
    ("a folder of FAT under the name of a file", "images/x", b"x", FAT, 0x10),
];

const BUILDS: Table<Build> = &[
    ("the database as a symbolic link", |base| {
        base.legacy().changing("makers_matrix.db", |entry| entry.central.external = LINK)
    }),
    ("the manifest as a symbolic link", |base| {
        base.v3().zip().changing("backup_info.json", |entry| entry.central.external = LINK)
    }),
    ("a folder with content", |base| base.legacy().and(Entry::stored("images/x/", b"content"))),
    ("an empty folder, deflated", |base| base.legacy().and(Entry::deflated("images/x/", b""))),
    ("a folder that hides content", |base| {
        base.legacy().and(Entry::packed(b"images/x/", b"", 8, deflate(&[7; 999])))
    }),
    ("the folder of the database", |base| base.legacy().and(Entry::folder("makers_matrix.db/"))),
    ("a file and a folder of one name", |base| {
        base.legacy().and(Entry::stored("images/a", b"x")).and(Entry::folder("images/a/"))
    }),
    ("a file and a folder of one name, format 3", |base| {
        base.v3().and("images/a", b"x").zip().and(Entry::folder("images/a/"))
    }),
    ("a file below a file", |base| base.v3().and("images/a", b"x").and("images/a/b/c", b"y").zip()),
    ("a file below the database", |base| base.v3().and("makers_matrix.db/x", b"x").zip()),
    ("an empty folder", |base| base.v3().zip().and(Entry::folder("images/empty/"))),
    ("an empty folder elsewhere", |base| base.v3().zip().and(Entry::folder("elsewhere/"))),
];
