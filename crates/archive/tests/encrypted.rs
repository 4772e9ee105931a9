//! Archives inside age: who has a key opens them, everybody else is told why not; and what is cut
//! off is told from what is damaged.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod facts;

use std::io::{Cursor, Read, Write};

use archive::keys::{ExposeSecret, SecretString};
use archive::{
    Corruption, Encryption, Error, Identity, KeyFault, Keys, Limits, Lock, Outside, Reader, Recipient,
    Refusal, Sealed, Writer,
};

use facts::{facts, noise};

/// An encrypted archive with a database of so many bytes that do not shrink, and the keys of the writer.
fn sealed(length: usize, encryption: &Encryption) -> (Vec<u8>, Keys) {
    let database = noise(length, 88_172_645_463_325_252);
    let (out, keys) = Sealed::begin(Vec::new(), Some(encryption)).unwrap();
    let mut writer = Writer::new(out, facts().created_at);
    writer.add("makers_matrix.db", &mut database.as_slice(), &mut |_| {}).unwrap();
    let out = writer.finish(facts()).unwrap().0;
    (out.finish().unwrap(), keys)
}

/// A piece of an age file, and where the first one begins.
const PIECE: usize = (64 << 10) + 16;
const NONCE: usize = 16;

fn first_piece(bytes: &[u8]) -> usize {
    let last_line = bytes.windows(4).position(|found| found == b"\n---").unwrap() + 1;
    last_line + bytes[last_line..].iter().position(|&byte| byte == b'\n').unwrap() + 1 + NONCE
}

fn for_one(identity: &Identity) -> Encryption {
    Encryption::Recipients(vec![identity.recipient()])
}

/// Opens it and reads all of it.
fn read(bytes: &[u8], keys: &Keys) -> Result<Lock, Error> {
    let reader = Reader::open_with(Cursor::new(bytes), &Limits::default(), keys)?;
    for entry in reader.entries() {
        std::io::copy(&mut reader.read(entry)?, &mut std::io::sink()).map_err(archive::error::from_io)?;
    }
    Ok(reader.lock().unwrap())
}

#[test]
fn an_archive_for_two_keys_opens_with_either_and_with_no_other() {
    let (one, two, other) = (Identity::generate(), Identity::generate(), Identity::generate());
    let both = Encryption::Recipients(vec![one.recipient(), two.recipient()]);
    let (bytes, writer) = sealed(200_000, &both);
    let lock = Lock::Recipients(2);
    for keys in [Keys::identity(one.clone()), Keys::identity(two), writer] {
        assert_eq!(read(&bytes, &keys).unwrap(), lock);
    }
    let mut several = Keys::identity(other.clone());
    several.identities.push(one);
    assert_eq!(read(&bytes, &several).unwrap(), lock, "the one that fits is found");
    let fault = |keys: &Keys| match read(&bytes, keys).unwrap_err() {
        Error::Key(fault) => fault,
        error => panic!("{error}"),
    };
    assert_eq!(fault(&Keys::identity(other)), KeyFault::Wrong(lock));
    assert_eq!(fault(&Keys::default()), KeyFault::None(lock));
    assert_eq!(fault(&Keys::passphrase("of no use")), KeyFault::None(lock), "that is no key");
    let outside = Outside::look(Cursor::new(&bytes), &Limits::default()).unwrap();
    assert_eq!((outside.lock, outside.entries.len()), (Some(lock), 0));
}

#[test]
fn a_passphrase_opens_what_was_encrypted_with_it() {
    let passphrase = SecretString::from("Ohm's law, 抵抗 ü".to_owned());
    let (bytes, writer) = sealed(1000, &Encryption::Passphrase(passphrase));
    assert_eq!(read(&bytes, &Keys::passphrase("Ohm's law, 抵抗 ü")).unwrap(), Lock::Passphrase);
    assert_eq!(read(&bytes, &writer).unwrap(), Lock::Passphrase);
    let fault = |keys: &Keys| read(&bytes, keys).unwrap_err().to_string();
    assert!(fault(&Keys::passphrase("Ohm's law, 抵抗 u")).starts_with("the passphrase is wrong"));
    assert!(fault(&Keys::default()).contains("no passphrase was given"));
    assert!(fault(&Keys::identity(Identity::generate())).contains("no passphrase was given"));
    let header = String::from_utf8_lossy(&bytes[..80]).into_owned();
    assert!(header.contains(" 18\n"), "the work factor is the one of `age -p`: {header}");
}

