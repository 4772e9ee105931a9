//! How the index follows changes, and what is left of it after a restart or a mishap.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{find, index_of, named, request};
use durable::Disk;
use proptest::prelude::*;
use search::{Changes, Content, Document, Error, Index, RebuildReason, Sort};
use tempfile::TempDir;

fn changes(upserts: &[Document], deletes: &[&str], position: Option<&str>) -> Changes {
    Changes {
        upserts: upserts.to_vec(),
        deletes: deletes.iter().map(|id| (*id).to_owned()).collect(),
        position: position.map(str::to_owned),
    }
}

fn open(folder: &Path) -> (Index, Content) {
    Index::open(&Disk::real(), folder).unwrap()
}

/// The parts of [`folder_with_index`], by name.
const ALL: &str = "1 4 5 6 7 8 9 2";

/// Returns a folder with an index of parts, one of which was changed and another deleted.
fn folder_with_index() -> TempDir {
    let folder = TempDir::new().unwrap();
    let (index, content) = open(folder.path());
    assert_eq!(content, Content::RebuildNeeded(RebuildReason::Missing));
    // So many that two of them changed are too few for the segment to be written anew.
    let many = (4..=9).map(|id| named(&format!("{id}"), &format!("part {id}")));
    let parts: Vec<Document> =
        [named("1", "one"), named("2", "two"), named("3", "three")].into_iter().chain(many).collect();
    index.apply(&changes(&parts, &[], Some("17"))).unwrap();
    index.apply(&changes(&[named("2", "second")], &["3"], None)).unwrap();
    index.close().unwrap();
    folder
}

#[test]
fn a_change_is_found_by_the_next_search() {
    let index = index_of(&[named("1", "old")]);
    index.apply(&changes(&[named("1", "new"), named("2", "newer")], &[], None)).unwrap();
    assert_eq!(find(&index, "old"), "");
    assert_eq!(find(&index, "new"), "1 2");
    index.apply(&changes(&[], &["1", "unknown"], None)).unwrap();
    assert_eq!(find(&index, "new"), "2");
    assert_eq!(index.len(), 1);
}

#[test]
fn the_last_of_two_changes_of_a_part_counts() {
    let index = index_of(&[named("1", "first"), named("1", "second")]);
    assert_eq!(find(&index, ""), "1");
    assert_eq!(find(&index, "second"), "1");
}

#[test]
fn clearing_removes_parts_and_position() {
    let index = index_of(&[named("1", "one")]);
    index.apply(&changes(&[], &[], Some("5"))).unwrap();
    assert!(!index.is_empty());
    index.clear().unwrap();
    assert!(index.is_empty());
    assert_eq!(index.position(), None);
    assert_eq!(find(&index, ""), "");
}

#[test]
fn the_position_stays_until_the_next_one() {
    let index = index_of(&[]);
    assert_eq!(index.position(), None);
    index.apply(&changes(&[], &[], Some("a position with spaces"))).unwrap();
    index.apply(&changes(&[named("1", "one")], &[], None)).unwrap();
    assert_eq!(index.position().as_deref(), Some("a position with spaces"));
}

#[test]
fn hashes_are_those_of_the_last_changes() {
    let with_hash = |id: &str, hash| Document { hash, ..named(id, "name") };
    let index = index_of(&[with_hash("1", 10), with_hash("2", u64::MAX), with_hash("3", 30)]);
    index.apply(&changes(&[with_hash("1", 11)], &["3"], None)).unwrap();
    let mut hashes = Vec::new();
    index.for_each_hash(|id, hash| hashes.push((id.to_owned(), hash))).unwrap();
    hashes.sort();
    assert_eq!(hashes, [("1".to_owned(), 11), ("2".to_owned(), u64::MAX)]);
}

#[test]
fn pages_have_exact_totals_over_all_segments() {
    let index = index_of(&[]);
    for number in 0..7 {
        let parts: Vec<Document> = (0..5)
            .map(|part| named(&format!("{}", part * 7 + number), &format!("name {}", part % 2)))
            .collect();
        index.apply(&changes(&parts, &[], None)).unwrap();
    }
    let all = index.search(&search::Request { sort: Sort::Name, ..request("name") }).unwrap();
    assert_eq!((all.total, all.ids.len()), (35, 35));
    let mut pages = Vec::new();
    for page in 1..=6 {
        let request = search::Request { sort: Sort::Name, page, page_size: 8, ..request("name") };
        let results = index.search(&request).unwrap();
        assert_eq!(results.total, 35);
        pages.extend(results.ids);
    }
    assert_eq!(pages, all.ids);
    index.compact().unwrap();
    assert_eq!(index.search(&search::Request { sort: Sort::Name, ..request("name") }).unwrap(), all);
    let none = index.search(&search::Request { page_size: 0, ..request("name") }).unwrap();
    assert_eq!((none.total, none.ids.len()), (35, 0));
    let far = index.search(&search::Request { page: usize::MAX, ..request("name") }).unwrap();
    assert_eq!((far.total, far.ids.len()), (35, 0));
}

#[test]
fn compacting_waits_for_merges_that_have_begun() {
    let index = index_of(&[]);
    for round in 0..20 {
        let parts: Vec<Document> = (0..50).map(|id| named(&format!("{}", round * 50 + id), "name")).collect();
        index.apply(&changes(&parts, &[], None)).unwrap();
    }
    index.compact().unwrap();
    assert_eq!(index.search(&request("name")).unwrap().total, 1000);
}

