//! `list`

use std::fmt::Write;

use backup::Engine;
use serde_json::json;

use crate::args::Global;
use crate::exit::Failure;
use crate::output;

pub(crate) fn run(global: &Global, engine: &Engine) -> Result<(), Failure> {
    let listed = engine.list()?;
    let folder = engine.places().backups.display().to_string();
    let mut text = String::new();
    let mut values = Vec::new();
    for item in &listed {
        let name = item.path.file_name().unwrap_or_default().to_string_lossy();
        let created: String = item.created.chars().take(19).map(|c| if c == 'T' { ' ' } else { c }).collect();
        match &item.summary {
            Ok(summary) => {
                let status = summary.status.as_ref();
                let verified = status.map(|status| status.verified_at.as_str());
                let proven =
                    status.and_then(|status| status.proven.as_ref()).map(|proven| proven.at.as_str());
                let shown = |what: &str, at: Option<&str>| {
                    at.map_or_else(|| format!("not {what}"), |at| format!("{what} {at}"))
                };
                let contents = match summary.rows.is_empty() {
                    true => format!("format {}", summary.format),
                    false => output::counts(&summary.rows),
                };
                let _ = writeln!(
                    text,
                    "{created}  {:>10}  {name}\n    {contents}; {} datasheets, {} images\n    {}, {}",
                    output::bytes(summary.size),
                    summary.datasheets.0,
                    summary.images.0,
                    shown("verified", verified),
                    shown("proven", proven),
                );
                values.push(json!({
                    "archive": item.path, "created_at": item.created, "size": summary.size,
                    "format": summary.format.to_string(), "counts": output::counts_json(&summary.rows),
                    "datasheets": summary.datasheets.0, "images": summary.images.0, "verified_at": verified, "proven_at": proven,
                }));
            }
            Err(error) => {
                let _ = writeln!(text, "{created}  {:>10}  {name}\n    unusable: {error}", "");
                values.push(
                    json!({"archive": item.path, "created_at": item.created, "error": error.to_string()}),
                );
            }
        }
    }
    if listed.is_empty() {
        text = format!("No archives in {folder}. Make one with `makermatrix backup`.");
    }
    output::result(global, &text, &json!({"folder": folder, "archives": values}))
}
