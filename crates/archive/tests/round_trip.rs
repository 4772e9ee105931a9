//! The reader reads whatever the writer writes, and detects every later change.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

mod sample;

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::sync::Mutex;
use std::time::{Duration, UNIX_EPOCH};

use archive::writer::{AddedFile, Content, Packing};
use archive::{Corruption, Error, Format, Limits, ModifiedTime, Reader, Refusal, Role, Sha256Hex, Writer};
use proptest::prelude::*;

use sample::{metadata, noise};

fn written(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), metadata().created_at);
    for (name, content) in files {
        writer.add(name, &mut &content[..], &mut |_| {}).unwrap();
    }
    writer.finish(metadata()).unwrap().0
}

fn open(bytes: &[u8]) -> Result<Reader<Cursor<&[u8]>>, Error> {
    Reader::open(Cursor::new(bytes), &Limits::default())
}

/// Opens an archive and reads every entry, as a verification does.
fn read_all(bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let reader = open(bytes)?;
    let mut files = BTreeMap::new();
    for entry in reader.entries() {
        let mut content = Vec::new();
        reader.read(entry)?.read_to_end(&mut content).map_err(archive::error::from_io)?;
        files.insert(entry.name.clone(), content);
    }
    Ok(files)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_content_is_read_back(
        database in proptest::collection::vec(any::<u8>(), 0..5000),
        images in proptest::collection::btree_map("[a-zäß抵0-9 ._]{1,20}[a-z]", proptest::collection::vec(any::<u8>(), 0..3000), 0..6),
    ) {
        let named: Vec<(String, &Vec<u8>)> =
            images.iter().map(|(name, content)| (format!("images/{name}"), content)).collect();
        let mut files: Vec<(&str, &[u8])> = vec![("makers_matrix.db", &database)];
        files.extend(named.iter().map(|(name, content)| (name.as_str(), content.as_slice())));
        let bytes = written(&files);
        let back = read_all(&bytes).unwrap();
        for (name, content) in files {
            prop_assert_eq!(&back[name], content);
        }
    }
}

#[test]
fn long_entries_are_deflated_if_they_shrink_and_stored_otherwise() {
    let text = b"resistor 10k 0603 1% Yageo\n".repeat(200_000);
    let random = noise(3_000_001, 7);
    let bytes =
        written(&[("makers_matrix.db", &text), ("datasheets/a/b.pdf", &random), ("images/x.png", b"tiny")]);
    assert!(bytes.len() < random.len() + text.len() / 10);
    let reader = open(&bytes).unwrap();
    assert_eq!(reader.format(), Format::V3);
    let noisy = reader.entries().iter().find(|entry| entry.role == Role::Datasheet).unwrap();
    assert_eq!((noisy.size, noisy.compressed_size()), (random.len() as u64, random.len() as u64));
    assert_eq!(noisy.sha256, Some(Sha256Hex::of(&random)));
    let back = read_all(&bytes).unwrap();
    assert!(back["makers_matrix.db"] == text && back["datasheets/a/b.pdf"] == random);
}

/// A file of zeros deflates to a thousandth of its size, as a zip bomb does. It must be readable all the
/// same.
#[test]
fn an_archive_of_zeros_from_our_writer_is_not_refused_as_a_bomb() {
    let mut writer = Writer::new(Vec::new(), metadata().created_at);
    let size = 300 << 20;
    writer.add("makers_matrix.db", &mut io::repeat(0).take(size), &mut |_| {}).unwrap();
    writer.add("images/x", &mut &b"after the long one"[..], &mut |_| {}).unwrap();
    let bytes = writer.finish(metadata()).unwrap().0;
    assert!((bytes.len() as u64) < size, "no more is stored than the limit demands");
    let reader = open(&bytes).unwrap();
    for entry in reader.entries() {
        io::copy(&mut reader.read(entry).unwrap(), &mut io::sink()).unwrap();
    }
}

