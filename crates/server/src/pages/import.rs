//! Importing parts from a CSV file, with a preview that can be corrected.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use inventory::Permission;
use inventory::exchange::{
    ImportMode, ImportOptions, ImportParts, ImportReport, MAX_BYTES, Mapping, RowAction, RowReport,
    UnknownColumns, read_table,
};
use serde::Deserialize;

use super::error::PageError;
use super::flash::Flash;
use super::form::{go_to, parse};
use super::frame::{Frame, Section, render_with};
use super::upload::UploadedFile;
use super::visitor::Visitor;
use super::words::grouped;
use crate::app::App;
use crate::problem::Problem;

/// The largest number of rows that the preview shows. The counts are those of all rows.
const MAX_SHOWN: usize = 500;
/// A form has the file in its encoded form, which is up to three times as long.
const MAX_FORM: usize = 3 * MAX_BYTES + (64 << 10);

/// Returns the routes of this page.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/parts/import", get(page).post(preview).layer(DefaultBodyLimit::max(MAX_FORM)))
}

/// The form: the content of the file, and how it is imported.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Fields {
    text: String,
    mode: String,
    create_missing: bool,
    /// What each column means, in the order of the columns: a header, and its meaning.
    header: Vec<String>,
    target: Vec<String>,
    /// `import` to import, or else it is only tried out.
    action: String,
}

#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage {
    frame: Frame,
    fields: Fields,
    report: Option<ImportReport>,
    rows: Vec<Shown>,
    hidden_rows: usize,
    targets: &'static [&'static str],
    problem: Option<String>,
}

/// A row of the preview.
struct Shown {
    line: String,
    action: &'static str,
    class: &'static str,
    name: String,
    changes: Vec<(String, String)>,
    errors: Vec<(String, String)>,
}

/// What a column can mean.
const TARGETS: &[&str] = &[
    "name",
    "number",
    "description",
    "manufacturer",
    "manufacturer_part_number",
    "component_type",
    "supplier",
    "supplier_part_number",
    "supplier_url",
    "product_url",
    "image_url",
    "emoji",
    "categories",
    "tags",
    "projects",
    "low_stock_limit",
    "location",
    "quantity",
    "id",
];

/// Shows the form.
async fn page(State(app): State<App>, visitor: Visitor) -> Result<Response, PageError> {
    require(&visitor)?;
    let fields = Fields { create_missing: true, ..Fields::default() };
    show(&app, &visitor, fields, None, None).await
}

fn require(visitor: &Visitor) -> Result<(), inventory::Error> {
    visitor.caller.actor.require(Permission::PartsCreate)?;
    visitor.caller.actor.require(Permission::PartsUpdate)
}

/// Tries the import out, or imports.
async fn preview(State(app): State<App>, request: Request) -> Result<Response, PageError> {
    let (mut parts, body) = request.into_parts();
    let visitor = Visitor::from_request_parts(&mut parts, &app).await?;
    require(&visitor)?;
    let request = Request::from_parts(parts, body);
    let fields = fields(request).await?;
    let is_import = fields.action == "import";
    let table = match read_table(fields.text.as_bytes(), &fields.mapping()) {
        Ok(table) => table,
        Err(error) => return show(&app, &visitor, fields, None, Some(error.to_string())).await,
    };
    let _turn = app.imports.acquire().await.map_err(|error| Problem::internal(&error))?;
    let command = ImportParts { table, options: fields.options(!is_import) };
    let report = app.inventory().await?.run(&visitor.caller.actor, command).await?;
    if report.is_applied {
        let (created, updated) = (grouped(report.created), grouped(report.updated));
        let said = format!(
            "Imported: {created} created, {updated} changed, {} as before",
            grouped(report.unchanged)
        );
        return Ok(go_to("/parts", &Flash::new(said)));
    }
    show(&app, &visitor, fields, Some(report), None).await
}

