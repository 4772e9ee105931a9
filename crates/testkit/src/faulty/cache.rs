//! A model of what a file system holds only in memory: names and contents that no sync has made durable.
//! A power cut can lose any of it. Each create, rename and remove survives completely or not at all, in no
//! order. Contents survive whole, torn or not at all, whatever happens to the name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use durable::folder_of;

/// The unsynced changes that a power cut loses. Numbers are below
/// [`unsynced`](super::FaultyDisk::unsynced).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// Every change.
    Everything,
    /// No change of a name, and half of each content.
    HalfOfEachFile,
    /// One change.
    Only(usize),
    /// Every change but one.
    AllBut(usize),
    /// A change and all later ones.
    From(usize),
}

/// Identifies a file or folder independently of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id(u64);

#[derive(Debug)]
struct Thing {
    /// The present path of the content: the name, or a path in the folder `kept`.
    place: PathBuf,
    is_folder: bool,
    /// Whether the content is not synced.
    unsynced: bool,
}

/// A change of what names refer to.
#[derive(Debug, Clone)]
struct Change {
    names: Vec<(PathBuf, Option<Id>)>,
    /// The folder whose sync makes the change durable.
    folder: PathBuf,
}

#[derive(Debug)]
pub(super) struct Cache {
    kept: PathBuf,
    things: BTreeMap<Id, Thing>,
    /// What each recorded name refers to: now, and after losing all of `changes`.
    now: BTreeMap<PathBuf, Option<Id>>,
    durable: BTreeMap<PathBuf, Option<Id>>,
    changes: Vec<Change>,
    removed_folders: BTreeSet<PathBuf>,
}

impl Cache {
    pub(super) fn new(kept: &Path) -> Self {
        Self {
            kept: kept.to_owned(),
            things: BTreeMap::new(),
            now: BTreeMap::new(),
            durable: BTreeMap::new(),
            changes: Vec::new(),
            removed_folders: BTreeSet::new(),
        }
    }

    pub(super) fn created(&mut self, path: &Path) -> Id {
        let id = self.add(path, false, true);
        self.now.entry(path.to_owned()).or_insert(None);
        self.durable.entry(path.to_owned()).or_insert(None);
        self.change(path, vec![(path.to_owned(), Some(id))]);
        id
    }

    /// Records a new folder, and that its parent is synced.
    pub(super) fn folder_created(&mut self, path: &Path) {
        let id = self.add(path, true, false);
        self.now.insert(path.to_owned(), Some(id));
        self.durable.insert(path.to_owned(), Some(id));
        self.folder_synced(folder_of(path));
    }

    pub(super) fn renamed(
        &mut self,
        from: &Path,
        to: &Path,
        really: &mut dyn FnMut() -> io::Result<()>,
    ) -> io::Result<()> {
        let (moved, replaced) = (self.look(from), self.look(to));
        // A copy, since the real disk decides whether the rename is allowed.
        if let Some(replaced) = replaced {
            let kept = self.kept_place(replaced);
            fs::copy(to, &kept)?;
            really()?;
            self.things.get_mut(&replaced).expect("just looked at").place = kept;
        } else {
            really()?;
        }
        let moved = moved.expect("the file that was renamed existed");
        self.things.get_mut(&moved).expect("just looked at").place = to.to_owned();
        self.change(to, vec![(from.to_owned(), None), (to.to_owned(), Some(moved))]);
        Ok(())
    }

    pub(super) fn removed(
        &mut self,
        path: &Path,
        really: &mut dyn FnMut() -> io::Result<()>,
    ) -> io::Result<()> {
        if let Some(removed) = self.look(path)
            && !self.things[&removed].is_folder
        {
            let kept = self.kept_place(removed);
            fs::copy(path, &kept)?;
            really()?;
            self.things.get_mut(&removed).expect("just looked at").place = kept;
        } else {
            really()?;
            self.removed_folders.insert(path.to_owned());
        }
        self.change(path, vec![(path.to_owned(), None)]);
        Ok(())
    }

    pub(super) fn content_synced(&mut self, id: Id) {
        self.things.get_mut(&id).expect("it was created").unsynced = false;
    }

    pub(super) fn file_synced(&mut self, path: &Path) {
        if let Some(Some(id)) = self.now.get(path) {
            self.content_synced(*id);
        }
    }

    pub(super) fn folder_synced(&mut self, path: &Path) {
        self.names_synced(|folder| folder == path);
    }

