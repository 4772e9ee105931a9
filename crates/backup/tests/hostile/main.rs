//! Verifies and restores every hostile archive of the corpus. One snapshot holds the messages; in every case
//! nothing live has changed, nothing is left behind, and nothing was written elsewhere. Archives that are
//! harmless and accepted are listed.
//!
//! After a change, `INSTA_UPDATE=always cargo test -p makermatrix-backup --test hostile` writes the
//! snapshot again: review the differences.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accepted;
mod live;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use archive::{ArchiveSink, EncryptionMethod, Identity, Keys, Limits, Reader};
use backup::{Engine, Error, Event, Kind, RestoreOptions};
use inventory::Actor;
use testkit::State;
use testkit::hostile::{Base, Vector, vectors};
use testkit::long_run::figure;

use accepted::ACCEPTED;
use live::{Live, Template, prepare};

const ACTOR: &Actor = &Actor::System;

/// The results of verifying and restoring a vector.
struct Outcome {
    verify: String,
    restore: String,
    /// The restored state, if the restore succeeded.
    restored: Option<State>,
    /// The violations of what must hold for every archive.
    broken: Vec<String>,
}

#[test]
fn every_hostile_archive_is_refused_or_harmless() {
    let (template, archived) = prepare();
    let vectors = vectors(&Base::of(&template.archive, "images/nested/noise.png"));
    let named: BTreeMap<String, &Vector> =
        vectors.iter().map(|vector| (format!("{}/{}", vector.group, vector.name), vector)).collect();
    assert_eq!(named.len(), vectors.len(), "each has a name of its own");

    let outcomes = run_all(&template, &named);
    let broken: Vec<String> = outcomes
        .iter()
        .flat_map(|(name, outcome)| outcome.broken.iter().map(move |what| format!("{name}: {what}")))
        .collect();
    insta::assert_snapshot!("outcomes", table(&outcomes));
    assert_eq!(broken, Vec::<String>::new());
    let accepted: Vec<&String> =
        outcomes.iter().filter(|(_, outcome)| outcome.restored.is_some()).map(|(name, _)| name).collect();
    let mut expected: Vec<&str> = ACCEPTED.iter().map(|(name, _)| *name).collect();
    expected.sort_unstable();
    assert_eq!(accepted, expected, "accepted, and said to be harmless");
    for (name, effect) in ACCEPTED {
        effect.check(name, &archived, outcomes[*name].restored.as_ref().unwrap());
    }
    assert!(outcomes.len() >= 150, "{} vectors", outcomes.len());
    figure("hostile archives", &format!("{}, of which {} harmless", outcomes.len(), accepted.len()));
}

fn run_all(template: &Template, named: &BTreeMap<String, &Vector>) -> BTreeMap<String, Outcome> {
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let list: Vec<(&String, &&Vector)> = named.iter().collect();
    std::thread::scope(|scope| {
        // More threads than cores, since some wait for the disk.
        for _ in 0..2 * std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                let mut live = template.copy();
                while let Some((name, vector)) = list.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let outcome = run(&live, vector);
                    if outcome.restored.is_some() || !outcome.broken.is_empty() {
                        live = template.copy();
                    }
                    outcomes.lock().unwrap().insert((*name).clone(), outcome);
                }
            });
        }
    });
    outcomes.into_inner().unwrap()
}

/// Verifies and restores a vector. Unless the restore succeeds, nothing may change.
fn run(live: &Live, vector: &Vector) -> Outcome {
    let path = live.put(&vector.bytes);
    let before = live.everything();
    let engine = live.engine();
    let mut broken = Vec::new();
    let verified = caught(&mut broken, || engine.verify(ACTOR, &path, &mut |_: Event| {}).map(drop));
    if live.everything() != before {
        broken.push("verifying changed something".to_owned());
    }
    let restored = caught(&mut broken, || restore(&engine, &path));
    if restored.is_err() && live.everything() != before {
        broken.push("a failed restore changed something".to_owned());
    }
    // Hidden files from the archive do not count.
    let left = testkit::state::leftovers(engine.places()).into_iter();
    let ours = |name: &String| restored.is_err() || name.contains("restore-") || name.starts_with(".mm-");
    broken.extend(left.filter(ours).map(|left| format!("left {left}")));
    broken.extend(live.written_outside());
    if let Some(difference) = differs_inside_age(&vector.bytes) {
        broken.push(difference);
    }
    let state = restored.is_ok().then(|| testkit::state_of(engine.places()));
    let verify = said(live, verified, &mut broken);
    Outcome { verify, restore: said(live, restored, &mut broken), restored: state, broken }
}