/// Many blank pictures shrink so much that together they would look like a zip bomb.
#[test]
fn an_archive_of_blank_pictures_from_our_writer_is_not_refused_as_a_bomb() {
    let mut writer = Writer::new(Vec::new(), metadata().created_at);
    writer.add("makers_matrix.db", &mut &b"x"[..], &mut |_| {}).unwrap();
    let names: Vec<String> = (0..80).map(|number| format!("images/{number}.bmp")).collect();
    let blank = vec![0; 1_000_000];
    let names = names.into_iter().map(|name| (name, ()));
    let open = |_: &str, (): &()| Ok::<_, Error>((Content::Unpacked(&blank[..]), None));
    writer.add_all(names, open, |_| {}, &mut |_| {}).unwrap();
    let bytes = writer.finish(metadata()).unwrap().0;
    assert_eq!(read_all(&bytes).unwrap().len(), 83);
}

/// A manifest can be compressed as far as a zip bomb, and its parsed form takes far more memory.
#[test]
fn a_manifest_longer_than_its_files_account_for_is_refused() {
    let json = format!("{{\"format_version\": \"3.0\", \"dangling\": [\"\"{}]}}", ",\"\"".repeat(2_000_000));
    let db = ("makers_matrix.db", &b"x"[..], 0o100_644);
    let bytes = foreign(&[db, ("backup_info.json", json.as_bytes(), 0o100_644)]);
    let error = open(&bytes).err().unwrap();
    assert!(matches!(error, Error::Refused(Refusal::EntryTooLarge { .. })), "{error}");
}

#[test]
fn every_flipped_bit_and_every_truncation_is_detected_or_harmless() {
    let bytes = written(&[
        ("makers_matrix.db", &noise(300, 1)),
        ("images/a/b.png", &b"shrinks ".repeat(60)),
        ("images/c", b""),
    ]);
    let original = read_all(&bytes).unwrap();
    let mut harmless = 0;
    for position in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[position / 8] ^= 1 << (position % 8);
        if let Ok(files) = read_all(&flipped) {
            assert!(files == original, "bit {position} changed the content undetected");
            harmless += 1;
        }
    }
    // The harmless bits are versions, internal attributes, permissions and the DOS times of entries, none of which
    // is restored.
    assert!(harmless < bytes.len() * 8 / 10, "{harmless} of {} bits have no effect", bytes.len() * 8);
    for length in 0..bytes.len() {
        assert!(read_all(&bytes[..length]).is_err(), "truncated to {length} bytes");
    }
}

/// The manifest states the time that is restored. The headers are a copy for other programs, and must agree.
#[test]
fn a_changed_time_is_refused_and_a_time_that_is_missing_in_the_headers_is_not() {
    let time = ModifiedTime::from_system(UNIX_EPOCH + Duration::from_secs(1_700_000_001));
    let mut writer = Writer::new(Vec::new(), metadata().created_at);
    writer.add("makers_matrix.db", &mut &b"x"[..], &mut |_| {}).unwrap();
    let source = |_: &str, (): &()| Ok::<_, Error>((Content::Unpacked(&b"x"[..]), time));
    writer.add_all(std::iter::once(("images/a".to_owned(), ())), source, |_| {}, &mut |_| {}).unwrap();
    let bytes = writer.finish(metadata()).unwrap().0;
    let read = |bytes: &[u8]| {
        read_all(bytes)?;
        Ok::<_, Error>(open(bytes)?.entry(Role::Image).unwrap().modified)
    };
    assert!(time.is_some());
    assert_eq!(read(&bytes).unwrap(), time);

    let field = [&b"UT\x05\x00\x01"[..], &1_700_000_001_u32.to_le_bytes()].concat();
    let places: Vec<usize> =
        (0..bytes.len() - field.len()).filter(|at| bytes[*at..].starts_with(&field)).collect();
    assert_eq!(places.len(), 2, "in the local header and in the directory");
    for at in &places {
        for bit in 0..32 {
            let mut changed = bytes.clone();
            changed[at + 5 + bit / 8] ^= 1 << (bit % 8);
            let error = read(&changed).unwrap_err();
            let about = matches!(&error, Error::Corrupt(Corruption::Headers { about: "time", .. }));
            assert!(about, "bit {bit} at {at}: {error}");
        }
        let mut missing = bytes.clone();
        missing[*at] = b'?';
        assert_eq!(read(&missing).unwrap(), time);
        let mut no_time_stated = bytes.clone();
        no_time_stated[at + 4] = 0;
        assert_eq!(read(&no_time_stated).unwrap(), time);
    }
}

