//! Archives inside age files: the right key opens them, other keys yield the reason why not, and a
//! truncated file is told from a damaged one.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

mod sample;

use std::io::{Cursor, Read, Write};

use archive::keys::{ExposeSecret, SecretString};
use archive::{
    ArchiveProbe, ArchiveSink, Corruption, EncryptionMethod, EncryptionScheme, Error, Identity, KeyFault,
    Keys, Limits, Reader, Recipient, Refusal, Writer,
};

use sample::{metadata, noise};

/// Returns an encrypted archive with a database of `length` incompressible bytes, and the keys of its
/// writer.
fn encrypted_archive(length: usize, encryption: &EncryptionMethod) -> (Vec<u8>, Keys) {
    let database = noise(length, 88_172_645_463_325_252);
    let (out, keys) = ArchiveSink::begin(Vec::new(), Some(encryption)).unwrap();
    let mut writer = Writer::new(out, metadata().created_at);
    writer.add("makers_matrix.db", &mut database.as_slice(), &mut |_| {}).unwrap();
    let out = writer.finish(metadata()).unwrap().0;
    (out.finish().unwrap(), keys)
}

/// The length of a chunk of an age file.
const CHUNK: usize = (64 << 10) + 16;
const NONCE: usize = 16;

/// Returns the offset of the first chunk.
fn first_chunk(bytes: &[u8]) -> usize {
    let last_line = bytes.windows(4).position(|found| found == b"\n---").unwrap() + 1;
    last_line + bytes[last_line..].iter().position(|&byte| byte == b'\n').unwrap() + 1 + NONCE
}

fn for_one(identity: &Identity) -> EncryptionMethod {
    EncryptionMethod::Recipients(vec![identity.recipient()])
}

/// Opens an archive, reads all of it, also through a handle, which is not given the keys, and returns how it is encrypted.
fn read(bytes: &[u8], keys: &Keys) -> Result<EncryptionScheme, Error> {
    let reader = Reader::open_with(Cursor::new(bytes), &Limits::default(), keys)?;
    for entry in reader.entries() {
        std::io::copy(&mut reader.read(entry)?, &mut std::io::sink()).map_err(archive::error::from_io)?;
    }
    let handle = reader.handle(Cursor::new(bytes)).unwrap();
    for entry in reader.entries() {
        std::io::copy(&mut handle.read(entry).unwrap(), &mut std::io::sink()).unwrap();
    }
    Ok(reader.encryption().unwrap())
}

#[test]
fn an_archive_for_two_keys_opens_with_either_and_with_no_other() {
    let (one, two, other) = (Identity::generate(), Identity::generate(), Identity::generate());
    let both = EncryptionMethod::Recipients(vec![one.recipient(), two.recipient()]);
    let (bytes, writer) = encrypted_archive(200_000, &both);
    let scheme = EncryptionScheme::Recipients(2);
    for keys in [Keys::identity(one.clone()), Keys::identity(two), writer] {
        assert_eq!(read(&bytes, &keys).unwrap(), scheme);
    }
    let mut several = Keys::identity(other.clone());
    several.identities.push(one);
    assert_eq!(read(&bytes, &several).unwrap(), scheme, "the key that fits is found");
    let fault = |keys: &Keys| match read(&bytes, keys).unwrap_err() {
        Error::Key(fault) => fault,
        error => panic!("{error}"),
    };
    assert_eq!(fault(&Keys::identity(other)), KeyFault::Wrong(scheme));
    assert_eq!(fault(&Keys::default()), KeyFault::Missing(scheme));
    assert_eq!(fault(&Keys::passphrase("of no use")), KeyFault::Missing(scheme), "a passphrase is not a key");
    let probe = ArchiveProbe::open(Cursor::new(&bytes), &Limits::default()).unwrap();
    assert_eq!((probe.encryption, probe.entries.len()), (Some(scheme), 0));
}

#[test]
fn a_passphrase_opens_what_was_encrypted_with_it() {
    let passphrase = SecretString::from("Ohm's law, 抵抗 ü".to_owned());
    let (bytes, writer) = encrypted_archive(1000, &EncryptionMethod::Passphrase(passphrase));
    assert_eq!(read(&bytes, &Keys::passphrase("Ohm's law, 抵抗 ü")).unwrap(), EncryptionScheme::Passphrase);
    assert_eq!(read(&bytes, &writer).unwrap(), EncryptionScheme::Passphrase);
    let fault = |keys: &Keys| read(&bytes, keys).unwrap_err().to_string();
    assert!(fault(&Keys::passphrase("Ohm's law, 抵抗 u")).starts_with("the passphrase is wrong"));
    assert!(fault(&Keys::default()).contains("no passphrase was given"));
    assert!(fault(&Keys::identity(Identity::generate())).contains("no passphrase was given"));
    let header = String::from_utf8_lossy(&bytes[..80]).into_owned();
    assert!(header.contains(" 18\n"), "the work factor is that of `age -p`: {header}");
}

