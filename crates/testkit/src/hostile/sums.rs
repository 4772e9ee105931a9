//! `SHA256SUMS` files that lie, or that are written in another form than ours.

use super::zip::Entry;
use super::{Base, Build, Group, Table};

pub(super) fn group(base: &Base) -> Group {
    let mut group = Group::new("hashes");
    for (what, change) in LIES {
        group.zip(*what, &base.v3().with_sums(change));
    }
    group.build(base, BUILDS);
    group
}

const BUILDS: Table<Build> = &[
    ("missing", |base| {
        base.v3().zip().with(|zip| zip.entries.retain(|entry| entry.central.name != b"SHA256SUMS"))
    }),
    ("not UTF-8", |base| {
        base.v3().zip().changing("SHA256SUMS", |entry| {
            *entry = Entry::stored("SHA256SUMS", b"\xff\xfe\n").described();
        })
    }),
    ("alone", |base| {
        base.legacy().with(|zip| {
            zip.entries.retain(|entry| entry.central.name != b"backup_info.json");
            zip.entries.push(Entry::stored("SHA256SUMS", b""));
        })
    }),
    // Every list agrees; only the content differs.
    ("those of another content", |base| {
        base.v3().zip().changing(&base.image, |entry| {
            *entry = Entry::stored("images/nested/noise.png", &vec![7; entry.data.len()]).described();
        })
    }),
];

/// Changes the lines of a list.
fn lines(sums: &str, change: impl FnOnce(&mut Vec<String>)) -> String {
    let mut lines = sums.lines().map(str::to_owned).collect();
    change(&mut lines);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

const LIES: Table<fn(&str) -> String> = &[
    ("empty", |_| String::new()),
    ("a line missing", |sums| lines(sums, |lines| drop(lines.remove(1)))),
    ("the line of the manifest missing", |sums| lines(sums, |lines| drop(lines.pop()))),
    ("a line more", |sums| format!("{sums}{}  images/other.png\n", "0".repeat(64))),
    ("a line for itself", |sums| format!("{sums}{}  SHA256SUMS\n", "0".repeat(64))),
    ("a line with a path that leads out", |sums| format!("{sums}{}  ../../etc/passwd\n", "0".repeat(64))),
    ("a line with a name that a terminal obeys", |sums| format!("{sums}{}  \u{1b}[2J\n", "0".repeat(64))),
    ("a line with a name as long as a book", |sums| {
        format!("{sums}{}  {}\n", "0".repeat(64), "x".repeat(20_000))
    }),
    ("a line twice", |sums| lines(sums, |lines| lines.push(lines[0].clone()))),
    ("a name twice", |sums| {
        lines(sums, |lines| lines.push(format!("{}{}", "0".repeat(64), &lines[0][64..])))
    }),
    ("another hash", |sums| lines(sums, |lines| lines[0].replace_range(..8, "00000000"))),
    ("another hash of the manifest", |sums| {
        lines(sums, |lines| {
            let last = lines.len() - 1;
            lines[last].replace_range(..8, "00000000");
        })
    }),
    ("hashes swapped", |sums| {
        lines(sums, |lines| {
            let (one, other) = (lines[0][..64].to_owned(), lines[1][..64].to_owned());
            lines[0].replace_range(..64, &other);
            lines[1].replace_range(..64, &one);
        })
    }),
    ("a hash in capitals", |sums| {
        lines(sums, |lines| {
            let capitals = lines[0][..64].to_uppercase();
            lines[0].replace_range(..64, &capitals);
        })
    }),
    ("a hash cut short", |sums| sums[1..].to_owned()),
    ("a hash of MD5", |sums| sums[32..].to_owned()),
    ("marked as binary", |sums| sums.replace("  ", " *")),
    ("one space", |sums| sums.replace("  ", " ")),
    ("tabs", |sums| sums.replace("  ", "\t")),
    ("an escaped name", |sums| lines(sums, |lines| lines[0].insert(0, '\\'))),
    ("a name in this folder", |sums| sums.replace("  ", "  ./")),
    ("ends of lines as on Windows", |sums| sums.replace('\n', "\r\n")),
    ("no end of the last line", |sums| sums.trim_end().to_owned()),
    ("empty lines", |sums| sums.replace('\n', "\n\n")),
    ("a comment", |sums| format!("# made by hand\n{sums}")),
    ("a byte order mark", |sums| format!("\u{feff}{sums}")),
    ("in the way of BSD", |sums| {
        lines(sums, |lines| {
            lines.iter_mut().for_each(|line| *line = format!("SHA256 ({}) = {}", &line[66..], &line[..64]));
        })
    }),
    ("another order", |sums| lines(sums, |lines| lines.reverse())),
    ("a NUL in a name", |sums| sums.replacen("makers_matrix.db", "makers_matrix.db\0", 1)),
    ("a million empty lines", |_| "\n".repeat(1_000_000)),
];
