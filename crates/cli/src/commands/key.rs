//! Implements `key new` and `key check`.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use archive::keys::ExposeSecret;
use archive::{EncryptionScheme, Identity, KeyFault};
use backup::{Engine, Error};
use durable::{Disk, FileMode, folder_of};
use inventory::Ambient;
use serde_json::json;

use super::ACTOR;
use crate::args::Global;
use crate::emergency_kit::Kit;
use crate::exit::{Code, Failure};
use crate::output::Lines;
use crate::{keys, output, places};

/// Makes a key, and writes it only to the requested places.
pub(crate) fn new(global: &Global, file: Option<&Path>, kit_file: Option<&Path>) -> Result<(), Failure> {
    for path in [file, kit_file].into_iter().flatten() {
        if path.symlink_metadata().is_ok() {
            return Err(name_taken(path));
        }
    }
    if file.is_some() && file == kit_file {
        return Err(Failure::usage("the secret key and the emergency kit need different names"));
    }
    let identity = Identity::generate();
    let made = Ambient::system().utc().format("%Y-%m-%d").to_string();
    let kit = Kit { identity: &identity, made: &made };
    if let Some(path) = file {
        let recipient = identity.recipient();
        let secret = identity.to_text();
        let text = format!("# created: {made}\n# public key: {recipient}\n{}\n", secret.expose_secret());
        write_new(path, &text)?;
    }
    if let Some(path) = kit_file {
        let written = kit.page().and_then(|page| write_new(path, &page));
        // Remove the key file if the kit fails: it would look complete, and block the next attempt.
        written.inspect_err(|_| file.iter().for_each(|file| drop(Disk::real().remove(file))))?;
    }
    let recipient = identity.recipient().to_string();
    let mut lines = Lines::default();
    match kit_file {
        // Most terminals have a dark background, unlike paper.
        None => lines.add_each(&kit.text(io::stdout().is_terminal())?),
        Some(path) => {
            lines.add(format!("The emergency kit is in {}: print it, then delete it.", path.display()));
        }
    }
    if let Some(path) = file {
        lines.add("");
        lines.add(format!("The secret key is also in {}: copy it to a safe place.", path.display()));
    }
    lines.add_each(&format!(
        "\nTo encrypt all backups for this key, put this into makermatrix.toml in the data folder:\n\n\
         [backup.encryption]\nrecipients = [\"{recipient}\"]\nrequired = true\n\n\
         Then make a backup, and prove that the key opens it: makermatrix key check FILE-WITH-THE-KEY\n"
    ));
    // The secret key is shown only if it is written nowhere else.
    let secret = (file.is_none() && kit_file.is_none()).then(|| identity.to_text());
    let value = json!({
        "recipient": recipient,
        "identity_file": output::path(file),
        "kit": output::path(kit_file),
        "identity": secret.as_ref().map(|secret| secret.expose_secret()),
    });
    output::result(global, lines, &value)
}

/// Writes a new file that only its owner can read.
fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let disk = Disk::real();
    let mut file = disk.create(path, FileMode::Private).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => name_taken(path),
        _ => error.into(),
    })?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync());
    written.map_err(|source| Error::Storage { doing: "write", path: path.to_owned(), source })?;
    Ok(disk.sync_folder(folder_of(path))?)
}

fn name_taken(path: &Path) -> Failure {
    Failure::usage(format!("{} exists already, and may hold a key: choose another name", path.display()))
}

/// Proves that one of the keys in a file opens an archive.
pub(crate) fn check(
    global: &Global,
    engine: &Engine,
    file: &Path,
    archive: Option<&Path>,
) -> Result<(), Failure> {
    let identities = keys::identities(file)?;
    let archive = match archive {
        Some(path) => places::archive(global, engine, path)?,
        None => newest_encrypted(global, engine)?,
    };
    let mut checked = None;
    for identity in &identities {
        match engine.check_key(ACTOR, &archive, identity) {
            Err(error) if matches!(error.key_fault(), Some(KeyFault::Wrong(_))) => {
                checked.get_or_insert(Err(error));
            }
            done => {
                checked = Some(done.map(|status| (identity.recipient().to_string(), status)));
                break;
            }
        }
    }
    let (recipient, status) = checked.expect("a file of keys has at least one")?;
    let at = status.and_then(|status| status.key_checked).map(|checked| checked.at);
    let noted = match &at {
        Some(at) => format!("recorded beside it, {at}"),
        None => "not recorded: only verified archives in the backup folder have a record".to_owned(),
    };
    let mut lines = Lines::from(format!("{}: the key opens it", archive.display()));
    lines.add(format!("  {recipient}"));
    lines.add(format!("  {noted}"));
    lines.add(format!(
        "  `makermatrix drill {} --identity {}` restores it into a scratch folder and proves all of it",
        archive.display(),
        file.display()
    ));
    output::result(
        global,
        lines,
        &json!({"archive": output::path(&*archive), "opens": true, "recipient": recipient, "key_checked_at": at}),
    )
}

fn newest_encrypted(global: &Global, engine: &Engine) -> Result<std::path::PathBuf, Failure> {
    if !engine.places().backups.exists() {
        places::require_inventory(global, engine)?;
    }
    let listed = engine.list(ACTOR)?.into_iter();
    let mut encrypted = listed.filter(|item| {
        item.summary
            .as_ref()
            .is_ok_and(|summary| matches!(summary.encryption, Some(EncryptionScheme::Recipients(_))))
    });
    encrypted.next().map(|item| item.path).ok_or_else(|| {
        let folder = engine.places().backups.display();
        let message = format!(
            "no archive in {folder} is encrypted with a key. Make one: `makermatrix backup --recipient age1…`."
        );
        Failure::new(Code::NotFound, message)
    })
}