/// Anybody with the public key can encrypt a hostile archive, so the outcome inside age must be the same.
fn differs_inside_age(bytes: &[u8]) -> Option<String> {
    if bytes.starts_with(b"age-encryption.org/") {
        return None;
    }
    let identity = Identity::generate();
    let encryption = EncryptionMethod::Recipients(vec![identity.recipient()]);
    let (mut sealed, _) = ArchiveSink::begin(Vec::new(), Some(&encryption)).unwrap();
    sealed.write_all(bytes).unwrap();
    let sealed = sealed.finish().unwrap();
    let mut keys = Keys::passphrase("a guess");
    keys.identities.push(identity);
    let read = |bytes: &[u8]| {
        let read = || -> Result<(), archive::Error> {
            let reader = Reader::open_with(Cursor::new(bytes), &Limits::default(), &keys)?;
            for entry in reader.entries() {
                let copied = std::io::copy(&mut reader.read(entry)?, &mut std::io::sink());
                copied.map_err(archive::error::from_io)?;
            }
            Ok(())
        };
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(read))
            .map(|read| read.map_err(|error| error.to_string()))
    };
    match (read(bytes), read(&sealed)) {
        (Ok(plain), Ok(inside)) if plain == inside => None,
        (plain, inside) => Some(format!("inside age: {inside:?}, and not {plain:?}")),
    }
}

fn caught(broken: &mut Vec<String>, what: impl FnOnce() -> Result<(), Error>) -> Result<(), Option<Error>> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(what)) {
        Ok(result) => result.map_err(Some),
        Err(_) => {
            broken.push("it panicked".to_owned());
            Err(None)
        }
    }
}

fn restore(engine: &Engine, path: &std::path::Path) -> Result<(), Error> {
    let options = RestoreOptions { safety_backup: false, ..RestoreOptions::new(path) };
    let staged = engine.stage_restore(ACTOR, &options, &mut |_: Event| {})?;
    staged.commit(&mut |_: Event| {}).map(drop)
}

/// Describes a result in one line, without details that differ between runs.
fn said(live: &Live, result: Result<(), Option<Error>>, broken: &mut Vec<String>) -> String {
    let error = match result {
        Ok(()) => return "accepted".to_owned(),
        Err(None) => return "panicked".to_owned(),
        Err(Some(error)) => error,
    };
    let (kind, message) = (error.kind(), live.without_path(&error.to_string()));
    if !matches!(kind, Kind::Refused | Kind::Corrupt | Kind::Key) {
        broken.push(format!("{kind:?} is no answer to an archive: {:?}", short(&message)));
    }
    if message.chars().any(char::is_control) {
        broken.push(format!("{:?} would reach a terminal", short(&message)));
    }
    if message.len() > 3000 {
        broken.push(format!("{} bytes are no message", message.len()));
    }
    format!("{kind:?}: {}", short(&message))
}

/// Returns the part of a message that is worth reading: all but the name of the archive.
fn short(message: &str) -> String {
    let message = message.strip_prefix("ARCHIVE: ").unwrap_or(message);
    let message = without_digits(message);
    let shown: String = message.chars().take(300).collect();
    if shown.len() < message.len() { format!("{shown}…") } else { shown }
}

/// Replaces hashes and offsets, which depend on the versions of SQLite and deflate.
fn without_digits(message: &str) -> String {
    let mut previous = "";
    let words = message.split(' ').map(|word| {
        let digits = word.trim_end_matches([',', '.']);
        let is_hash = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_offset = previous == "offset" && digits.bytes().all(|byte| byte.is_ascii_digit());
        previous = word;
        if is_hash || is_offset { word.replace(digits, "N") } else { word.to_owned() }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn table(outcomes: &BTreeMap<String, Outcome>) -> String {
    let mut table = String::new();
    for (name, Outcome { verify, restore, .. }) in outcomes {
        writeln!(table, "{name}\n    {verify}").unwrap();
        if verify != restore {
            writeln!(table, "    but to restore it: {restore}").unwrap();
        }
    }
    table
}
