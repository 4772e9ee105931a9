//! Adds advice to the errors and notes of the engine. The engine reports what happened; only the command line knows which
//! command or option helps.

use std::io;
use std::path::Path;

use archive::{KeyFault, Refusal};
use backup::error::ImportPart;
use backup::{Error, Note};

/// Returns the message for an error: what happened, and what to do next.
pub(crate) fn error_message(error: &Error) -> String {
    with_advice(error, advice_for(error).as_deref())
}

/// Returns the message for an error of the live database, with advice if there is any.
pub(crate) fn inventory_message(error: &inventory::Error) -> String {
    with_advice(error, inventory_advice(error))
}

fn with_advice(error: &dyn std::error::Error, advice: Option<&str>) -> String {
    advice.map_or_else(|| error.to_string(), |advice| format!("{error}. {advice}"))
}

/// Returns the message for a note, with advice if there is any.
pub(crate) fn note_message(note: &Note) -> String {
    let advice = match note {
        Note::Violations { .. } => "Restoring the backup will need --allow-violations.",
        Note::EnvNotRestored { encrypted: true } => "Take it out with `age -d`, then `unzip`.",
        Note::EnvNotRestored { encrypted: false } => "Take it out with `unzip ARCHIVE .env`.",
        _ => return note.to_string(),
    };
    format!("{note}. {advice}")
}

/// Returns advice on an error, if there is any.
fn advice_for(error: &Error) -> Option<String> {
    let advice = match error {
        Error::ArchiveNotFound { .. } | Error::NoSuchArchive { .. } => {
            "`makermatrix list` shows the backups there are."
        }
        Error::NoBackups { .. } => "Make one with `makermatrix backup`.",
        Error::AmbiguousArchive { .. } => "Give the full name of one of them.",
        Error::ArchiveIsFolder { .. } | Error::ArchiveNotAFile { .. } => "Name the .zip file itself.",
        Error::Archive { path, source } => archive_advice(path, source),
        Error::ArchivedDatabase { source, .. } if matches!(**source, inventory::Error::Newer { .. }) => {
            "Use the version that wrote it, or a newer one."
        }
        Error::ArchivedDatabase { .. } => "The archive cannot be used; try another backup.",
        Error::LiveDatabase { source, .. } => return inventory_advice(source).map(str::to_owned),
        Error::ImportedDatabase { source, .. } => return imported_advice(source).map(str::to_owned),
        Error::Mismatch { .. } => "The archive cannot be trusted; try another backup.",
        Error::Rescue { .. } => "Take it out with unzip.",
        Error::Violations { .. } => "Restore with --allow-violations to accept them.",
        Error::NotProven { scratch, .. } => {
            return Some(format!(
                "The archive is sound, but restoring it here fails: check the drive of {}, and report this.",
                scratch.display()
            ));
        }
        Error::NoDatabase { .. } => {
            "Create one with `makermatrix init`, or check --data-dir and DATABASE_URL."
        }
        Error::EmptyDatabase { .. } => {
            "Make it an inventory with `makermatrix init`, or check --data-dir and DATABASE_URL."
        }
        Error::NoOutput { .. } => "Create it, or check that the medium is mounted.",
        Error::MisleadingName { .. } => "Choose another --name, or encrypt it.",
        Error::NameTaken { .. } => "Choose another --name.",
        Error::EnvInTheClear => {
            "Encrypt it (`makermatrix key new`), or write the secrets in the clear with --force."
        }
        Error::EncryptionRequired { .. } => {
            "makermatrix.toml says so ([backup.encryption] required = true). Name recipients there (`makermatrix key new` \
             makes a key). `makermatrix backup` takes --recipient or --passphrase-file as well."
        }
        Error::NotEncrypted { .. } => "Name an encrypted archive.",
        Error::Vanished { .. } => "Try again when no program is removing files.",
        Error::HardLinks { .. } => "Keep one name: copy the file to where the others are.",
        Error::FileBusy { .. } => "Try again when no program is writing to it.",
        Error::Locked { .. } => "Try again when it has ended.",
        Error::ChangedMeanwhile { .. } => "Stop what uses the inventory, or restore with --no-safety-backup.",
        Error::SafetyBackup { source } => return advice_for(source),
        Error::Unfinished { .. } => "Fix that, then run `makermatrix init`: it finishes the restore.",
        Error::Undecided { .. } => {
            "Fix that, then run `makermatrix init`: it finishes or discards the restore."
        }
        Error::InTheWay { .. } => "Move it away, then restore again.",
        Error::FileChanged { .. } => "Try again when no program is changing files.",
        Error::OutputAmongFiles { .. } => "Choose another folder.",
        Error::ImportNothing { newest: Some(_), .. } => "To import an archive, name it.",
        Error::ImportNothing { newest: None, .. } => {
            "Looked for makermatrix.db there, in database/ and in MakerMatrix/. Name the database itself, or an archive."
        }
        Error::ImportSeveral { part: ImportPart::Database, .. } => {
            "Please name the one to import, and its files with --static."
        }
        Error::ImportSeveral { part: ImportPart::StaticFiles, .. } => {
            "Please name the one to import with --static."
        }
        Error::ImportNoFiles { .. } => "Name the folder that holds them.",
        Error::ImportNotFound { .. } => {
            "Name a data folder of the original MakerMatrix, its database, or an archive."
        }
        Error::ImportBusy { .. } => "Stop MakerMatrix there, and try again.",
        Error::Journal { .. } => "Keep it and ask for help: it records how to finish a restore.",
        Error::Storage { source, .. } => return storage_advice(source).map(str::to_owned),
        _ => return None,
    };
    Some(advice.to_owned())
}

