//! The three lists of files that an archive of format 3.0 has: they must say the same. Each is looked at
//! as it is read, since with many files it is long.

use std::collections::HashMap;
use std::io::{BufReader, Read, Seek};

use crate::error::{Corruption, Error, Refusal};
use crate::hashing::Sha256Hex;
use crate::limits::Limits;
use crate::manifest::{EachFile, FileRecord};
use crate::name::{Role, shown};
use crate::{CHECKSUMS, MANIFEST, sums};

use super::{Reader, STEP};

impl<R: Read + Seek> Reader<R> {
    /// Format 3.0 states its files three times: in the directory, the manifest and `SHA256SUMS`.
    pub(super) fn compare_lists(&mut self, limits: &Limits) -> Result<(), Error> {
        if let Some(entry) = self.entries.iter().find(|entry| entry.role == Role::Other) {
            return Err(Refusal::Unexpected { name: entry.name.clone() }.into());
        }
        let named = self.entries.iter().enumerate().filter(|(_, entry)| entry.role != Role::Checksums);
        let places = named.map(|(place, entry)| (entry.name.as_str(), place)).collect();
        let sums = self.read_sums(&places, limits)?;
        let files = self.read_files(&places)?;
        for (place, entry) in self.entries.iter_mut().enumerate() {
            if entry.role == Role::Checksums {
                continue;
            }
            let unlisted = |list| Corruption::Unlisted { entry: entry.name.clone(), list };
            let sum = sums.stated[place].ok_or_else(|| unlisted(CHECKSUMS))?;
            if entry.role != Role::Manifest {
                let listed = files.stated[place].ok_or_else(|| unlisted(MANIFEST))?;
                if listed != (entry.size, sum) {
                    let why = format!("it disagrees with SHA256SUMS or the directory about {:?}", entry.name);
                    return Err(Corruption::Manifest { why }.into());
                }
            }
            entry.sha256 = Some(sum);
        }
        for (foreign, list) in [(sums.foreign, CHECKSUMS), (files.foreign, MANIFEST)] {
            if let Some(entry) = foreign {
                return Err(Corruption::Missing { entry: shown(&entry), list }.into());
            }
        }
        let listed =
            self.entries.iter().filter(|entry| !matches!(entry.role, Role::Manifest | Role::Checksums));
        let files: Vec<(Role, u64)> = listed.map(|entry| (entry.role, entry.size)).collect();
        if let Some(field) = self.info.v3().and_then(|manifest| manifest.contradiction(&files)) {
            let why = format!("its field {field} is not what its list of files says");
            return Err(Corruption::Manifest { why }.into());
        }
        self.drain(self.entry(Role::Manifest).expect("format 3.0 is known from it"))
    }

    /// What `SHA256SUMS` says of each entry.
    fn read_sums(&self, places: &Places<'_>, limits: &Limits) -> Result<Listed<Sha256Hex>, Error> {
        let missing = || Corruption::Missing { entry: CHECKSUMS.to_owned(), list: "format 3.0" };
        let checksums = self.entry(Role::Checksums).ok_or_else(missing)?;
        self.check_length(checksums, CHECKSUMS, limits)?;
        let mut sums = Listed::new(self.entries.len());
        let text = BufReader::with_capacity(STEP, self.read(checksums)?);
        let parsed = sums::parse(text, |name, hash| {
            if sums.note(name, places.get(name), hash) { Ok(()) } else { Err("the name is there twice") }
        });
        parsed.map_err(|error| self.damage_or(checksums, error))?;
        Ok(sums)
    }

    /// What the manifest says of each entry: its size and hash. It does not list itself.
    fn read_files(&self, places: &Places<'_>) -> Result<Listed<(u64, Sha256Hex)>, Error> {
        let manifest = self.entry(Role::Manifest).expect("format 3.0 is known from it");
        let mut files = Listed::new(self.entries.len());
        let mut once = true;
        self.parse(
            manifest,
            EachFile(|FileRecord { path, size, sha256 }| {
                let place = places.get(path.as_str()).filter(|_| path != MANIFEST);
                once &= files.note(&path, place, (size, sha256));
            }),
        )?;
        if !once {
            return Err(Corruption::Manifest { why: "it lists a file twice".to_owned() }.into());
        }
        Ok(files)
    }
}

/// Where among the entries each name is.
type Places<'a> = HashMap<&'a str, usize>;

/// What a list says of each entry, and the first name in it that no entry has.
struct Listed<T> {
    stated: Vec<Option<T>>,
    foreign: Option<String>,
}

impl<T: Clone> Listed<T> {
    fn new(entries: usize) -> Self {
        Self { stated: vec![None; entries], foreign: None }
    }

    /// False when the entry was listed before.
    fn note(&mut self, name: &str, place: Option<&usize>, what: T) -> bool {
        match place {
            Some(&place) => self.stated[place].replace(what).is_none(),
            None => {
                self.foreign.get_or_insert_with(|| name.to_owned());
                true
            }
        }
    }
}