/// The owner must know which it is: a truncated file can be copied again, a damaged one needs another
/// backup.
#[test]
fn a_shortened_file_is_truncated_and_a_changed_file_is_damaged() {
    let identity = Identity::generate();
    let keys = Keys::identity(identity.clone());
    // One chunk, and several.
    for length in [300, 150_000] {
        let (bytes, _) = encrypted_archive(length, &for_one(&identity));
        let step = (bytes.len() / 400).max(1);
        for cut in (0..bytes.len()).step_by(step) {
            let error = read(&bytes[..cut], &keys).unwrap_err();
            match error {
                Error::Corrupt(Corruption::Truncated) => {}
                Error::Refused(Refusal::Empty | Refusal::NotAnArchive { .. }) if cut < 19 => {}
                error => panic!("cut at {cut} of {}: {error}", bytes.len()),
            }
        }
        let payload = first_chunk(&bytes) - NONCE;
        for at in (0..bytes.len()).step_by(step) {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            let error = read(&changed, &keys).unwrap_err();
            match error {
                Error::Corrupt(Corruption::AgePayload) if at >= payload => {}
                // The nonce of the payload: with a wrong one, the last chunk decrypts to noise.
                Error::Corrupt(_) if (payload..payload + NONCE).contains(&at) => {}
                Error::Corrupt(Corruption::AgeHeader { .. } | Corruption::Truncated) if at < payload => {}
                Error::Key(KeyFault::Wrong(_)) if at < payload => {}
                Error::Refused(Refusal::NotAnArchive { .. }) if at < 22 => {}
                error => panic!("changed at {at} of {} (payload at {payload}): {error}", bytes.len()),
            }
        }
    }
}

#[test]
fn swapped_repeated_or_missing_chunks_are_detected() {
    let identity = Identity::generate();
    let keys = Keys::identity(identity.clone());
    let (bytes, _) = encrypted_archive(400_000, &for_one(&identity));
    let begin = first_chunk(&bytes);
    let chunk = |number: usize| &bytes[begin + number * CHUNK..begin + (number + 1) * CHUNK];
    let head = &bytes[..begin];
    let rest = &bytes[begin + 2 * CHUNK..];
    assert_eq!([head, chunk(0), chunk(1), rest].concat(), bytes);
    read(&bytes, &keys).unwrap();
    for other in [
        [head, chunk(1), chunk(0), rest].concat(),
        [head, chunk(0), chunk(0), rest].concat(),
        [head, chunk(0), rest].concat(),
        [head, chunk(0), chunk(1), chunk(1), rest].concat(),
    ] {
        let error = read(&other, &keys).unwrap_err();
        assert!(matches!(error, Error::Corrupt(Corruption::AgePayload | Corruption::Truncated)), "{error}");
    }
    // With bytes appended, nothing is missing: the file is damaged, not truncated.
    for more in [&b"\n"[..], b"more", &[0; 4096]] {
        let error = read(&[bytes.as_slice(), more].concat(), &keys).unwrap_err();
        assert!(matches!(error, Error::Corrupt(Corruption::AgePayload)), "{} appended: {error}", more.len());
    }
}

/// Between two chunks, only authentication shows that more should follow.
#[test]
fn an_archive_cut_between_two_chunks_is_truncated() {
    let identity = Identity::generate();
    let (bytes, _) = encrypted_archive(200_000, &for_one(&identity));
    for chunks in 0..3 {
        let error = read(&bytes[..first_chunk(&bytes) + chunks * CHUNK], &Keys::identity(identity.clone()))
            .unwrap_err();
        assert!(matches!(error, Error::Corrupt(Corruption::Truncated)), "{chunks}: {error}");
    }
}

#[test]
fn headers_that_demand_too_much_work_are_refused_at_once() {
    // 2^40 rounds would take longer than a lifetime.
    let costly = "age-encryption.org/v1\n-> scrypt bBjlhJVYZeE4aqUdmtRHfw 40\n\
                  ZV/AhotwSGqaPCU43cepl4WYUouAa17a3xpu4G2yi5k\n\
                  --- fgMiVLJHMlg9fW7CVG/hPS5EAU4Zeg19LyCP7SoH5nA\n";
    let bytes = [costly.as_bytes(), &[7; 200]].concat();
    let error = read(&bytes, &Keys::passphrase("x")).unwrap_err();
    assert!(matches!(error, Error::Refused(Refusal::TooMuchWork { found: 40, limit: 20 })), "{error}");
    let endless = [b"age-encryption.org/v1\n".as_slice(), &b"-> X25519 x\n".repeat(1 << 16)].concat();
    let error = read(&endless, &Keys::identity(Identity::generate())).unwrap_err();
    assert!(matches!(error, Error::Corrupt(Corruption::AgeHeader { .. })), "{error}");
}