    pub(super) fn tree_synced(&mut self, root: &Path) {
        self.names_synced(|folder| folder.starts_with(root));
        let below: Vec<Id> =
            self.now.iter().filter(|(path, _)| path.starts_with(root)).filter_map(|(_, id)| *id).collect();
        below.into_iter().for_each(|id| self.content_synced(id));
    }

    pub(super) fn unsynced(&self) -> usize {
        self.changes.len() + self.unsynced_files().len()
    }

    /// Changes the real file system to its state after the power cut.
    pub(super) fn cut_power(&mut self, lost: Lost) {
        let survives = |number: usize| match lost {
            Lost::Everything => false,
            Lost::HalfOfEachFile => true,
            Lost::Only(one) => number != one,
            Lost::AllBut(one) => number == one,
            Lost::From(first) => number < first,
        };
        let surviving: Vec<bool> = (0..self.changes.len()).map(survives).collect();
        let surviving = self.with_what_they_imply(&surviving);
        let mut after = self.durable.clone();
        for (change, _) in self.changes.iter().zip(&surviving).filter(|(_, survives)| **survives) {
            after.extend(change.names.iter().cloned());
        }
        let mut length: BTreeMap<Id, fn(u64) -> u64> = BTreeMap::new();
        for (number, id) in self.unsynced_files().into_iter().enumerate() {
            if lost == Lost::HalfOfEachFile {
                length.insert(id, |whole| whole / 2);
            } else if !survives(self.changes.len() + number) {
                length.insert(id, |_| 0);
            }
        }
        // Everything that appears is read before anything is removed.
        let appearing: Vec<(PathBuf, Option<Vec<u8>>)> = after
            .iter()
            .filter(|(path, id)| self.now.get(*path) != Some(id))
            .filter_map(|(path, id)| Some((path.clone(), &self.things[id.as_ref()?])))
            .map(|(path, thing)| {
                let read = || fs::read(&thing.place).expect("nothing is lost for good");
                (path, (!thing.is_folder).then(read))
            })
            .collect();
        // Deepest first.
        for (path, id) in self.now.iter().rev() {
            match id.filter(|_| after.get(path) != Some(id)) {
                Some(gone) if !self.things[&gone].is_folder => fs::remove_file(path).expect("it is there"),
                Some(_) => drop(fs::remove_dir(path)),
                None => {}
            }
        }
        for (path, content) in appearing {
            match content {
                None => fs::create_dir_all(&path).expect("writable"),
                Some(content) => {
                    fs::create_dir_all(folder_of(&path)).expect("writable");
                    fs::write(&path, content).expect("writable");
                }
            }
        }
        for (path, id) in &after {
            if let Some(shorten) = id.and_then(|id| length.get(&id)) {
                let file = fs::OpenOptions::new().write(true).open(path).expect("it is there");
                file.set_len(shorten(file.metadata().expect("it is open").len())).expect("writable");
            }
        }
        self.changes.clear();
        (self.now, self.durable) = (after.clone(), after);
        self.things.values_mut().for_each(|thing| thing.unsynced = false);
    }

    fn unsynced_files(&self) -> Vec<Id> {
        // A file that has no name, whatever survives, does not count.
        let named = |id: &Id| {
            let of = |names: &BTreeMap<_, _>| names.values().any(|named| *named == Some(*id));
            of(&self.now) || of(&self.durable)
        };
        let unsynced = self.things.iter().filter(|(_, thing)| thing.unsynced).map(|(id, _)| *id);
        unsynced.filter(named).collect()
    }

    /// Returns what a name refers to. Files that existed from the beginning are durable.
    fn look(&mut self, path: &Path) -> Option<Id> {
        if let Some(known) = self.now.get(path) {
            return *known;
        }
        let found = path.symlink_metadata().ok().map(|found| self.add(path, found.is_dir(), false));
        self.now.insert(path.to_owned(), found);
        self.durable.insert(path.to_owned(), found);
        found
    }

    fn add(&mut self, path: &Path, is_folder: bool, unsynced: bool) -> Id {
        let id = Id(self.things.len() as u64);
        self.things.insert(id, Thing { place: path.to_owned(), is_folder, unsynced });
        id
    }

    fn kept_place(&self, id: Id) -> PathBuf {
        self.kept.join(id.0.to_string())
    }

