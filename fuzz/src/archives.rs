//! States what must hold for any bytes that are opened as an archive, or used as a part of one.
//!
//! `crates/archive/tests/fuzz_seeds.rs` compiles this file too, so it uses only the dependencies of that
//! crate.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use archive::{ArchiveProbe, Error, Format, Info, Keys, Limits, Manifest, Reader, Role, Sha256Hex};
use archive::{CHECKSUMS, DATABASE, MANIFEST};

#[path = "mutation.rs"]
pub mod mutation;
#[path = "zip.rs"]
pub mod zip;

/// The database in archives that are made around fuzzed parts. The seeds contain its hash.
pub const CONTENT: &[u8] = b"a database";

/// Returns small limits, so that an input that exceeds them is found soon.
fn limits() -> Limits {
    Limits { entries: 64, total_size: 1 << 20, ratio: 200, ratio_floor: 64 << 10, manifest: 64 << 10 }
}

type Files = BTreeMap<String, Vec<u8>>;

/// Opens any bytes as an archive.
pub fn archive_reader(bytes: &[u8]) {
    let limits = limits();
    // The encrypted seeds have this password. With age, trying it would take seconds.
    let keys = if bytes.starts_with(b"PK") { Keys::passphrase("fuzz") } else { Keys::default() };
    let _ = ArchiveProbe::open(Cursor::new(bytes), &limits).map_err(|error| refused(&error));
    let reader = match Reader::open_with(Cursor::new(bytes), &limits, &keys) {
        Ok(reader) => reader,
        Err(error) => return refused(&error),
    };
    assert!(reader.entries().len() as u64 <= limits.entries);
    assert!(reader.entries().iter().map(|entry| entry.size).sum::<u64>() <= limits.total_size);
    for name in reader.ignored() {
        assert_eq!(archive::name::check(name), Ok(()), "{name:?}");
    }
    if let Ok(first) = read_all(&reader, 4096) {
        let again = read_all(&reader, 7).expect("an archive that was read can be read again");
        assert!(first == again, "the same archive gives the same files");
    }
}

/// Changes some bytes of a valid archive: it must be refused, or its content must be unchanged.
pub fn archive_mutated(choices: &[u8]) {
    let mutated = mutation::Mutated::new(choices);
    let Ok(mut after) = opened(&mutated.after) else { return };
    let mut before = opened(&mutated.before).expect("an unchanged archive can be read");
    let lines = |files: &mut Files| {
        let sums = files.remove(CHECKSUMS).expect("format 3 has it");
        let mut lines: Vec<Vec<u8>> = sums.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(&mut before), lines(&mut after), "only the order of the hashes may change");
    assert!(before == after, "a change was not detected");
}

fn opened(bytes: &[u8]) -> Result<Files, ()> {
    let reader = Reader::open(Cursor::new(bytes), &Limits::default()).map_err(|error| refused(&error))?;
    if reader.format() != Format::V3 {
        // An archive that does not state format 3 has no hashes to compare.
        return Err(());
    }
    read_all(&reader, 1 << 14)
}

/// Uses any bytes as `backup_info.json` of an archive that is valid otherwise.
pub fn manifest(json: &[u8]) {
    let sums = [(DATABASE, CONTENT), (MANIFEST, json)].map(line).concat();
    let bytes = zip::Zip::of(&[(DATABASE, CONTENT), (MANIFEST, json), (CHECKSUMS, sums.as_bytes())]).bytes();
    let reader = match Reader::open(Cursor::new(&bytes), &limits()) {
        Ok(reader) => reader,
        Err(error) => return refused(&error),
    };
    described(&reader);
    if let Info::V3(manifest) = reader.info() {
        let written = serde_json::to_vec_pretty(manifest).expect("a plain struct becomes JSON");
        let again: Manifest =
            serde_json::from_slice(&written).expect("a manifest that was written can be read");
        assert_eq!(**manifest, again, "writing does not change a manifest");
    }
    read_all(&reader, 4096).expect("every hash is right");
}