/// Reads the form, or the file that was chosen.
async fn fields(request: Request) -> Result<Fields, Problem> {
    let is_upload = request.headers().get(axum::http::header::CONTENT_TYPE);
    let is_upload = is_upload.is_some_and(|value| value.as_bytes().starts_with(b"multipart/"));
    if !is_upload {
        let bytes: Bytes = axum::body::to_bytes(request.into_body(), MAX_FORM).await.map_err(too_large)?;
        return parse(&bytes);
    }
    let Some(file) = UploadedFile::find(request).await? else {
        return Err(Problem::bad_request("no file was chosen"));
    };
    let bytes = file.bytes(MAX_BYTES).await?;
    let text = String::from_utf8(bytes).map_err(|_| Problem::bad_request("the file is not text in UTF-8"))?;
    Ok(Fields { text, create_missing: true, ..Fields::default() })
}

fn too_large(_: axum::Error) -> Problem {
    let detail = format!("a file may have at most {} MiB", MAX_BYTES >> 20);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Request too large", detail)
}

impl Fields {
    /// Returns whether somebody has chosen what the column with a header means.
    fn chose(&self, header: &str, target: &str) -> bool {
        self.header.iter().zip(&self.target).any(|(known, chosen)| known == header && chosen == target)
    }

    fn mapping(&self) -> Mapping {
        let chosen = self.header.iter().zip(&self.target).filter(|(_, target)| !target.is_empty());
        let columns: BTreeMap<String, String> = chosen
            .map(|(header, target)| match target.as_str() {
                "property" => (header.clone(), format!("property:{header}")),
                target => (header.clone(), target.to_owned()),
            })
            .collect();
        Mapping { columns, unknown: UnknownColumns::Refuse }
    }

    fn options(&self, dry_run: bool) -> ImportOptions {
        let mode = match self.mode.as_str() {
            "create" => ImportMode::Create,
            "update" => ImportMode::Update,
            _ => ImportMode::Both,
        };
        ImportOptions { mode, create_missing: self.create_missing, dry_run }
    }
}

async fn show(
    app: &App,
    visitor: &Visitor,
    fields: Fields,
    report: Option<ImportReport>,
    problem: Option<String>,
) -> Result<Response, PageError> {
    let is_wrong = problem.is_some() || report.as_ref().is_some_and(ImportReport::has_errors);
    let status = if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let all: &[RowReport] = report.as_ref().map_or(&[], |report| &report.rows);
    // What is wrong comes first.
    let (wrong, right): (Vec<_>, Vec<_>) = all.iter().partition(|row| row.action == RowAction::Error);
    let rows: Vec<Shown> = wrong.into_iter().chain(right).take(MAX_SHOWN).map(Shown::new).collect();
    let page = ImportPage {
        frame: Frame::new(app, visitor, Section::Parts, "Import parts").await?,
        hidden_rows: all.len() - rows.len(),
        rows,
        fields,
        report,
        targets: TARGETS,
        problem,
    };
    Ok(render_with(status, &page))
}

impl Shown {
    fn new(row: &RowReport) -> Self {
        let (action, class) = match row.action {
            RowAction::Create => ("New", "ok"),
            RowAction::Update => ("Changed", "low"),
            RowAction::Unchanged => ("As before", ""),
            RowAction::Error => ("Wrong", "out"),
        };
        let change = |change: &inventory::exchange::FieldChange| {
            let before = change.before.as_ref().map(|before| format!("{before} → ")).unwrap_or_default();
            (change.field.replace('_', " "), format!("{before}{}", change.after))
        };
        Self {
            line: grouped(row.line),
            action,
            class,
            name: row.part_name.clone().unwrap_or_default(),
            changes: row.changes.iter().map(change).collect(),
            errors: row
                .errors
                .iter()
                .map(|error| (error.field.replace('_', " "), error.message.clone()))
                .collect(),
        }
    }
}
