//! Makes, from bytes that a fuzzer chooses, a valid archive and a changed copy of it, with checksums
//! corrected or not.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Read;

use archive::{BackupMetadata, DATABASE, Writer};

/// An archive before and after.
pub struct Mutated {
    /// As it was written.
    pub before: Vec<u8>,
    /// With the changes.
    pub after: Vec<u8>,
}

impl Mutated {
    /// Reads the choices: whether to correct checksums, the files, and then changes up to the end.
    pub fn new(choices: &[u8]) -> Self {
        let mut choices = Choices(choices);
        let correct = choices.number(1) & 1 == 1;
        let files = files(&mut choices);
        let before = written_once(files);
        let places = places(&before);
        let mut after = before.clone();
        while !choices.0.is_empty() {
            change(&mut after, &places, &mut choices);
        }
        if correct && after.len() == before.len() {
            places.iter().for_each(|place| correct_checksum(&mut after, place));
        }
        Self { before, after }
    }
}

/// The choices of the fuzzer, read from the front. After the last one, all are zero.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn number(&mut self, bytes: usize) -> usize {
        let (taken, rest) = self.0.split_at(bytes.min(self.0.len()));
        self.0 = rest;
        taken.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken.to_vec()
    }
}

type Files = Vec<(&'static str, Vec<u8>)>;

fn files(choices: &mut Choices<'_>) -> Files {
    const NAMES: [&str; 5] =
        [DATABASE, "datasheets/a.pdf", "datasheets/b/c.pdf", "images/ü.png", "images/x:y.png"];
    let count = 1 + choices.number(1) % NAMES.len();
    let mut file = |name| {
        let kind = choices.number(1);
        let content = match kind % 3 {
            0 => choices.bytes(kind / 3),
            // Shrinks: it is deflated.
            1 => format!("resistor {kind} 0603 1%\n").repeat(kind).into_bytes(),
            _ => (0..kind * 16).map(|index| (index * index / 7 + kind) as u8).collect(),
        };
        (name, content)
    };
    NAMES.into_iter().take(count).map(&mut file).collect()
}

/// Writes the archive, or returns it from a cache: writing takes much longer than reading, and most
/// mutations of an input leave the files unchanged.
fn written_once(files: Files) -> Vec<u8> {
    const MAX_CACHED: usize = 512;
    thread_local! {
        static KNOWN: RefCell<HashMap<Files, Vec<u8>>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| {
        if known.len() > MAX_CACHED {
            known.clear();
        }
        known.entry(files).or_insert_with_key(written).clone()
    })
}

fn written(files: &Files) -> Vec<u8> {
    let time = chrono::DateTime::from_timestamp(1_795_356_204, 0).expect("a time in range").naive_utc();
    let mut writer = Writer::new(Vec::new(), time);
    for (name, content) in files {
        writer.add(name, &mut content.as_slice(), &mut |_| {}).expect("memory can be written");
    }
    let metadata = BackupMetadata {
        backup_name: "b".to_owned(),
        created_at: time,
        created_at_utc: time,
        makermatrix_version: "0".to_owned(),
        schema_version: "1.0.0".to_owned(),
        datasheets_included: true,
        images_included: true,
        source_engine: "sqlite".to_owned(),
        source_engine_version: "3".to_owned(),
        migrations: Vec::new(),
        tables: std::collections::BTreeMap::new(),
        foreign_key_violations: 0,
        dangling: Vec::new(),
        left_out: Vec::new(),
        damaged: None,
    };
    writer.finish(metadata).expect("memory can be written").0
}

/// The offsets of the parts of an entry in an archive that our writer wrote.
struct Place {
    listed: usize,
    local: usize,
    data: usize,
    descriptor: usize,
}

fn le(bytes: &[u8], at: usize, width: usize) -> usize {
    bytes[at..at + width].iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

fn places(zip: &[u8]) -> Vec<Place> {
    let end = zip.len() - 22;
    let mut at = le(zip, end + 16, 4);
    let mut places = Vec::new();
    while at < end {
        let local = le(zip, at + 42, 4);
        let data = local + 30 + le(zip, local + 26, 2) + le(zip, local + 28, 2);
        places.push(Place { listed: at, local, data, descriptor: data + le(zip, at + 20, 4) });
        at += 46 + le(zip, at + 28, 2) + le(zip, at + 30, 2) + le(zip, at + 32, 2);
    }
    places
}

fn change(zip: &mut Vec<u8>, places: &[Place], choices: &mut Choices<'_>) {
    let what = choices.number(1);
    let at = choices.number(2) % zip.len().max(1);
    let length = 1 + choices.number(1) % 128;
    let end = (at + length).min(zip.len());
    match what % 9 {
        0 if !zip.is_empty() => zip[at] ^= 1 << (length % 8),
        1 if !zip.is_empty() => zip[at] = length as u8,
        2 => zip.truncate(at),
        3 => drop(zip.drain(at..end)),
        4 => {
            let copied = zip[at..end].to_vec();
            let to = choices.number(2) % (zip.len() + 1);
            drop(zip.splice(to..to, copied));
        }
        5 => {
            let copied = zip[at..end].to_vec();
            let to = choices.number(2) % (zip.len() + 1 - copied.len());
            let replaced = zip[to..to + copied.len()].to_vec();
            zip[at..end].copy_from_slice(&replaced);
            zip[to..to + copied.len()].copy_from_slice(&copied);
        }
        6 => {
            let inserted = choices.bytes(length);
            drop(zip.splice(at..at, inserted));
        }
        // The same false value in the directory and the descriptor: CRC-32, compressed or uncompressed size.
        7 => {
            let place = &places[at % places.len()];
            let field = 4 * (length % 3);
            let value = choices.bytes(4);
            overwrite(zip, place.listed + 16 + field, &value);
            overwrite(zip, place.descriptor + 4 + field, &value);
        }
        // The same flags, method or time in both headers.
        8 => {
            let place = &places[at % places.len()];
            let field = 2 * (length % 4);
            let value = choices.bytes(2);
            overwrite(zip, place.listed + 8 + field, &value);
            overwrite(zip, place.local + 6 + field, &value);
        }
        _ => {}
    }
}

fn overwrite(zip: &mut [u8], at: usize, with: &[u8]) {
    if let Some(range) = zip.get_mut(at..at + with.len()) {
        range.copy_from_slice(with);
    }
}

/// Sets the CRC-32 and the size of an entry to those of its changed content.
fn correct_checksum(zip: &mut [u8], place: &Place) {
    let packed = &zip[place.data..place.descriptor];
    let mut content = Vec::new();
    if le(zip, place.listed + 10, 2) == 0 {
        content.extend_from_slice(packed);
    } else if flate2::read::DeflateDecoder::new(packed).take(1 << 20).read_to_end(&mut content).is_err() {
        return;
    }
    let (crc, size) = (crc32fast::hash(&content).to_le_bytes(), (content.len() as u32).to_le_bytes());
    for at in [place.listed + 16, place.descriptor + 4] {
        overwrite(zip, at, &crc);
        overwrite(zip, at + 8, &size);
    }
}
