//! `show`

use std::fmt::Write;
use std::path::Path;

use backup::Engine;
use serde_json::json;

use crate::args::Global;
use crate::exit::Failure;
use crate::output;

pub(crate) fn run(global: &Global, engine: &Engine, file: &Path, list_files: bool) -> Result<(), Failure> {
    let summary = engine.show(file)?;
    let info = &summary.info;
    let unknown = "unknown";
    let status = summary.status.as_ref();
    let proven = status.and_then(|status| status.proven.as_ref());
    let mut text = format!(
        "{}\n  made      {} by MakerMatrix {}\n  format    {}\n  size      {}\n  database  {}{}\n  files     {} datasheets ({}), {} images ({})\n  verified  {}\n  proven    {}\n",
        file.display(),
        info.created_at().unwrap_or(unknown),
        info.version().unwrap_or(unknown),
        summary.format,
        output::bytes(summary.size),
        output::bytes(summary.database_size),
        if summary.rows.is_empty() { String::new() } else { format!(": {}", output::counts(&summary.rows)) },
        summary.datasheets.0,
        output::bytes(summary.datasheets.1),
        summary.images.0,
        output::bytes(summary.images.1),
        status.map_or("not yet, or changed since (run `makermatrix verify`)", |status| &status.verified_at),
        proven.map_or("not yet, or changed since (run `makermatrix drill`)", |proven| &proven.at),
    );
    if let Some(manifest) = info.v3() {
        for path in &manifest.dangling {
            let _ =
                writeln!(text, "  missing   {path} (referred to, but not there when the backup was made)");
        }
        for left in &manifest.left_out {
            let _ = writeln!(text, "  left out  {}: {}", left.what, left.why);
        }
        if let Some(why) = &manifest.damaged {
            let _ = writeln!(text, "  rescue    the database is damaged and cannot be restored: {why}");
        }
    }
    if list_files {
        for (name, size, hash) in &summary.files {
            let hash = hash.map_or_else(|| "-".repeat(64), |hash| hash.to_string());
            let _ = writeln!(text, "  {hash}  {size:>12}  {name}");
        }
    }
    // Only where it is shown: it names every file.
    let files = summary.files.iter().filter(|_| global.json).map(
        |(name, size, hash)| json!({"path": name, "size": size, "sha256": hash.map(|hash| hash.to_string())}),
    );
    let value = json!({
        "archive": file,
        "size": summary.size,
        "format": summary.format.to_string(),
        "created_at": info.created_at(),
        "makermatrix_version": info.version(),
        "counts": output::counts_json(&summary.rows),
        "tables": summary.rows,
        "database_size": summary.database_size,
        "datasheets": {"count": summary.datasheets.0, "bytes": summary.datasheets.1},
        "images": {"count": summary.images.0, "bytes": summary.images.1},
        "verified_at": status.map(|status| &status.verified_at),
        "verified_by": status.map(|status| &status.verified_by),
        "proven": proven,
        "files": files.collect::<Vec<_>>(),
    });
    output::result(global, &text, &value)
}