#[test]
fn an_index_is_as_it_was_after_a_restart() {
    let folder = folder_with_index();
    let (index, content) = open(folder.path());
    assert_eq!(content, Content::Kept);
    assert_eq!(index.position().as_deref(), Some("17"));
    assert_eq!(find(&index, ""), ALL);
    assert_eq!(find(&index, "second"), "2");
    index.apply(&changes(&[named("4", "four")], &[], None)).unwrap();
    assert_eq!(find(&index, "four"), "4");
}

#[test]
fn an_empty_index_is_kept() {
    let folder = TempDir::new().unwrap();
    drop(open(folder.path()));
    assert_eq!(open(folder.path()).1, Content::Kept);
}

#[test]
fn a_second_process_is_refused_and_disturbs_nothing() {
    let folder = folder_with_index();
    let (index, _) = open(folder.path());
    assert!(matches!(Index::open(&Disk::real(), folder.path()), Err(Error::InUse)));
    assert_eq!(find(&index, ""), ALL);
}

#[test]
fn a_deleted_folder_means_a_rebuild() {
    let folder = folder_with_index();
    fs::remove_dir_all(folder.path()).unwrap();
    let (index, content) = open(folder.path());
    assert_eq!(content, Content::RebuildNeeded(RebuildReason::Missing));
    assert_eq!(find(&index, ""), "");
}

#[test]
fn an_index_of_another_version_is_thrown_away() {
    let folder = folder_with_index();
    let meta = folder.path().join("meta.json");
    let text = fs::read_to_string(&meta).unwrap();
    fs::write(&meta, text.replace("\"payload\": \"3 17\"", "\"payload\": \"0 17\"")).unwrap();
    let (index, content) = open(folder.path());
    assert_eq!(content, Content::RebuildNeeded(RebuildReason::OtherVersion));
    assert_eq!((index.len(), index.position()), (0, None));
}

#[test]
fn files_of_others_in_the_folder_stay() {
    let folder = folder_with_index();
    fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    fs::write(folder.path().join("meta.json"), "garbage").unwrap();
    let (index, content) = open(folder.path());
    assert!(matches!(content, Content::RebuildNeeded(RebuildReason::Damaged(_))));
    index.apply(&changes(&[named("1", "one")], &[], None)).unwrap();
    drop(index);
    assert_eq!(fs::read_to_string(folder.path().join("notes.txt")).unwrap(), "mine");
    assert_eq!(open(folder.path()).1, Content::Kept);
}

#[test]
fn what_a_crash_left_of_an_unfinished_change_is_removed() {
    let folder = folder_with_index();
    let of_index = files(folder.path());
    let segment = of_index.iter().find(|path| path.extension().is_some_and(|end| end == "idx")).unwrap();
    let unfinished = folder.path().join("0123456789abcdef0123456789abcdef.idx");
    fs::copy(segment, &unfinished).unwrap();
    assert_eq!(open(folder.path()).1, Content::Kept);
    assert_eq!(files(folder.path()), of_index);
    assert_eq!(find(&open(folder.path()).0, ""), ALL);
}

/// Returns the files of an index.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| !path.to_string_lossy().ends_with(".lock")).collect();
    files.sort();
    files
}

/// Asserts that a damaged index is either noticed, or as it was.
fn assert_noticed_or_harmless(folder: &Path, must_be_noticed: bool) {
    let (index, content) = open(folder);
    match content {
        Content::Kept => {
            assert!(!must_be_noticed, "the damage went unnoticed");
            assert_eq!(find(&index, ""), ALL);
            assert_eq!(find(&index, "second"), "2");
        }
        Content::RebuildNeeded(_) => {
            assert_eq!((index.len(), index.position()), (0, None));
            index.apply(&changes(&[named("9", "nine")], &[], Some("18"))).unwrap();
            assert_eq!(find(&index, "nine"), "9");
        }
    }
}

#[test]
fn a_missing_or_truncated_file_or_one_of_garbage_means_a_rebuild() {
    let damages: [fn(&Path); 4] = [
        |path| fs::remove_file(path).unwrap(),
        |path| fs::write(path, b"").unwrap(),
        |path| fs::write(path, b"garbage".repeat(100)).unwrap(),
        |path| {
            let content = fs::read(path).unwrap();
            fs::write(path, &content[..content.len() / 2]).unwrap();
        },
    ];
    let count = files(folder_with_index().path()).len();
    assert!(count > 8);
    for damage in damages {
        for at in 0..count {
            let folder = folder_with_index();
            let file = files(folder.path())[at].clone();
            damage(&file);
            // The list of files that may be removed is needed by nobody who searches.
            let must_be_noticed = file.file_name().unwrap() != ".managed.json";
            assert_noticed_or_harmless(folder.path(), must_be_noticed);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_changed_byte_is_noticed_or_harmless(file in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let folder = folder_with_index();
        let files = files(folder.path());
        let file = file.get(&files);
        let mut content = fs::read(file).unwrap();
        prop_assume!(!content.is_empty());
        let at = at.index(content.len());
        content[at] ^= 1u8 << bit;
        fs::write(file, content).unwrap();
        assert_noticed_or_harmless(folder.path(), false);
    }
}
