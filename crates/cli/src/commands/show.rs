//! Implements `show`.

use std::path::Path;

use archive::{EncryptionScheme, Entry};
use backup::{Contents, Engine};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::ACTOR;
use crate::args::{self, Global};
use crate::exit::Failure;
use crate::keys::KeyRing;
use crate::output::Lines;
use crate::{output, places};

pub(crate) fn run(
    global: &Global,
    engine: &Engine,
    file: &Path,
    list_files: bool,
    keys: &args::Keys,
) -> Result<(), Failure> {
    let file = &*places::archive(global, engine, file)?;
    let pending = places::report_pending(global, engine)?;
    let summary = KeyRing::new(keys)?.apply_to(engine).show(ACTOR, file)?;
    let mut lines = Lines::from(file.display());
    lines.add(format!("  size      {}", output::bytes(summary.size)));
    if let Some(encryption) = summary.encryption {
        lines.add(format!("  encrypted {encryption}"));
    }
    match &summary.contents {
        Some(contents) => describe(&mut lines, contents, list_files),
        None => lines.add("  inside    not shown without the key (--identity or --passphrase-file)"),
    }
    let status = summary.status.as_ref();
    let proven = status.and_then(|status| status.proven.as_ref());
    let key_checked = status.and_then(|status| status.key_checked.as_ref());
    let verified = status.map(|status| status.verified_at.as_str());
    let proven_at = proven.map(|proven| proven.at.as_str());
    lines.add(format!(
        "  verified  {}",
        verified.unwrap_or("not yet, or changed since (run `makermatrix verify`)")
    ));
    lines.add(format!(
        "  proven    {}",
        proven_at.unwrap_or("not yet, or changed since (run `makermatrix drill`)")
    ));
    if let Some(EncryptionScheme::Recipients(_)) = summary.encryption {
        let checked = key_checked.map_or("not yet (run `makermatrix key check FILE`)", |checked| &checked.at);
        lines.add(format!("  key       shown to open it: {checked}"));
    }
    let value = json!({
        "archive": output::path(file),
        "size": summary.size,
        "encrypted": summary.encryption.map(|encryption| encryption.to_string()),
        "verified_at": status.map(|status| &status.verified_at),
        "verified_by": status.map(|status| &status.verified_by),
        "proven": proven,
        "key_checked": key_checked,
        "pending_restores": pending,
    });
    let contents = summary.contents.as_ref().map(ShownContents::of);
    output::result(global, lines, &Shown { summary: value, contents })
}

fn describe(lines: &mut Lines, contents: &Contents, list_files: bool) {
    let unknown = "unknown";
    let info = &contents.info;
    let counts = match contents.rows.is_empty() {
        true => String::new(),
        false => format!(": {}", output::counts(&contents.rows)),
    };
    if let Some(format) = contents.format {
        let (made, version) = (info.created_at().unwrap_or(unknown), info.version().unwrap_or(unknown));
        lines.add(format!("  made      {made} by MakerMatrix {version}"));
        lines.add(format!("  format    {format}"));
    }
    lines.add(format!("  database  {}{counts}", output::bytes(contents.database_size)));
    lines.add(format!("  files     {}", output::files(contents.datasheets, contents.images)));
    if let Some(manifest) = info.v3() {
        for path in &manifest.dangling {
            lines.add(format!("  missing   {path} (referred to, but missing when the backup was made)"));
        }
        for left in &manifest.left_out {
            lines.add(format!("  left out  {}: {}", left.what, left.why));
        }
        if let Some(why) = &manifest.damaged {
            lines.add(format!("  rescue    the database is damaged and cannot be restored: {why}"));
        }
    }
    if list_files {
        for Entry { name, size, sha256, .. } in &contents.files {
            let hash = sha256.map_or_else(|| "-".repeat(64), |hash| hash.to_string());
            lines.add(format!("  {hash}  {size:>12}  {name}"));
        }
    }
}

/// The whole result. The files are written one by one, because there can be many.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    summary: Value,
    #[serde(flatten)]
    contents: Option<ShownContents<'a>>,
}

#[derive(Serialize)]
struct ShownContents<'a> {
    #[serde(flatten)]
    about: Value,
    #[serde(serialize_with = "write_files")]
    files: &'a [Entry],
}

impl<'a> ShownContents<'a> {
    fn of(contents: &'a Contents) -> Self {
        let info = &contents.info;
        let about = json!({
            "format": contents.format.map(|format| format.to_string()),
            "created_at": info.created_at(),
            "makermatrix_version": info.version(),
            "counts": output::counts_json(&contents.rows),
            "tables": contents.rows,
            "database_size": contents.database_size,
            "datasheets": {"count": contents.datasheets.0, "bytes": contents.datasheets.1},
            "images": {"count": contents.images.0, "bytes": contents.images.1},
        });
        Self { about, files: &contents.files }
    }
}

fn write_files<S: Serializer>(files: &[Entry], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(files.iter().map(|Entry { name, size, sha256, .. }| {
        json!({"path": name, "size": size, "sha256": sha256.map(|hash| hash.to_string())})
    }))
}
