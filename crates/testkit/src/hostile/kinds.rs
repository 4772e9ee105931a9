//! What is not a regular file: links, devices, folders under the names of files, and the reverse.

use super::zip::{Entry, deflate};
use super::{Base, Group};

const UNIX: u16 = 0x031e;
const DARWIN: u16 = 0x131e;
const FAT: u16 = 0x0014;
const NTFS: u16 = 0x0b14;

pub(super) fn group(base: &Base) -> Group {
    let mut group = Group::new("kinds");
    let of_mode = |name: &str, content: &[u8], made_by: u16, mode: u32| {
        let entry = Entry::stored(name, content).with(|entry| {
            entry.central.made_by = made_by;
            entry.central.external = mode << 16;
        });
        base.legacy().and(entry)
    };
    for (what, mode) in [
        ("a symbolic link", 0o120_777),
        ("a character device", 0o020_666),
        ("a block device", 0o060_660),
        ("a named pipe", 0o010_644),
        ("a socket", 0o140_755),
        ("a folder under the name of a file", 0o040_755),
        ("a kind that does not exist", 0o150_644),
        ("every bit of the mode", 0o177_777),
    ] {
        group.zip(what, &of_mode("images/x", b"/etc/passwd", UNIX, mode));
    }
    group.zip("a symbolic link made on macOS", &of_mode("images/x", b"/etc/passwd", DARWIN, 0o120_777));
    group.zip("a symbolic link said to be of FAT", &of_mode("images/x", b"/etc/passwd", FAT, 0o120_777));
    group.zip("a symbolic link said to be of NTFS", &of_mode("images/x", b"/etc/passwd", NTFS, 0o120_777));
    group.zip(
        "the database as a symbolic link",
        &base.legacy().changing("makers_matrix.db", |entry| {
            entry.central.external = 0o120_777 << 16;
        }),
    );
    group.zip(
        "the manifest as a symbolic link",
        &base.v3().zip().changing("backup_info.json", |entry| {
            entry.central.external = 0o120_777 << 16;
        }),
    );
    group.zip("a folder of links", &of_mode("images/x/", b"", UNIX, 0o120_777));
    group.zip("set-user-id", &of_mode("images/x", b"x", UNIX, 0o104_755));
    let dos_folder = Entry::stored("images/x", b"x").with(|entry| {
        entry.central.made_by = FAT;
        entry.central.external = 0x10;
    });
    group.zip("a folder of FAT under the name of a file", &base.legacy().and(dos_folder));

    group.zip("a folder with content", &base.legacy().and(Entry::stored("images/x/", b"content")));
    let packed = Entry::packed(b"images/x/", b"", 8, deflate(b""));
    group.zip("an empty folder, deflated", &base.legacy().and(packed));
    let hidden = Entry::packed(b"images/x/", b"", 8, deflate(&[7; 999]));
    group.zip("a folder that hides content", &base.legacy().and(hidden));
    group.zip("the folder of the database", &base.legacy().and(Entry::folder("makers_matrix.db/")));
    let both = [Entry::stored("images/a", b"x"), Entry::folder("images/a/")];
    group.zip(
        "a file and a folder of one name",
        &both.into_iter().fold(base.legacy(), |zip, entry| zip.and(entry)),
    );
    let both = base.v3().and("images/a", b"x").zip().and(Entry::folder("images/a/"));
    group.zip("a file and a folder of one name, format 3", &both);
    let below = base.v3().and("images/a", b"x").and("images/a/b/c", b"y").zip();
    group.zip("a file below a file", &below);
    group.zip("a file below the database", &base.v3().and("makers_matrix.db/x", b"x").zip());
    group.zip("an empty folder", &base.v3().zip().and(Entry::folder("images/empty/")));
    group.zip("an empty folder elsewhere", &base.v3().zip().and(Entry::folder("elsewhere/")));
    group
}
