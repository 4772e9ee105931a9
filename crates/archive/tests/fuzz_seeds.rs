//! Runs the seeds through the functions that the fuzz targets call. So each seed keeps the property that
//! its name states, and each defect that fuzzing has found stays fixed, without fuzzing.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]
#![expect(clippy::print_stdout, reason = "it shows at which seed a test failed")]

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../../../fuzz/src/archives.rs"]
#[expect(unreachable_pub, reason = "it is reachable in the fuzz crate")]
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
    assert_eq!(opened.count(), 15, "these seeds must open, the others must be refused");
}

#[test]
fn a_changed_archive_is_refused_or_has_the_same_content() {
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