/// What the owner of the file has to do next is different: copy it again, or look for another one.
#[test]
fn what_is_cut_off_is_truncated_and_what_is_changed_is_damaged() {
    let identity = Identity::generate();
    let keys = Keys::identity(identity.clone());
    // Within one piece, and over several, one of them ending where a piece ends.
    for length in [300, 150_000] {
        let (bytes, _) = sealed(length, &for_one(&identity));
        let step = (bytes.len() / 400).max(1);
        for cut in (0..bytes.len()).step_by(step) {
            let error = read(&bytes[..cut], &keys).unwrap_err();
            match error {
                Error::Corrupt(Corruption::Truncated) => {}
                Error::Refused(Refusal::Empty | Refusal::NotAnArchive { .. }) if cut < 19 => {}
                error => panic!("cut at {cut} of {}: {error}", bytes.len()),
            }
        }
        let payload = first_piece(&bytes) - NONCE;
        for at in (0..bytes.len()).step_by(step) {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            let error = read(&changed, &keys).unwrap_err();
            match error {
                Error::Corrupt(Corruption::Sealed) if at >= payload => {}
                // The part of the key in the last piece: everything in it comes out as noise.
                Error::Corrupt(_) if (payload..payload + NONCE).contains(&at) => {}
                Error::Corrupt(Corruption::SealedHeader { .. } | Corruption::Truncated) if at < payload => {}
                Error::Key(KeyFault::Wrong(_)) if at < payload => {}
                Error::Refused(Refusal::NotAnArchive { .. }) if at < 22 => {}
                error => panic!("changed at {at} of {} (payload at {payload}): {error}", bytes.len()),
            }
        }
    }
}

#[test]
fn pieces_that_are_exchanged_repeated_or_missing_are_noticed() {
    let identity = Identity::generate();
    let keys = Keys::identity(identity.clone());
    let (bytes, _) = sealed(400_000, &for_one(&identity));
    let begin = first_piece(&bytes);
    let piece = |number: usize| &bytes[begin + number * PIECE..begin + (number + 1) * PIECE];
    let head = &bytes[..begin];
    let rest = &bytes[begin + 2 * PIECE..];
    assert_eq!([head, piece(0), piece(1), rest].concat(), bytes);
    read(&bytes, &keys).unwrap();
    for other in [
        [head, piece(1), piece(0), rest].concat(),
        [head, piece(0), piece(0), rest].concat(),
        [head, piece(0), rest].concat(),
        [head, piece(0), piece(1), piece(1), rest].concat(),
    ] {
        let error = read(&other, &keys).unwrap_err();
        assert!(matches!(error, Error::Corrupt(Corruption::Sealed | Corruption::Truncated)), "{error}");
    }
    // Nothing is missing where something was put behind it.
    for more in [&b"\n"[..], b"more", &[0; 4096]] {
        let error = read(&[bytes.as_slice(), more].concat(), &keys).unwrap_err();
        assert!(matches!(error, Error::Corrupt(Corruption::Sealed)), "{} more: {error}", more.len());
    }
}

/// At the end of a piece nothing but the proof tells that more should follow.
#[test]
fn an_archive_cut_between_two_pieces_is_truncated() {
    let identity = Identity::generate();
    let (bytes, _) = sealed(200_000, &for_one(&identity));
    for pieces in 0..3 {
        let error = read(&bytes[..first_piece(&bytes) + pieces * PIECE], &Keys::identity(identity.clone()))
            .unwrap_err();
        assert!(matches!(error, Error::Corrupt(Corruption::Truncated)), "{pieces}: {error}");
    }
}

#[test]
fn headers_that_ask_for_too_much_are_refused_at_once() {
    // 2^40 rounds would take longer than anybody lives.
    let costly = "age-encryption.org/v1\n-> scrypt bBjlhJVYZeE4aqUdmtRHfw 40\n\
                  ZV/AhotwSGqaPCU43cepl4WYUouAa17a3xpu4G2yi5k\n\
                  --- fgMiVLJHMlg9fW7CVG/hPS5EAU4Zeg19LyCP7SoH5nA\n";
    let bytes = [costly.as_bytes(), &[7; 200]].concat();
    let error = read(&bytes, &Keys::passphrase("x")).unwrap_err();
    assert!(matches!(error, Error::Refused(Refusal::TooMuchWork { found: 40, limit: 20 })), "{error}");
    let endless = [b"age-encryption.org/v1\n".as_slice(), &b"-> X25519 x\n".repeat(1 << 16)].concat();
    let error = read(&endless, &Keys::identity(Identity::generate())).unwrap_err();
    assert!(matches!(error, Error::Corrupt(Corruption::SealedHeader { .. })), "{error}");
}

