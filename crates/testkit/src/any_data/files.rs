//! Static files with any content, under any name that a backup takes.

use std::fmt;

use inventory::static_files::FileKind;

use crate::generators::noise;
use crate::long_run::Random;

use super::values::{bits, pick};

/// Parts of paths: legal on the disk, and mostly unpleasant elsewhere.
const PARTS: [&str; 44] = [
    "a",
    "b",
    "A",
    "sub",
    "2026",
    "R:10k",
    "C:",
    "c:x",
    "-rf",
    "--",
    "-",
    "~",
    "~root",
    " ",
    " leading",
    "trailing ",
    ".hidden",
    "..x",
    "...",
    "x.",
    "CON",
    "nul.txt",
    "aux",
    "%2e%2e",
    "a'b\"c",
    "*",
    "?",
    "<|>",
    "$(id)",
    "#",
    "a;b&c",
    "é",
    "e\u{301}",
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
];

/// A static file.
#[derive(Clone, PartialEq, Eq)]
pub struct AnyFile {
    /// Which folder.
    pub kind: FileKind,
    /// Path below the folder.
    pub path: String,
    /// What it holds.
    pub content: Vec<u8>,
}

impl AnyFile {
    /// Its name in an archive, and below the static folder.
    pub fn name(&self) -> String {
        format!("{}/{}", self.kind.folder(), self.path)
    }

    /// Whether the two cannot both be there: one is the other, or a folder above it.
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

/// Some files that can be there together.
pub(super) fn files(random: &mut Random) -> Vec<AnyFile> {
    let mut files: Vec<AnyFile> = Vec::new();
    for _ in 0..random.below(14) {
        let file =
            AnyFile { kind: *pick(random, &FileKind::ALL), path: path(random), content: content(random) };
        let usable = archive::name::check(&file.name()).is_ok();
        if usable && !files.iter().any(|other| file.excludes(other)) {
            files.push(file);
        }
    }
    files
}

fn path(random: &mut Random) -> String {
    let depth = match random.below(30) {
        0 => 31,
        1..=9 => random.below(5),
        _ => 0,
    };
    let folders: String = (0..depth).map(|_| format!("{}/", part(random))).collect();
    folders + &part(random)
}

fn part(random: &mut Random) -> String {
    match random.below(20) {
        0 => "n".repeat(255),
        1 => "ü".repeat(127),
        2..=8 => {
            format!("{:08x}.{}", random.below(1 << 32), pick(random, &["pdf", "png", "PNG", "tar.gz", ""]))
        }
        _ => (*pick(random, &PARTS)).to_owned(),
    }
}

fn content(random: &mut Random) -> Vec<u8> {
    let length = match random.below(60) {
        0 => 1_000_000 + random.below(1_500_000),
        1..=4 => random.below(200_000),
        5..=15 => 0,
        16 => 1,
        17 => 65_536,
        _ => random.below(5000),
    };
    let length = length as usize;
    match random.below(3) {
        0 => vec![random.below(256) as u8; length],
        1 => noise(length, bits(random) | 1),
        _ => b"PK\x03\x04 a page of text, over and over \0".iter().copied().cycle().take(length).collect(),
    }
}