/// Reading a few bytes before each entry takes a hard disk or a network share as long as reading the whole archive.
#[test]
fn opening_reads_nothing_of_the_entries_but_the_manifest_and_the_hashes() {
    /// Notes the offsets of what is read, which may be much at once where the end of the zip is searched.
    struct Noting<'a>(Cursor<&'a [u8]>, &'a Mutex<Vec<Range<u64>>>);
    impl Read for Noting<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let begin = self.0.position();
            let n = self.0.read(buffer)?;
            self.1.lock().unwrap().push(begin..begin + n as u64);
            Ok(n)
        }
    }
    impl Seek for Noting<'_> {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }
    let noise = noise(1 << 21, 1);
    let names: Vec<String> = (0..16).map(|index| format!("images/{index}")).collect();
    let images = names.iter().zip(noise.chunks(noise.len() / 16)).map(|(name, part)| (name.as_str(), part));
    let files: Vec<(&str, &[u8])> = [("makers_matrix.db", &b"x"[..])].into_iter().chain(images).collect();
    let bytes = written(&files);
    let ranges = Mutex::new(Vec::new());
    Reader::open(Noting(Cursor::new(&bytes), &ranges), &Limits::default()).unwrap();
    // The first bytes tell what kind of file it is.
    let entries = 512..noise.len() as u64 - (256 << 10);
    let ranges = ranges.into_inner().unwrap();
    let inside = ranges.iter().find(|range| range.end > entries.start && range.start < entries.end);
    assert_eq!(inside, None, "{ranges:?}");
}

#[test]
fn stray_bytes_are_refused() {
    let bytes = written(&[("makers_matrix.db", b"x")]);
    let behind = [bytes.as_slice(), b"more"].concat();
    assert!(matches!(open(&behind).err().unwrap(), Error::Refused(Refusal::StrayBytes { bytes: 4, .. })));
    let before = [b"PK\x03\x04".as_slice(), &bytes].concat();
    assert!(open(&before).is_err());
}

#[test]
fn each_limit_is_enforced() {
    let image = [9; 5000];
    let bytes = written(&[("makers_matrix.db", b"x"), ("images/a", &image), ("images/b", &image)]);
    let refused = |limits: &Limits| match Reader::open(Cursor::new(&bytes[..]), limits).err().unwrap() {
        Error::Refused(refusal) => refusal,
        other => panic!("{other}"),
    };
    let limits = Limits::default();
    let few = refused(&Limits { entries: 4, ..limits.clone() });
    assert_eq!(few, Refusal::TooManyEntries { found: 5, limit: 4 });
    let small = refused(&Limits { total_size: 9000, ..limits.clone() });
    assert!(matches!(small, Refusal::TooLarge { found: 10_001, limit: 9000 }), "{small}");
    let regular = refused(&Limits { ratio: 2, ratio_floor: 4000, ..limits.clone() });
    assert!(matches!(&regular, Refusal::Ratio { name, .. } if name == "images/a"), "{regular}");
    let together = refused(&Limits { ratio: 2, ratio_floor: 6000, ..limits.clone() });
    assert!(matches!(together, Refusal::TotalRatio { limit: 2, .. }), "{together}");
    let long = refused(&Limits { manifest: 0, ..limits });
    assert!(matches!(long, Refusal::EntryTooLarge { name: "backup_info.json", .. }), "{long}");
}

