//! Strategies for static files with any content, under any name that a backup accepts.

use std::fmt;

use inventory::static_files::FileKind;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;

use crate::generators::noise;

/// Parts of paths that file systems accept and that other programs mostly find unpleasant.
const PARTS: [[&str; 11]; 4] = [
    ["a", "b", "A", "sub", "2026", "R:10k", "C:", "c:x", "-rf", "--", "-"],
    ["~", "~root", " ", " leading", "trailing ", ".hidden", "..x", "...", "x.", "CON", "nul.txt"],
    ["aux", "%2e%2e", "a'b\"c", "*", "?", "<|>", "$(id)", "#", "a;b&c", "é", "e\u{301}"],
    [
        "抵抗 10kΩ",
        "👩‍👧.png",
        "אבג\u{202e}gnp",
        "\u{2028}",
        "\u{200b}",
        "\u{feff}bom",
        "SHA256SUMS",
        "backup_info.json",
        "makers_matrix.db",
        "x.partial",
        "x.zip",
    ],
];

/// A static file.
#[derive(Clone, PartialEq, Eq)]
pub struct AnyFile {
    /// The folder of the file.
    pub kind: FileKind,
    /// The path below that folder.
    pub path: String,
    /// The bytes of the file.
    pub content: Vec<u8>,
}

impl AnyFile {
    /// Returns the name in an archive, which is also the path below the static folder.
    pub fn name(&self) -> String {
        format!("{}/{}", self.kind.folder(), self.path)
    }

    /// Tells whether the two files cannot both exist: the names are equal, or one is a folder above the other.
    pub fn excludes(&self, other: &Self) -> bool {
        let (one, two) = (format!("{}/", self.name()), format!("{}/", other.name()));
        one.starts_with(&two) || two.starts_with(&one)
    }
}

impl fmt::Debug for AnyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({} bytes)", self.name(), self.content.len())
    }
}

/// Returns a strategy for files that can exist together.
pub(super) fn files() -> impl Strategy<Value = Vec<AnyFile>> {
    let file = (select(&FileKind::ALL[..]), path(), content());
    let file = file.prop_map(|(kind, path, content)| AnyFile { kind, path, content });
    vec(file, 0..14).prop_map(|candidates| {
        let mut files: Vec<AnyFile> = Vec::new();
        for file in candidates {
            let usable = archive::name::check(&file.name()).is_ok();
            if usable && !files.iter().any(|other| file.excludes(other)) {
                files.push(file);
            }
        }
        files
    })
}

fn path() -> impl Strategy<Value = String> {
    let parts = prop_oneof![20 => vec(part(), 1), 9 => vec(part(), 1..=5), 1 => vec(part(), 32)];
    parts.prop_map(|parts| parts.join("/"))
}

fn part() -> impl Strategy<Value = String> {
    let extension = select(&["pdf", "png", "PNG", "tar.gz", ""][..]);
    prop_oneof![
        11 => select(PARTS.as_flattened()).prop_map(str::to_owned),
        7 => (any::<u32>(), extension).prop_map(|(id, extension)| format!("{id:08x}.{extension}")),
        1 => Just("n".repeat(255)),
        1 => Just("ü".repeat(127)),
    ]
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![
        11 => Just(0_usize),
        1 => Just(1),
        42 => 0..5000_usize,
        1 => Just(65_536),
        4 => 0..200_000_usize,
        1 => 1_000_000..2_500_000_usize,
    ];
    (length, 0..3_u8, any::<u64>().no_shrink()).prop_map(|(length, kind, seed)| match kind {
        0 => vec![seed as u8; length],
        1 => b"PK\x03\x04 a page of text, over and over \0".iter().copied().cycle().take(length).collect(),
        _ => noise(length, seed | 1),
    })
}