/// Uses any bytes as `backup_info.json` of an archive of MakerMatrix 1.x.
pub fn legacy_metadata(json: &[u8]) {
    let files = [(DATABASE, CONTENT), ("datasheets/a.pdf", b"%PDF".as_slice()), (MANIFEST, json)];
    let bytes = zip::Zip::of(&files).bytes();
    let reader = match Reader::open(Cursor::new(&bytes), &limits()) {
        Ok(reader) => reader,
        Err(error) => return refused(&error),
    };
    assert!(
        matches!(reader.format(), Format::V2 | Format::BeforeV2),
        "an archive without hashes is not of format 3"
    );
    described(&reader);
    let read = read_all(&reader, 4096).expect("every checksum is right");
    assert!(files.iter().all(|(name, content)| read[*name] == *content));
}

/// Uses any bytes as `SHA256SUMS` of an archive that is valid otherwise: only the right hashes pass.
pub fn sums(text: &[u8]) {
    let json = zip::manifest_of(&[(DATABASE, CONTENT)]);
    let right = [(DATABASE, CONTENT), (MANIFEST, json.as_slice())];
    let bytes = zip::Zip::of(&[right[0], right[1], (CHECKSUMS, text)]).bytes();
    match Reader::open(Cursor::new(&bytes), &limits()) {
        Ok(_) => {
            let mut found: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
            found.sort_unstable();
            let mut expected = right.map(line);
            expected.sort_unstable();
            assert_eq!(found, expected.iter().map(String::as_bytes).collect::<Vec<_>>());
        }
        Err(error) => refused(&error),
    }
}

fn line((name, content): (&str, &[u8])) -> String {
    format!("{}  {name}\n", Sha256Hex::of(content))
}

/// Reads every entry to its end, `step` bytes at a time, and compares it with its headers.
fn read_all(reader: &Reader<impl Read + std::io::Seek>, step: usize) -> Result<Files, ()> {
    let mut files = Files::new();
    let mut buffer = vec![0; step];
    for entry in reader.entries() {
        assert_eq!(archive::name::check(&entry.name), Ok(()), "{:?}", entry.name);
        assert!(!entry.name.ends_with('/'), "folders are not listed");
        let mut content = Vec::new();
        let mut from = reader.read(entry).map_err(|error| refused(&error))?;
        loop {
            let n = from.read(&mut buffer).map_err(|error| refused(&archive::error::from_io(error)))?;
            if n == 0 {
                break;
            }
            content.extend_from_slice(&buffer[..n]);
            assert!(content.len() as u64 <= entry.size, "{:?} is longer than announced", entry.name);
        }
        assert_eq!(content.len() as u64, entry.size, "{:?} is shorter than announced", entry.name);
        let hash = Sha256Hex::of(&content);
        assert_eq!(from.hash(), Some(hash));
        assert!(entry.sha256.is_none_or(|stated| stated == hash));
        assert!(files.insert(entry.name.clone(), content).is_none(), "{:?} occurs twice", entry.name);
    }
    Ok(files)
}

/// Reads everything that a manifest states.
fn described(reader: &Reader<impl Read + std::io::Seek>) {
    let info = reader.info();
    let _ = (info.created_at(), info.version());
    let _ = (reader.includes(Role::Datasheet), reader.includes(Role::Image), reader.entry(Role::Env));
    serde_json::to_vec(info).expect("it becomes JSON");
}

/// Checks the message of a refusal: it is one line that a terminal can show, and it never blames the disk,
/// because there is none.
fn refused(error: &Error) {
    let message = error.to_string();
    assert!(!matches!(error, Error::Io(_)), "damage was reported as an error of the disk: {message}");
    assert!(!message.is_empty());
    assert!(!message.chars().any(char::is_control), "a terminal would execute it: {message:?}");
}