#[test]
fn a_file_that_is_no_archive_is_reported_as_what_it_looks_like() {
    let says = |bytes: &[u8]| open(bytes).err().unwrap().to_string();
    assert_eq!(says(b""), "the file is empty");
    assert!(says(b"hello\n").contains("a text file"));
    assert!(says(b"SQLite format 3\0....").contains("a SQLite database, not a backup of one"));
    assert!(says(b"age-encryption.org/v1\n").contains("truncated"));
    assert!(
        says(b"age-encryption.org/v2\n--- \n0123456789abcdef")
            .contains("version that makermatrix does not know")
    );
    assert!(says(b"-----BEGIN AGE ENCRYPTED FILE-----\n").contains("decrypt it with `age -d`"));
    assert!(says(&[0; 100]).contains("zeros"));
    assert!(says(&noise(600, 3)).contains("none of the formats"));
}

#[test]
fn an_archive_without_a_database_is_refused() {
    let bytes = written(&[("images/x.png", b"x")]);
    assert!(matches!(open(&bytes).err().unwrap(), Error::Refused(Refusal::NoDatabase)));
}

#[test]
fn unsafe_names_are_never_written() {
    let mut writer = Writer::new(io::sink(), metadata().created_at);
    for name in ["../x", "/x", "images\\x", "a//b", ""] {
        let error = writer.add(name, &mut io::empty(), &mut |_| {}).err().unwrap();
        assert!(matches!(error, Error::Refused(Refusal::Name { .. })), "{name:?}: {error}");
    }
}

/// What precedes a colon was once taken for a drive, and removed. The name of the entry then differed from that in the
/// manifest, and every backup of such an inventory failed.
#[test]
fn a_colon_in_a_name_does_not_change_it() {
    let files = [
        ("images/10:30 board.png", &b"ascii"[..]),
        ("images/Größe: 5 Ω.png", b"not ascii"),
        ("images/a:b/c", b"folder"),
    ];
    let bytes = written(&[&[("makers_matrix.db", &b"x"[..])], &files[..]].concat());
    let back = read_all(&bytes).unwrap();
    for (name, content) in files {
        assert_eq!(back[name], content);
    }
}

/// Text and random bytes alternate, as in a PDF, around the sizes at which a file counts as short, and a chunk ends.
#[test]
fn files_of_text_and_random_bytes_are_read_back_whatever_their_size() {
    const CHUNK: usize = 1 << 20;
    let mut content = Vec::new();
    for part in 0.. {
        if content.len() > 3 * CHUNK {
            break;
        }
        content.extend(b"<< /Type /Page /Parent 2 0 R /Resources 5 0 R >>\n".repeat(part % 150));
        content.extend(noise(7_000 * (1 + part % 5), part as u64 + 1));
    }
    let sizes =
        [1, 4095, 4096, 100_000, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 70_001, 3 * CHUNK];
    let named: Vec<(String, &[u8])> =
        sizes.iter().map(|&size| (format!("datasheets/{size}.pdf"), &content[..size])).collect();
    let mut files: Vec<(&str, &[u8])> = vec![("makers_matrix.db", b"x")];
    files.extend(named.iter().map(|(name, content)| (name.as_str(), *content)));
    let bytes = written(&files);
    let back = read_all(&bytes).unwrap();
    for (name, content) in &named {
        assert!(back[name] == *content, "{name}");
    }
    let reader = open(&bytes).unwrap();
    let shrunk =
        reader.entries().iter().filter(|entry| entry.role == Role::Datasheet && entry.size > 1_000_000);
    shrunk.for_each(|entry| assert!(entry.compressed_size() < entry.size * 97 / 100, "{entry:?}"));
}

