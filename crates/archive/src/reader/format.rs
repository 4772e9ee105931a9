//! Reads the manifest, and finds out which version of the format an archive has.

use std::fmt;
use std::io::{Read, Seek};
use std::marker::PhantomData;

use durable::printable;
use serde::Deserialize;

use crate::error::{Corruption, Error, Refusal};
use crate::limits::Limits;
use crate::manifest::{Info, LegacyInfo, Manifest};
use crate::name::{CHECKSUMS, MANIFEST, Role};

use super::entry::Entry;
use super::zip::Zip;

/// The version of the layout of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// That of this program, with hashes.
    V3,
    /// That of MakerMatrix 1.x since October 2025, which calls it 2.0.
    V2,
    /// That of MakerMatrix before 2.0: a manifest without a version.
    BeforeV2,
    /// An archive without a manifest.
    Bare,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V3 => "3.0",
            Self::V2 => "2.0",
            Self::BeforeV2 => "older than 2.0",
            Self::Bare => "without backup_info.json",
        })
    }
}

#[derive(Deserialize)]
struct Versions {
    format_version: Option<String>,
    backup_format_version: Option<String>,
}

/// Reads the manifest of an archive with these entries.
pub(super) fn read<R: Read + Seek>(
    zip: &Zip<R>,
    entries: &[Entry],
    limits: &Limits,
) -> Result<(Format, Info), Error> {
    let has_checksums = Entry::with_role(entries, Role::Checksums).is_some();
    let Some(manifest) = Entry::with_role(entries, Role::Manifest) else {
        if has_checksums {
            return Err(Corruption::Missing { entry: MANIFEST.to_owned(), list: CHECKSUMS }.into());
        }
        return Ok((Format::Bare, Info::Legacy(None)));
    };
    check_length(manifest, MANIFEST, entries, limits)?;
    let format = format_of(&zip.parse(manifest, PhantomData)?)?;
    let info = match format {
        Format::V3 => Info::V3(Box::<Manifest>::new(zip.parse(manifest, PhantomData)?)),
        _ => Info::Legacy(Some(zip.parse::<PhantomData<LegacyInfo>, _>(manifest, PhantomData)?)),
    };
    // Only format 3 has SHA256SUMS, so it is the manifest that is damaged.
    if format != Format::V3 && has_checksums {
        let why =
            format!("there is a file {CHECKSUMS}, as only format 3 has, but it does not state that format");
        return Err(Corruption::Manifest { why }.into());
    }
    Ok((format, info))
}

fn format_of(versions: &Versions) -> Result<Format, Error> {
    let Versions { format_version, backup_format_version } = versions;
    let Some(version) = format_version.as_ref().or(backup_format_version.as_ref()) else {
        return Ok(Format::BeforeV2);
    };
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    if !version.split('.').all(is_number) {
        let why = format!("\"{}\" is not the version of a format", printable(version));
        return Err(Corruption::Manifest { why }.into());
    }
    match format_version {
        Some(version) if version.starts_with("3.") => Ok(Format::V3),
        None if version == "2.0" => Ok(Format::V2),
        _ => Err(Refusal::NewerFormat { found: version.clone() }.into()),
    }
}

/// Checks that the manifest or the list of hashes is no longer than `entries` account for.
pub(super) fn check_length(
    entry: &Entry,
    name: &'static str,
    entries: &[Entry],
    limits: &Limits,
) -> Result<(), Error> {
    // Each file takes its name, a hash, a size and some JSON around them.
    const PER_FILE: u64 = 256;
    let names: u64 = entries.iter().map(|entry| 2 * entry.name.len() as u64 + PER_FILE).sum();
    let limit = limits.manifest + names;
    if entry.size > limit {
        return Err(Refusal::EntryTooLarge { name, found: entry.size, limit }.into());
    }
    Ok(())
}
