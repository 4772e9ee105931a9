//! Implements `list`.

use archive::EncryptionScheme;
use backup::{Engine, Summary};
use durable::counted;
use serde_json::{Value, json};

use super::ACTOR;
use crate::advice;
use crate::args::{self, Global};
use crate::exit::Failure;
use crate::keys::KeyRing;
use crate::output::Lines;
use crate::{output, places};

pub(crate) fn run(global: &Global, engine: &Engine, keys: &args::Keys) -> Result<(), Failure> {
    if !engine.places().backups.exists() {
        places::require_inventory(global, engine)?;
    }
    let listed = KeyRing::new(keys)?.apply_to(engine).list(ACTOR)?;
    let folder = engine.places().backups.display().to_string();
    let mut lines = Lines::default();
    let mut values = Vec::new();
    for item in &listed {
        let name = item.path.file_name().unwrap_or_default().to_string_lossy();
        let created: String = item.created.chars().take(19).map(|c| if c == 'T' { ' ' } else { c }).collect();
        let size =
            item.summary.as_ref().map_or_else(|_| String::new(), |summary| output::bytes(summary.size));
        lines.add(format!("{created}  {size:>10}  {name}"));
        let mut value = json!({"archive": output::path(&*item.path), "created_at": item.created});
        match &item.summary {
            Ok(summary) => {
                describe(&mut lines, summary);
                merge(&mut value, as_json(summary));
            }
            Err(error) => {
                let error = advice::error_message(error);
                lines.add(format!("    unusable: {error}"));
                merge(&mut value, json!({"error": error}));
            }
        }
        values.push(value);
    }
    if listed.is_empty() {
        lines.add(format!("No archives in {folder}. Make one with `makermatrix backup`."));
    }
    let pending = places::report_pending(global, engine)?;
    let leftovers = engine.leftovers(ACTOR)?;
    if !leftovers.is_empty() {
        lines.add("Left behind by killed runs (the next backup, restore or drill there removes it):");
        leftovers.iter().for_each(|path| lines.add(format!("    {}", path.display())));
    }
    let leftovers: Vec<Value> = leftovers.iter().map(|path| output::path(&**path)).collect();
    output::result(
        global,
        lines,
        &json!({"folder": folder, "archives": values, "leftovers": leftovers, "pending_restores": pending}),
    )
}

fn describe(lines: &mut Lines, summary: &Summary) {
    if let Some(encryption) = summary.encryption {
        lines.add(format!("    encrypted: {encryption}"));
    }
    if let Some(contents) = &summary.contents {
        let what = match contents.format {
            _ if !contents.rows.is_empty() => output::counts(&contents.rows),
            Some(format) => format!("format {format}"),
            None => format!("database {}", output::bytes(contents.database_size)),
        };
        let (datasheets, images) = (contents.datasheets.0, contents.images.0);
        let files = format!("{}, {}", counted(datasheets, "datasheet"), counted(images, "image"));
        lines.add(format!("    {what}; {files}"));
    }
    let status = summary.status.as_ref();
    let proven = status.and_then(|status| status.proven.as_ref());
    let key_checked = status.and_then(|status| status.key_checked.as_ref());
    let shown =
        |what: &str, at: Option<&str>| at.map_or_else(|| format!("not {what}"), |at| format!("{what} {at}"));
    let verified = shown("verified", status.map(|status| status.verified_at.as_str()));
    let proven = shown("proven", proven.map(|proven| proven.at.as_str()));
    let key = match summary.encryption {
        Some(EncryptionScheme::Recipients(_)) => {
            format!(", {}", shown("opened with the key", key_checked.map(|checked| checked.at.as_str())))
        }
        _ => String::new(),
    };
    lines.add(format!("    {verified}, {proven}{key}"));
}

fn as_json(summary: &Summary) -> Value {
    let status = summary.status.as_ref();
    let proven = status.and_then(|status| status.proven.as_ref());
    let key_checked = status.and_then(|status| status.key_checked.as_ref());
    let contents = summary.contents.as_ref();
    json!({
        "size": summary.size,
        "encrypted": summary.encryption.map(|encryption| encryption.to_string()),
        "format": contents.and_then(|contents| contents.format).map(|format| format.to_string()),
        "counts": contents.map(|contents| output::counts_json(&contents.rows)),
        "datasheets": contents.map(|contents| contents.datasheets.0),
        "images": contents.map(|contents| contents.images.0),
        "verified_at": status.map(|status| &status.verified_at),
        "proven_at": proven.map(|proven| &proven.at),
        "key_checked_at": key_checked.map(|checked| &checked.at),
    })
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}
