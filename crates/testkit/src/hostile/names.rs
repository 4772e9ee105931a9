//! Names that lead out, confuse, cannot be stored, or are there twice; and names that are only odd.

use super::zip::{Entry, UTF8};
use super::{Base, Group};

pub(super) fn group(base: &Base) -> Group {
    let mut group = Group::new("names");
    let legacy = || base.legacy();
    for (what, name) in ESCAPING {
        group.zip(what, &legacy().and(Entry::stored(name, b"x")));
    }
    let deep = format!("images/{}x.png", "d/".repeat(40));
    let endless = format!("images/{}x.png", "a long folder name/".repeat(80));
    for (what, name) in [
        ("too long a part", format!("images/{}.png", "x".repeat(255))),
        ("too long altogether", endless),
        ("too deep", deep),
        ("as long as the header can say", "x".repeat(65_535)),
    ] {
        group.zip(what, &legacy().and(Entry::stored(&name, b"x")));
    }
    for (what, name) in NOT_UTF8 {
        let entry = Entry::packed(name, b"x", 0, b"x".to_vec());
        group.zip(what, &legacy().and(entry.clone()));
        group.zip(format!("{what}, said to be UTF-8"), &legacy().and(entry.with_both(|h| h.flags |= UTF8)));
    }

    let again = Entry::stored(&base.image, b"another content");
    group.zip("a file twice", &legacy().and(again.clone()));
    group.zip("a file twice, format 3", &base.v3().zip().and(again));
    group.zip("the database twice", &legacy().and(Entry::stored("makers_matrix.db", b"another")));
    group.zip("the manifest twice", &legacy().and(Entry::stored("backup_info.json", b"{}")));
    group.zip("a folder twice", &legacy().and(Entry::folder("images/")).and(Entry::folder("images/")));
    let second = legacy().with(|zip| {
        let mut second = zip.entries[0].clone();
        second.written = false;
        second.central.offset = Some(0);
        zip.entries.push(second);
    });
    group.zip("the database listed twice, written once", &second);

    for (what, name) in PRIVATE {
        group.zip(what, &legacy().and(Entry::stored(name, b"x")));
        group.zip(format!("{what}, format 3"), &base.v3().and(name, b"x").zip());
    }
    for (what, name) in FOREIGN {
        group.zip(what, &legacy().and(Entry::stored(name, b"x")));
        group.zip(format!("{what}, format 3"), &base.v3().and(name, b"x").zip());
    }
    for (what, names) in ODD {
        let zip = names.iter().fold(base.v3(), |v3, name| v3.and(name, what.as_bytes()));
        group.zip(*what, &zip.zip());
    }
    let other_name = |name: &str| {
        let crc = crc32fast::hash(base.image.as_bytes()).to_le_bytes();
        super::zip::extra(0x7075, &[&[1][..], &crc, name.as_bytes()].concat())
    };
    for (what, name) in
        [("another name for Unicode", "images/other.png"), ("a name for Unicode that leads out", "../x")]
    {
        let field = other_name(name);
        let zip = legacy().with(|zip| zip.entry(&base.image).central.extra = field.clone());
        group.zip(format!("{what} in the directory"), &zip);
        let zip = base.v3().zip().with(|zip| {
            let entry = zip.entry(&base.image);
            entry.central.extra = field.clone();
            entry.local.extra = field.clone();
        });
        group.zip(format!("{what}, format 3"), &zip);
    }
    group
}

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
    ("the lease", "datasheets/.mm-lease"),
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

/// Unusual, but file systems hold them, so an inventory may have them, and a backup must come back.
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