#[test]
fn an_age_file_without_an_archive_is_reported_by_its_content() {
    let identity = Identity::generate();
    let error_of = |content: &[u8]| {
        let (mut out, _) = ArchiveSink::begin(Vec::new(), Some(&for_one(&identity))).unwrap();
        out.write_all(content).unwrap();
        read(&out.finish().unwrap(), &Keys::identity(identity.clone())).unwrap_err().to_string()
    };
    assert!(error_of(b"dear diary\n").contains("a text file"));
    assert!(error_of(b"").contains("the file is empty"));
    let inner = encrypted_archive(10, &for_one(&identity)).0;
    assert!(error_of(&inner).contains("an age file inside an age file"));
}

#[test]
fn no_message_or_debug_output_shows_a_key() {
    let identity = Identity::generate();
    let secret = identity.to_text();
    let mut keys = Keys::identity(identity.clone());
    keys.passphrase = Some(SecretString::from("hush hush".to_owned()));
    let encryption = EncryptionMethod::Passphrase(SecretString::from("hush hush".to_owned()));
    let as_recipient = secret.expose_secret().parse::<Recipient>().unwrap_err();
    let mangled = format!("{}x", secret.expose_secret()).parse::<Identity>().unwrap_err();
    let shown =
        format!("{keys:?} {identity:?} {encryption:?} {as_recipient} {as_recipient:?} {mangled} {mangled:?}");
    assert!(!shown.contains("hush"), "{shown}");
    assert!(!shown.contains(&secret.expose_secret()[..24]), "{shown}");
    assert!(as_recipient.to_string().contains("secret key"));
    let public = identity.recipient().to_string();
    assert!(public.parse::<Identity>().unwrap_err().to_string().contains("public key"));
    assert_eq!(public.parse::<Recipient>().unwrap(), identity.recipient());
}

/// A zip is not read in order, so the chunks of an age file are not either.
#[test]
fn every_entry_of_a_large_encrypted_archive_comes_back() {
    let identity = Identity::generate();
    let (out, _) = ArchiveSink::begin(Vec::new(), Some(&for_one(&identity))).unwrap();
    let mut writer = Writer::new(out, metadata().created_at);
    let content = |number: usize| vec![number as u8; number * 9973 % 200_000];
    writer.add("makers_matrix.db", &mut &b"database"[..], &mut |_| {}).unwrap();
    for number in 0..60 {
        let name = format!("images/{number}");
        writer.add(&name, &mut content(number).as_slice(), &mut |_| {}).unwrap();
    }
    let bytes = writer.finish(metadata()).unwrap().0.finish().unwrap();
    let keys = Keys::identity(identity);
    let reader = Reader::open_with(Cursor::new(&bytes), &Limits::default(), &keys).unwrap();
    for number in (0..60).rev() {
        let name = format!("images/{number}");
        let entry = reader.entries().iter().find(|entry| entry.name == name).unwrap();
        let mut found = Vec::new();
        reader.read(entry).unwrap().read_to_end(&mut found).unwrap();
        assert!(found == content(number), "{name}");
    }
}

/// In a backup of 20,000 pictures, an entry ended exactly where a chunk of the age file ended. The next
/// read then began one chunk too late, and an intact archive was reported as damaged.
#[test]
fn an_entry_that_ends_where_a_chunk_ends_is_not_reported_as_damaged() {
    let identity = Identity::generate();
    let keys = Keys::identity(identity.clone());
    // A header of 46 bytes precedes the entry; the range covers every error by one.
    for length in (65_536 - 60)..(65_536 + 4) {
        let (bytes, writer) = encrypted_archive(length, &for_one(&identity));
        for keys in [&keys, &writer] {
            let read = read(&bytes, keys);
            assert!(read.is_ok(), "{length}: {}", read.unwrap_err());
        }
    }
}

/// Whatever the order in which entries are read, each byte is the one that was written.
#[test]
fn the_entries_of_an_encrypted_archive_can_be_read_in_any_order() {
    let identity = Identity::generate();
    let (out, _) = ArchiveSink::begin(Vec::new(), Some(&for_one(&identity))).unwrap();
    let mut writer = Writer::new(out, metadata().created_at);
    writer.add("makers_matrix.db", &mut noise(131_072 - 46, 5).as_slice(), &mut |_| {}).unwrap();
    for number in 0..200 {
        let content = noise(1000 + number, number as u64 + 1);
        writer.add(&format!("images/{number}"), &mut content.as_slice(), &mut |_| {}).unwrap();
    }
    let bytes = writer.finish(metadata()).unwrap().0.finish().unwrap();
    let reader =
        Reader::open_with(Cursor::new(&bytes), &Limits::default(), &Keys::identity(identity)).unwrap();
    // Every entry, each far from the one before.
    for number in (0..200).map(|step| step * 77 % 200) {
        let name = format!("images/{number}");
        let entry = reader.entries().iter().find(|entry| entry.name == name).unwrap();
        let mut found = Vec::new();
        reader.read(entry).unwrap().read_to_end(&mut found).unwrap();
        assert!(found == noise(1000 + number, number as u64 + 1), "{name}");
    }
}
