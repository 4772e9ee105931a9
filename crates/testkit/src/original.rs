//! Archives with the byte layout of those that the original MakerMatrix makes, for tests that must not
//! depend on [`crate::samples`], from which the layout is known.

use serde_json::json;

use crate::hostile::zip::{Entry, UTF8, Zip};

/// Whether and how the archive is encrypted.
#[derive(Debug, Clone, Copy)]
pub enum Locked<'a> {
    /// Not encrypted; written by Python's zipfile.
    No,
    /// Encrypted with this password by pyminizip: names are UTF-8 without the flag for it, the system is
    /// FAT, and there are no descriptors or attributes.
    With(&'a str),
}

/// Builds an archive of the original with this database and these files, `datasheets/…` and `images/…`.
pub fn archive(database: &[u8], files: &[(&str, &[u8])], locked: Locked<'_>) -> Zip {
    let count = |folder: &str| files.iter().filter(|(name, _)| name.starts_with(folder)).count();
    let bytes = |folder: &str| -> usize {
        files.iter().filter(|(name, _)| name.starts_with(folder)).map(|(_, content)| content.len()).sum()
    };
    let mebibytes = |bytes: usize| (bytes as f64 / 1_048_576.0 * 100.0).round() / 100.0;
    let is_locked = matches!(locked, Locked::With(_));
    let info = json!({
        "backup_name": "makermatrix_backup_20251101_020000",
        "created_at": "2025-11-01T02:00:00.123456",
        "makermatrix_version": "1.1.3",
        "schema_version": "1.0.0",
        "backup_format_version": "2.0",
        "python_version": "3.11.7",
        "password_protected": is_locked,
        "credential_storage": "plain_text_in_database",
        "credential_protection": if is_locked { "password_protected_backup_zip" } else { "os_file_permissions" },
        "database_included": true,
        "datasheets_included": true,
        "images_included": true,
        "env_included": false,
        "database_size_mb": mebibytes(database.len()),
        "datasheets_count": count("datasheets/"),
        "datasheets_size_mb": mebibytes(bytes("datasheets/")),
        "images_count": count("images/"),
        "images_size_mb": mebibytes(bytes("images/")),
        "env_size_kb": 0,
        "total_size_mb": 0,
        "database_path": "makers_matrix.db",
        "datasheets_path": "datasheets/",
        "images_path": "images/",
        "env_path": ".env",
    });
    let info = serde_json::to_vec_pretty(&info).expect("it is JSON");
    let all = [("makers_matrix.db", database), ("backup_info.json", &info)];
    Zip::of(all.iter().chain(files).map(|(name, content)| entry(name, content, locked)))
}

fn entry(name: &str, content: &[u8], locked: Locked<'_>) -> Entry {
    let entry = Entry::deflated(name, content);
    match locked {
        Locked::No if name.is_ascii() => entry,
        Locked::No => entry.with_both(|header| header.flags |= UTF8),
        Locked::With(password) => {
            let mut entry = entry.zip_crypto(password, false);
            (entry.central.made_by, entry.central.external) = (0, 0);
            entry
        }
    }
}