    fn change(&mut self, path: &Path, names: Vec<(PathBuf, Option<Id>)>) {
        self.now.extend(names.iter().cloned());
        self.changes.push(Change { names, folder: folder_of(path).to_owned() });
    }

    fn names_synced(&mut self, synced: impl Fn(&Path) -> bool) {
        let synced: Vec<bool> = self.changes.iter().map(|change| synced(&change.folder)).collect();
        let synced = self.with_what_they_imply(&synced);
        for (change, synced) in std::mem::take(&mut self.changes).into_iter().zip(synced) {
            if synced { self.durable.extend(change.names) } else { self.changes.push(change) }
        }
    }

    /// Adds the changes in removed folders: such a folder was empty, so they are as durable as its removal.
    fn with_what_they_imply(&self, durable: &[bool]) -> Vec<bool> {
        let is_gone = |path: &Path, id: Option<Id>| id.is_none() && self.removed_folders.contains(path);
        let gone: Vec<(usize, &Path)> = (self.changes.iter().enumerate())
            .filter(|(number, _)| durable[*number])
            .flat_map(|(number, change)| change.names.iter().map(move |(path, id)| (number, path, *id)))
            .filter(|(_, path, id)| is_gone(path, *id))
            .map(|(number, path, _)| (number, path.as_path()))
            .collect();
        let implied = |number: usize| {
            gone.iter().any(|(after, path)| number < *after && self.changes[number].folder.starts_with(path))
        };
        durable.iter().enumerate().map(|(number, durable)| *durable || implied(number)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use durable::{FileMode, RawDisk};

    use super::*;
    use crate::{FaultyDisk, TestDbPath};

    /// Replaces the content of `a` durably, except for the syncs that the test leaves out, and cuts the power.
    fn replaced(lost: Lost, sync_content: bool, sync_folder: bool) -> Vec<(String, Vec<u8>)> {
        let name = TestDbPath::new();
        let folder = name.beside("disk");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("a"), b"old").unwrap();
        fs::write(folder.join("b"), b"stays").unwrap();
        let disk = FaultyDisk::power_cut_at(u64::MAX, &name.beside("kept"));
        let mut file = disk.create(&folder.join("a.new"), FileMode::Default).unwrap();
        file.write_all(b"newest").unwrap();
        if sync_content {
            file.sync().unwrap();
        }
        drop(file);
        disk.rename(&folder.join("a.new"), &folder.join("a")).unwrap();
        disk.remove(&folder.join("b")).unwrap();
        if sync_folder {
            disk.sync_folder(&folder).unwrap();
        }
        disk.cut_power(lost);
        assert_eq!(disk.unsynced(), 0);
        let mut found: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
            .collect();
        found.sort();
        found
    }

    fn is(found: &[(String, Vec<u8>)], expected: &[(&str, &[u8])]) -> bool {
        found.iter().map(|(name, content)| (name.as_str(), content.as_slice())).eq(expected.iter().copied())
    }

    #[test]
    fn unsynced_changes_are_lost_together_torn_or_one_by_one() {
        let old: &[(&str, &[u8])] = &[("a", b"old"), ("b", b"stays")];
        assert!(is(&replaced(Lost::Everything, true, false), old));
        assert!(is(&replaced(Lost::HalfOfEachFile, false, true), &[("a", b"new")]));
        assert!(is(&replaced(Lost::Everything, false, true), &[("a", b"")]));
        // Change 0 is the create, 1 the rename, 2 the remove and 3 the content.
        assert!(is(&replaced(Lost::Only(1), true, false), &[("a", b"old"), ("a.new", b"newest")]));
        assert!(is(&replaced(Lost::Only(2), true, false), &[("a", b"newest"), ("b", b"stays")]));
        assert!(is(&replaced(Lost::Only(3), false, false), &[("a", b"")]));
        assert!(is(&replaced(Lost::AllBut(2), true, false), &[("a", b"old")]));
        assert!(is(&replaced(Lost::AllBut(1), true, false), &[("a", b"newest"), ("b", b"stays")]));
        assert!(is(
            &replaced(Lost::From(1), true, false),
            &[("a", b"old"), ("a.new", b"newest"), ("b", b"stays")]
        ));
    }

    #[test]
    fn synced_changes_survive() {
        for lost in [Lost::Everything, Lost::HalfOfEachFile] {
            assert!(is(&replaced(lost, true, true), &[("a", b"newest")]));
        }
    }
}