/// Returns advice on an error of the live database, if there is any.
fn inventory_advice(error: &inventory::Error) -> Option<&'static str> {
    use inventory::Error as Of;
    match error {
        Of::Newer { .. } => Some("Use the version that wrote it, or a newer one."),
        Of::NeedsMigration { .. } => Some("`makermatrix init` backs it up and migrates it."),
        Of::RestorePending { .. } => Some("`makermatrix init` finishes or discards it."),
        Of::NotADatabase { .. } | Of::Foreign { .. } => Some("Check --data-dir and DATABASE_URL."),
        Of::Damaged { .. } => Some("Restore a backup: `makermatrix list` shows the backups there are."),
        Of::ValueTooLarge { .. } => Some("Remove the value."),
        Of::Busy { .. } | Of::Contended { .. } => Some("Stop the other program, or try again later."),
        Of::Forbidden { .. } => Some("An administrator can grant a role with that permission."),
        _ => None,
    }
}

/// Returns advice on an error of a database that is imported, if there is any.
fn imported_advice(error: &inventory::Error) -> Option<&'static str> {
    use inventory::Error as Of;
    match error {
        Of::NotADatabase { .. } | Of::Foreign { .. } => {
            Some("Name the database of the original MakerMatrix.")
        }
        Of::Damaged { .. } => Some("Import a backup of it."),
        Of::NeedsMigration { .. } | Of::RestorePending { .. } => None,
        other => inventory_advice(other),
    }
}

fn archive_advice(path: &Path, source: &archive::Error) -> &'static str {
    match source {
        archive::Error::Refused(Refusal::NewerFormat { .. }) => "Restore it with a newer makermatrix.",
        archive::Error::Refused(Refusal::UnsupportedEncryption { .. }) => {
            "Decrypt it with the program that encrypted it, and use the plain archive."
        }
        archive::Error::Refused(Refusal::TooMuchWork { .. }) => {
            "Decrypt it with `age -d`, and use the zip that comes out."
        }
        archive::Error::Key(fault) => match (fault, fault.scheme().takes_passphrase()) {
            (KeyFault::Missing(_), true) => {
                "Give it with --passphrase-file FILE, or run this in a terminal to be asked."
            }
            (KeyFault::Missing(_), false) => {
                "Give one with --identity FILE, or run this in a terminal to be asked."
            }
            (_, true) => "Nothing was changed; check the passphrase, and its file for spaces.",
            (_, false) => {
                "Nothing was changed; use the identity file or emergency kit from the time of the backup."
            }
        },
        archive::Error::Refused(_) if backup::import::is_database(path).is_ok_and(|is| is) => {
            "Nothing was changed; `makermatrix import FILE` imports a database."
        }
        archive::Error::Refused(_) => "Nothing was changed; use a backup made by makermatrix.",
        archive::Error::Corrupt(_) => {
            "Nothing was changed; copy the file again from its source, or try another backup."
        }
        _ => "Check the drive that holds it.",
    }
}

fn storage_advice(source: &io::Error) -> Option<&'static str> {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("Free some space, or use another disk.")
        }
        io::ErrorKind::InvalidFilename => Some("Choose a shorter --name."),
        io::ErrorKind::ReadOnlyFilesystem => Some("Choose another place, or mount it writable."),
        io::ErrorKind::PermissionDenied => Some("Run as the owner of the data, or change its permissions."),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_helps_with_a_damaged_database_depends_on_where_it_is() {
        let path = || Path::new("x.db").to_owned();
        let damaged =
            || Box::new(inventory::Error::Damaged { path: path(), findings: vec!["page 3".to_owned()] });
        let fact = "x.db is damaged: page 3";
        assert_eq!(damaged().to_string(), fact);
        let live = error_message(&Error::LiveDatabase { path: path(), source: damaged() });
        assert!(
            live.ends_with(
                "x.db is damaged: page 3. Restore a backup: `makermatrix list` shows the backups there are."
            ),
            "{live}"
        );
        let archived = error_message(&Error::ArchivedDatabase { path: path(), source: damaged() });
        assert!(archived.ends_with("page 3. The archive cannot be used; try another backup."), "{archived}");
        let imported = error_message(&Error::ImportedDatabase { path: path(), source: damaged() });
        assert!(imported.ends_with("Nothing was imported. Import a backup of it."), "{imported}");
    }
}