#[test]
fn a_file_that_shrinks_a_little_is_deflated() {
    let mut pdf = Vec::new();
    for part in 0..10 {
        pdf.extend(b"<< /Type /Page /Parent 2 0 R >>\n".repeat(60));
        pdf.extend(noise(18_000, part + 1));
    }
    let bytes = written(&[("makers_matrix.db", b"x"), ("datasheets/x.pdf", &pdf)]);
    let reader = open(&bytes).unwrap();
    let entry = reader.entries().iter().find(|entry| entry.role == Role::Datasheet).unwrap();
    assert!(entry.compressed_size() < entry.size * 95 / 100, "{} of {}", entry.compressed_size(), entry.size);
    assert!(read_all(&bytes).unwrap()["datasheets/x.pdf"] == pdf);
}

/// Returns a zip as another program makes it, with `rawzip` alone and no manifest.
fn foreign(entries: &[(&str, &[u8], u32)]) -> Vec<u8> {
    let mut zip = rawzip::ZipArchiveWriter::new(Vec::new());
    for (name, content, mode) in entries {
        let path = rawzip::path::EntryPath::verbatim(name.as_bytes());
        let (mut entry, config) = zip.new_file(path).unix_permissions(*mode).start().unwrap();
        let mut data = config.wrap(&mut entry);
        data.write_all(content).unwrap();
        let (_, descriptor) = data.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    zip.finish().unwrap()
}

#[test]
fn hostile_entries_are_refused_and_named() {
    let refusal = |entries: &[(&str, &[u8], u32)]| match open(&foreign(entries)).err().expect("is refused") {
        Error::Refused(refusal) => refusal.to_string(),
        other => panic!("{other}"),
    };
    let db = ("makers_matrix.db", &b"x"[..], 0o100_644);
    assert!(refusal(&[db, ("images/../../x", b"", 0o100_644)]).contains("images/../../x"));
    assert!(refusal(&[db, ("images/link", b"/etc/passwd", 0o120_777)]).contains("symbolic link"));
    assert!(refusal(&[db, ("images/dev", b"", 0o020_666)]).contains("device"));
    assert!(refusal(&[db, db]).contains("twice"));
    let both = [db, ("images/a", b"", 0o100_644), ("images/a/b", b"", 0o100_644)];
    assert!(refusal(&both).contains("\"images/a\" is a file, and other entries lie in a folder"));
    assert!(refusal(&[("hello.txt", b"{}", 0o100_644)]).contains("not a MakerMatrix backup"));
}

#[test]
fn a_list_that_disagrees_with_the_entries_is_reported_as_corrupt() {
    let json = |format: &str| format!("{{\"backup_format_version\": \"{format}\"}}");
    let db = ("makers_matrix.db", &b"x"[..], 0o100_644);
    let newer = json("99");
    let error = open(&foreign(&[db, ("backup_info.json", newer.as_bytes(), 0o100_644)])).err().unwrap();
    assert!(matches!(error, Error::Refused(Refusal::NewerFormat { .. })), "{error}");
    let error = open(&foreign(&[db, ("backup_info.json", b"{not json", 0o100_644)])).err().unwrap();
    assert!(matches!(error, Error::Corrupt(Corruption::Manifest { .. })), "{error}");
    let error = open(&foreign(&[db, ("SHA256SUMS", b"", 0o100_644)])).err().unwrap();
    assert!(matches!(error, Error::Corrupt(Corruption::Missing { .. })), "{error}");
    let old = json("2.0");
    let whole =
        foreign(&[db, ("backup_info.json", old.as_bytes(), 0o100_644), ("notes.txt", b"", 0o100_644)]);
    let reader = open(&whole).unwrap();
    assert_eq!((reader.format(), reader.ignored()), (Format::V2, &["notes.txt".to_owned()][..]));
}

/// A source that ends in an error if it has `changed` while it was read.
struct ChangingSource {
    content: Cursor<Vec<u8>>,
    changed: bool,
}

impl Read for ChangingSource {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.content.read(buffer)? {
            0 if self.changed => Err(io::Error::other(archive::writer::SourceChanged)),
            n => Ok(n),
        }
    }
}

