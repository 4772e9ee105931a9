//! The seeds of the fuzz targets, through the very functions that the fuzzer calls: seeds stay what
//! they are called, and what was found stays mended, without fuzzing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stdout, reason = "what a test that fails was at")]

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../../../fuzz/src/archives.rs"]
#[expect(unreachable_pub, reason = "reachable in the fuzz crate, which it is a part of")]
mod archives;

fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let seeds: Vec<_> = files.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    assert!(!seeds.is_empty(), "{target} has no seeds");
    seeds
}

fn each(target: &str, check: fn(&[u8])) {
    for (path, bytes) in seeds(target) {
        println!("{}", path.display());
        check(&bytes);
    }
}

#[test]
fn any_bytes_as_an_archive() {
    each("archive_reader", archives::archive_reader);
    let (limits, keys) = (archive::Limits::default(), archive::Keys::passphrase("fuzz"));
    let opened = seeds("archive_reader").into_iter().filter(|(path, bytes)| {
        let opens = archive::Reader::open_with(std::io::Cursor::new(bytes), &limits, &keys);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        println!("{name}: {}", opens.as_ref().err().map_or("opens".to_owned(), ToString::to_string));
        opens.is_ok()
    });
    assert_eq!(opened.count(), 15, "some seeds are to be opened, the others to be refused");
}

#[test]
fn a_changed_archive_is_refused_or_holds_the_same() {
    each("archive_mutated", archives::archive_mutated);
}

#[test]
fn any_bytes_as_a_manifest() {
    each("manifest", archives::manifest);
}

#[test]
fn any_bytes_as_the_metadata_of_a_legacy_archive() {
    each("legacy_metadata", archives::legacy_metadata);
}

#[test]
fn any_bytes_as_the_list_of_hashes() {
    each("sums", archives::sums);
}
