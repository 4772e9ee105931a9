//! Compares the three lists of files that an archive of format 3.0 has: the directory, the manifest
//! and `SHA256SUMS`. The latter two are parsed as streams, because they are long when there are many
//! files.

use std::collections::HashMap;
use std::io::{BufReader, Read, Seek};

use durable::printable;

use crate::error::{Corruption, Error, Refusal};
use crate::hashing::Sha256Hex;
use crate::limits::Limits;
use crate::manifest::{FileRecord, FileVisitor, Manifest};
use crate::modified::ModifiedTime;
use crate::name::{CHECKSUMS, MANIFEST, Role};
use crate::sums;

use super::entry::Entry;
use super::format::check_length;
use super::zip::{BUFFER, Zip};

/// Checks that the three lists agree, and sets the hash and the modification time of each entry.
pub(super) fn check<R: Read + Seek>(
    zip: &Zip<R>,
    entries: &mut [Entry],
    manifest: &Manifest,
    limits: &Limits,
) -> Result<(), Error> {
    if let Some(entry) = Entry::with_role(entries, Role::Other) {
        return Err(Refusal::Unexpected { name: entry.name.clone() }.into());
    }
    let listed = entries.iter().enumerate().filter(|(_, entry)| entry.role != Role::Checksums);
    let indexes = listed.map(|(index, entry)| (entry.name.as_str(), index)).collect();
    let sums = read_sums(zip, entries, &indexes, limits)?;
    let files = read_files(zip, entries, &indexes)?;
    for (index, entry) in entries.iter_mut().enumerate() {
        let file = files.stated[index];
        entry.sha256 = agreed_hash(entry, sums.stated[index], file.map(|(size, hash, _)| (size, hash)))?;
        entry.modified = file.and_then(|(_, _, modified)| modified);
    }
    for (unknown, list) in [(sums.unknown, CHECKSUMS), (files.unknown, MANIFEST)] {
        if let Some(entry) = unknown {
            return Err(Corruption::Missing { entry, list }.into());
        }
    }
    let content = entries.iter().filter(|entry| !matches!(entry.role, Role::Manifest | Role::Checksums));
    let sizes: Vec<(Role, u64)> = content.map(|entry| (entry.role, entry.size)).collect();
    if let Some(field) = manifest.contradiction(&sizes) {
        let why = format!("its field {field} contradicts its list of files");
        return Err(Corruption::Manifest { why }.into());
    }
    // Now that its hash is known, check the manifest itself.
    zip.check_content(manifest_of(entries))
}

fn manifest_of(entries: &[Entry]) -> &Entry {
    Entry::with_role(entries, Role::Manifest).expect("format 3.0 was read from the manifest")
}

/// Returns the hash that `SHA256SUMS` and the manifest state for an entry. The former does not list
/// itself, and the latter lists neither.
fn agreed_hash(
    entry: &Entry,
    sum: Option<Sha256Hex>,
    file: Option<(u64, Sha256Hex)>,
) -> Result<Option<Sha256Hex>, Error> {
    if entry.role == Role::Checksums {
        return Ok(None);
    }
    let unlisted = |list| Corruption::Unlisted { entry: entry.name.clone(), list };
    let sum = sum.ok_or_else(|| unlisted(CHECKSUMS))?;
    if entry.role != Role::Manifest && file.ok_or_else(|| unlisted(MANIFEST))? != (entry.size, sum) {
        let name = printable(&entry.name);
        let why = format!("it disagrees with SHA256SUMS or the directory about \"{name}\"");
        return Err(Corruption::Manifest { why }.into());
    }
    Ok(Some(sum))
}

/// Reads the hash that `SHA256SUMS` states for each entry.
fn read_sums<R: Read + Seek>(
    zip: &Zip<R>,
    entries: &[Entry],
    indexes: &Indexes<'_>,
    limits: &Limits,
) -> Result<Statements<Sha256Hex>, Error> {
    let checksums = Entry::with_role(entries, Role::Checksums).ok_or(Corruption::NoChecksums)?;
    check_length(checksums, CHECKSUMS, entries, limits)?;
    let mut sums = Statements::new(entries.len());
    let text = BufReader::with_capacity(BUFFER, zip.read(checksums)?);
    let parsed = sums::parse(text, |name, hash| {
        if sums.add(name, indexes.get(name), hash) { Ok(()) } else { Err("the name is listed twice") }
    });
    parsed.map_err(|error| zip.damage_or(checksums, error))?;
    Ok(sums)
}

/// The size, hash and modification time of an entry.
type Stated = (u64, Sha256Hex, Option<ModifiedTime>);

/// Reads what the manifest states for each entry except itself.
fn read_files<R: Read + Seek>(
    zip: &Zip<R>,
    entries: &[Entry],
    indexes: &Indexes<'_>,
) -> Result<Statements<Stated>, Error> {
    let mut files = Statements::new(entries.len());
    let mut all_different = true;
    zip.parse(
        manifest_of(entries),
        FileVisitor(|FileRecord { path, size, sha256, modified }| {
            let index = indexes.get(path.as_str()).filter(|_| path != MANIFEST);
            all_different &= files.add(&path, index, (size, sha256, modified));
        }),
    )?;
    if !all_different {
        return Err(Corruption::Manifest { why: "it lists a file twice".to_owned() }.into());
    }
    Ok(files)
}

/// The index of each name in the list of entries.
type Indexes<'a> = HashMap<&'a str, usize>;

/// What a list states about each entry, and the first name in it that no entry has.
struct Statements<T> {
    stated: Vec<Option<T>>,
    unknown: Option<String>,
}

impl<T: Clone> Statements<T> {
    fn new(entries: usize) -> Self {
        Self { stated: vec![None; entries], unknown: None }
    }

    /// Returns false when the list has stated something about this entry before.
    fn add(&mut self, name: &str, index: Option<&usize>, what: T) -> bool {
        match index {
            Some(&index) => self.stated[index].replace(what).is_none(),
            None => {
                self.unknown.get_or_insert_with(|| name.to_owned());
                true
            }
        }
    }
}