#[test]
fn a_short_file_that_changes_while_it_is_read_is_read_again_and_no_more_than_twice() {
    let write = |changes: usize| {
        let opened = std::sync::atomic::AtomicUsize::new(0);
        let mut writer = Writer::new(Vec::new(), metadata().created_at);
        writer.add("makers_matrix.db", &mut &b"x"[..], &mut |_| {}).unwrap();
        let open = |_: &str, (): &()| {
            let before = opened.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let content = Cursor::new(format!("state {before}").into_bytes());
            Ok::<_, Error>((Content::Unpacked(ChangingSource { content, changed: before < changes }), None))
        };
        writer.add_all(std::iter::once(("images/a".to_owned(), ())), open, |_| {}, &mut |_| {})?;
        Ok::<_, Error>(writer.finish(metadata()).unwrap().0)
    };
    assert_eq!(read_all(&write(2).unwrap()).unwrap()["images/a"], b"state 2");
    let error = write(3).unwrap_err();
    assert!(matches!(&error, Error::Source { name, .. } if name == "images/a"), "{error}");
}

/// An archive with files, and where and how each of them is packed.
fn with_places(files: Vec<(&str, Content<Cursor<Vec<u8>>>)>) -> (Vec<u8>, Vec<(u64, Packing)>) {
    let mut writer = Writer::new(Vec::new(), metadata().created_at);
    writer.add("makers_matrix.db", &mut &b"x"[..], &mut |_| {}).unwrap();
    let mut places = Vec::new();
    let items = files.into_iter().map(|(name, content)| (name.to_owned(), Mutex::new(Some(content))));
    let open =
        |_: &str, content: &Mutex<Option<_>>| Ok::<_, Error>((content.lock().unwrap().take().unwrap(), None));
    let added = |file: AddedFile<'_, _>| places.push((file.offset, file.packing));
    writer.add_all(items, open, added, &mut |_| {}).unwrap();
    (writer.finish(metadata()).unwrap().0, places)
}

#[test]
fn packed_bytes_that_are_taken_over_give_the_same_archive() {
    let contents = [
        ("images/deflated", b"resistor 10k ".repeat(500)),
        ("images/empty", Vec::new()),
        ("images/stored", noise(3000, 1)),
        ("images/t long and deflated", noise(1 << 10, 2).repeat(4000)),
        ("images/u long and stored", noise(3_000_001, 3)),
    ];
    let files =
        contents.iter().map(|(name, content)| (*name, Content::Unpacked(Cursor::new(content.clone()))));
    let (first, places) = with_places(files.collect());
    let packed_bytes = |(offset, packing): (u64, Packing)| {
        let (from, size) = (usize::try_from(offset).unwrap(), usize::try_from(packing.packed_size).unwrap());
        Content::Packed(Cursor::new(first[from..from + size].to_vec()), packing)
    };
    let files = contents.iter().zip(&places).map(|((name, _), place)| (*name, packed_bytes(*place)));
    let (second, taken_over) = with_places(files.collect());
    assert!(first == second);
    assert_eq!(places, taken_over);
    let back = read_all(&second).unwrap();
    for (name, content) in &contents {
        assert!(back[*name] == *content, "{name}");
    }
}

#[test]
fn packed_bytes_that_end_too_early_are_an_error_of_their_source() {
    for size in [10, 3 << 20] {
        let (_, places) = with_places(vec![("images/a", Content::Unpacked(Cursor::new(noise(size, 1))))]);
        let short = Cursor::new(noise(size - 1, 1));
        let mut writer = Writer::new(Vec::new(), metadata().created_at);
        let open = |_: &str, (): &()| Ok::<_, Error>((Content::Packed(short.clone(), places[0].1), None));
        let items = std::iter::once(("images/a".to_owned(), ()));
        let error = writer.add_all(items, open, |_| {}, &mut |_| {}).unwrap_err();
        assert!(matches!(&error, Error::Source { name, .. } if name == "images/a"), "{error}");
    }
}