#[test]
fn an_age_file_that_holds_no_archive_says_what_it_holds() {
    let identity = Identity::generate();
    let hold = |content: &[u8]| {
        let (mut out, _) = Sealed::begin(Vec::new(), Some(&for_one(&identity))).unwrap();
        out.write_all(content).unwrap();
        read(&out.finish().unwrap(), &Keys::identity(identity.clone())).unwrap_err().to_string()
    };
    assert!(hold(b"dear diary\n").contains("a text file"));
    assert!(hold(b"").contains("the file is empty"));
    let inner = sealed(10, &for_one(&identity)).0;
    assert!(hold(&inner).contains("an age file inside an age file"));
}

#[test]
fn no_key_is_ever_shown_by_accident() {
    let identity = Identity::generate();
    let secret = identity.to_text();
    let mut keys = Keys::identity(identity.clone());
    keys.passphrase = Some(SecretString::from("hush hush".to_owned()));
    let encryption = Encryption::Passphrase(SecretString::from("hush hush".to_owned()));
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

/// Reading back and forth, as a zip is read, yields the same as from beginning to end.
#[test]
fn every_entry_of_a_large_encrypted_archive_comes_back() {
    let identity = Identity::generate();
    let (out, _) = Sealed::begin(Vec::new(), Some(&for_one(&identity))).unwrap();
    let mut writer = Writer::new(out, facts().created_at);
    let content = |number: usize| vec![number as u8; number * 9973 % 200_000];
    writer.add("makers_matrix.db", &mut &b"database"[..], &mut |_| {}).unwrap();
    for number in 0..60 {
        let name = format!("images/{number}");
        writer.add(&name, &mut content(number).as_slice(), &mut |_| {}).unwrap();
    }
    let bytes = writer.finish(facts()).unwrap().0.finish().unwrap();
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

/// Found in a backup of 20,000 pictures: an entry that ended exactly where a piece of age ends made the next
/// read begin a piece too late, and a sound archive was called damaged.
#[test]
fn an_entry_that_ends_where_a_piece_ends_is_no_damage() {
    let identity = Identity::generate();
    let keys = Keys::identity(identity.clone());
    // 46 bytes of header before it; all that can be off by one is tried.
    for length in (65_536 - 60)..(65_536 + 4) {
        let (bytes, writer) = sealed(length, &for_one(&identity));
        for keys in [&keys, &writer] {
            let read = read(&bytes, keys);
            assert!(read.is_ok(), "{length}: {}", read.unwrap_err());
        }
    }
}

/// A zip is read here and there; whatever the order, each byte is the one that was written.
#[test]
fn any_place_of_an_encrypted_archive_can_be_read_in_any_order() {
    let identity = Identity::generate();
    let (out, _) = Sealed::begin(Vec::new(), Some(&for_one(&identity))).unwrap();
    let mut writer = Writer::new(out, facts().created_at);
    writer.add("makers_matrix.db", &mut noise(131_072 - 46, 5).as_slice(), &mut |_| {}).unwrap();
    for number in 0..200 {
        let content = noise(1000 + number, number as u64 + 1);
        writer.add(&format!("images/{number}"), &mut content.as_slice(), &mut |_| {}).unwrap();
    }
    let bytes = writer.finish(facts()).unwrap().0.finish().unwrap();
    let reader =
        Reader::open_with(Cursor::new(&bytes), &Limits::default(), &Keys::identity(identity)).unwrap();
    // Every place, far from the one before.
    for number in (0..200).map(|step| step * 77 % 200) {
        let name = format!("images/{number}");
        let entry = reader.entries().iter().find(|entry| entry.name == name).unwrap();
        let mut found = Vec::new();
        reader.read(entry).unwrap().read_to_end(&mut found).unwrap();
        assert!(found == noise(1000 + number, number as u64 + 1), "{name}");
    }
}
