//! Compares the three lists of files that an archive of format 3.0 has: the directory, the manifest
//! and `SHA256SUMS`. The latter two are parsed as streams, because they are long when there are many
//! files.

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
    let names = Names::of(entries);
    let sums = read_sums(zip, &names, limits)?;
    let files = read_files(zip, &names, &sums)?;
    for (index, entry) in entries.iter_mut().enumerate() {
        let file = files.stated[index];
        entry.sha256 = agreed_hash(entry, sums.stated[index], file.map(|file| file.agrees))?;
        entry.modified = file.and_then(|file| file.modified);
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
/// itself, and the latter lists neither. `agrees` is what the manifest says, if it lists the entry.
fn agreed_hash(
    entry: &Entry,
    sum: Option<Sha256Hex>,
    agrees: Option<bool>,
) -> Result<Option<Sha256Hex>, Error> {
    if entry.role == Role::Checksums {
        return Ok(None);
    }
    let unlisted = |list| Corruption::Unlisted { entry: entry.name.clone(), list };
    let sum = sum.ok_or_else(|| unlisted(CHECKSUMS))?;
    if entry.role != Role::Manifest && !agrees.ok_or_else(|| unlisted(MANIFEST))? {
        let name = printable(&entry.name);
        let why = format!("it disagrees with SHA256SUMS or the directory about \"{name}\"");
        return Err(Corruption::Manifest { why }.into());
    }
    Ok(Some(sum))
}

/// Reads the hash that `SHA256SUMS` states for each entry.
fn read_sums<R: Read + Seek>(
    zip: &Zip<R>,
    names: &Names<'_>,
    limits: &Limits,
) -> Result<Statements<Sha256Hex>, Error> {
    let entries = names.entries;
    let checksums = Entry::with_role(entries, Role::Checksums).ok_or(Corruption::NoChecksums)?;
    check_length(checksums, CHECKSUMS, entries, limits)?;
    let mut sums = Statements::new(entries.len());
    let text = BufReader::with_capacity(BUFFER, zip.read(checksums)?);
    let parsed = sums::parse(text, |name, hash| {
        if sums.add(name, names.find(name), hash) { Ok(()) } else { Err("the name is listed twice") }
    });
    parsed.map_err(|error| zip.damage_or(checksums, error))?;
    Ok(sums)
}

/// What the manifest states about an entry.
#[derive(Clone, Copy)]
struct Stated {
    /// Whether its size is that of the directory, and its hash that of `SHA256SUMS`. (Another hash for each entry would take much memory.)
    agrees: bool,
    modified: Option<ModifiedTime>,
}

/// Reads what the manifest states for each entry except itself.
fn read_files<R: Read + Seek>(
    zip: &Zip<R>,
    names: &Names<'_>,
    sums: &Statements<Sha256Hex>,
) -> Result<Statements<Stated>, Error> {
    let entries = names.entries;
    let mut files = Statements::new(entries.len());
    let mut all_different = true;
    zip.parse(
        manifest_of(entries),
        FileVisitor(|FileRecord { path, size, sha256, modified }| {
            let index = names.find(&path).filter(|_| path != MANIFEST);
            let agrees =
                index.is_some_and(|index| (size, Some(sha256)) == (entries[index].size, sums.stated[index]));
            all_different &= files.add(&path, index, Stated { agrees, modified });
        }),
    )?;
    if !all_different {
        return Err(Corruption::Manifest { why: "it lists a file twice".to_owned() }.into());
    }
    Ok(files)
}

/// Finds entries by their names. (A map would take several times the memory.)
struct Names<'a> {
    entries: &'a [Entry],
    /// The indexes of the entries that lists may name, in the order of the names.
    sorted: Vec<u32>,
}

impl<'a> Names<'a> {
    fn of(entries: &'a [Entry]) -> Self {
        let listed = entries.iter().zip(0..).filter(|(entry, _)| entry.role != Role::Checksums);
        let mut sorted: Vec<u32> = listed.map(|(_, index)| index).collect();
        sorted.sort_unstable_by_key(|&index| &entries[index as usize].name);
        Self { entries, sorted }
    }

    fn find(&self, name: &str) -> Option<usize> {
        let name_of = |index: &u32| self.entries[*index as usize].name.as_str();
        let place = self.sorted.binary_search_by(|index| name_of(index).cmp(name)).ok()?;
        Some(self.sorted[place] as usize)
    }
}

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
    fn add(&mut self, name: &str, index: Option<usize>, what: T) -> bool {
        match index {
            Some(index) => self.stated[index].replace(what).is_none(),
            None => {
                self.unknown.get_or_insert_with(|| name.to_owned());
                true
            }
        }
    }
}
