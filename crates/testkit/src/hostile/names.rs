//! Names that lead out of the folder, mislead, cannot be stored or occur twice; and names that are only
//! unusual.

use super::zip::{Entry, UTF8, extra};
use super::{Base, Build, Group, Table};

pub(super) fn group(base: &Base) -> Group {
    let mut group = Group::new("names");
    let legacy = base.legacy();
    for (name, path) in ESCAPING {
        group.zip(name, &legacy.clone().and(Entry::stored(path, b"x")));
    }
    for (name, path) in LONG {
        group.zip(*name, &legacy.clone().and(Entry::stored(&path(), b"x")));
    }
    for (name, path) in NOT_UTF8 {
        let entry = Entry::packed(path, b"x", 0, b"x".to_vec());
        group.zip(name, &legacy.clone().and(entry.clone()));
        let entry = entry.with_both(|header| header.flags |= UTF8);
        group.zip(format!("{name}, said to be UTF-8"), &legacy.clone().and(entry));
    }
    group.build(base, TWICE);
    for (name, path) in PRIVATE.into_iter().chain(FOREIGN) {
        group.zip(name, &legacy.clone().and(Entry::stored(path, b"x")));
        group.zip(format!("{name}, format 3"), &base.v3().and(path, b"x").zip());
    }
    for (name, paths) in ODD {
        let v3 = paths.iter().fold(base.v3(), |v3, path| v3.and(path, name.as_bytes()));
        group.zip(*name, &v3.zip());
    }
    for (name, path) in UNICODE {
        let crc = crc32fast::hash(base.image.as_bytes()).to_le_bytes();
        let field = extra(0x7075, &[&[1][..], &crc, path.as_bytes()].concat());
        let zip = legacy.clone().changing(&base.image, |entry| entry.central.extra = field.clone());
        group.zip(format!("{name} in the directory"), &zip);
        let zip = base.v3().zip().changing(&base.image, |entry| entry.both(|h| h.extra = field.clone()));
        group.zip(format!("{name}, format 3"), &zip);
    }
    group
}

const LONG: Table<fn() -> String> = &[
    ("too long a part", || format!("images/{}.png", "x".repeat(255))),
    ("too long altogether", || format!("images/{}x.png", "a long folder name/".repeat(80))),
    ("too deep", || format!("images/{}x.png", "d/".repeat(40))),
    ("as long as the header can say", || "x".repeat(65_535)),
];

const TWICE: Table<Build> = &[
    ("a file twice", |base| base.legacy().and(Entry::stored(&base.image, b"another content"))),
    ("a file twice, format 3", |base| base.v3().zip().and(Entry::stored(&base.image, b"another content"))),
    ("the database twice", |base| base.legacy().and(Entry::stored("makers_matrix.db", b"another"))),
    ("the manifest twice", |base| base.legacy().and(Entry::stored("backup_info.json", b"{}"))),
    ("a folder twice", |base| base.legacy().and(Entry::folder("images/")).and(Entry::folder("images/"))),
    ("the database listed twice, written once", |base| {
        base.legacy().with(|zip| {
            let mut second = zip.entries[0].clone();
            second.written = false;
            second.central.offset = Some(0);
            zip.entries.push(second);
        })
    }),
];

/// Second names in the extra field for Unicode.
const UNICODE: [(&str, &str); 2] =
    [("another name for Unicode", "images/other.png"), ("a name for Unicode that leads out", "../x")];

const ESCAPING: [(&str, &str); 24] = [
    ("empty", ""),
    ("absolute", "/tmp/makermatrix-escaped.txt"),
    ("two slashes at the start", "//tmp/makermatrix-escaped.txt"),
    ("only a slash", "/"),
    ("up from the top", "../makermatrix-escaped.txt"),
    ("up from a folder", "images/../../makermatrix-escaped.txt"),
    ("up and back", "images/../images/x.png"),
    ("up at the end", "images/.."),
    ("a folder up", "images/../"),
    ("this folder", "./images/x.png"),
    ("this folder within", "images/./x.png"),
    ("an empty part", "images//x.png"),
    ("two slashes at the end", "images/x//"),
    ("a backslash", "images\\x.png"),
    ("up with backslashes", "..\\..\\makermatrix-escaped.txt"),
    ("a share", "\\\\server\\share\\x"),
    ("a drive", "C:\\makermatrix-escaped.txt"),
    ("a drive with a slash", "C:/makermatrix-escaped.txt"),
    ("a drive alone", "c:"),
    ("a NUL", "images/x.png\0.txt"),
    ("a line feed", "images/a\nb.png"),
    ("an escape sequence", "images/\x1b]0;owned\x07.png"),
    ("delete", "images/a\x7f.png"),
    ("a C1 control character", "images/a\u{9b}31m.png"),
];

const NOT_UTF8: [(&str, &[u8]); 5] = [
    ("Latin-1", b"images/Gr\xf6\xdfe.png"),
    ("an overlong slash", b"images/..\xc0\xaf..\xc0\xafx.png"),
    ("an overlong NUL", b"images/x\xc0\x80.png"),
    ("half a surrogate pair", b"images/\xed\xa0\x80.png"),
    ("cut in a character", b"images/x\xe2\x82"),
];

/// Names that mean something to a restore, or to the folder of static files.
const PRIVATE: [(&str, &str); 5] = [
    ("the staging folder of a restore", "images/.mm-restore-0c3e1f0a-1111-4222-8333-444444444444/x.png"),
    ("an unfinished file of ours", "images/.mm-x.partial"),
    ("the lock for deletions", "datasheets/.mm-lease"),
    ("the notes of deletes", ".mm-deferred/x"),
    ("a private name in a folder", "images/a/.mm-b/c.png"),
];

/// Names that have no place in a backup.
const FOREIGN: [(&str, &str); 6] = [
    ("a text file", "notes.txt"),
    ("a file named as a folder of ours", "images"),
    ("a write-ahead log for the database", "makers_matrix.db-wal"),
    ("a rollback journal for the database", "makers_matrix.db-journal"),
    ("the database in another case", "Makers_Matrix.DB"),
    ("something beside the folders", "imagesx/y.png"),
];

/// Unusual names that file systems accept, so that an inventory may have them and a restore must too.
const ODD: &[(&str, &[&str])] = &[
    ("names that differ in case", &["images/Twin.png", "images/twin.png"]),
    ("names that differ in their Unicode form", &["images/caf\u{e9}.png", "images/cafe\u{301}.png"]),
    ("folders that differ in case", &["images/A/x.png", "images/a/x.png"]),
    ("dots and spaces at the end", &["images/x.png.", "images/y.png ", "images/...", "images/ "]),
    ("reserved on Windows", &["images/CON", "images/nul.png", "images/com1.txt", "datasheets/aux.pdf"]),
    ("forbidden on Windows", &["images/a*b?.png", "images/a<b>|\".png", "images/x:y.png"]),
    ("text that runs backwards", &["images/\u{202e}gnp.exe", "images/\u{2066}x\u{2069}.png"]),
    ("invisible characters", &["images/\u{200b}\u{feff}.png", "images/a\u{2028}b.png"]),
    ("hyphens and tildes", &["images/-rf", "images/~", "images/--help.png", "images/$(x).png"]),
    ("hidden files", &["images/.hidden", "datasheets/.git/config"]),
];
