//! Imports of parts from CSV files.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use inventory::Permission;
use inventory::exchange::{
    ImportMode, ImportOptions, ImportParts, ImportTable, MAX_BYTES, Mapping, TableError, UnknownColumns,
    read_table,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::import_report::{ImportProblem, ImportReportView};
use crate::app::App;
use crate::auth::Caller;
use crate::call::{Params, Reply, require_media_type};
use crate::problem::{MEDIA_TYPE, Problem};

/// The time in which a client must have sent its file. Few files are read at the same time.
const BODY_TIME: Duration = Duration::from_secs(120);

/// How a file is imported.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportParams {
    /// Whether the import is only tried out. It returns the report of an import, and changes nothing.
    #[serde(default)]
    dry_run: bool,
    /// Whether rows create parts, change parts that exist, or both.
    #[serde(default)]
    #[param(inline)]
    mode: Mode,
    /// Whether locations, categories, tags and projects that do not exist are created. Otherwise they are errors.
    #[serde(default)]
    create_missing: bool,
    /// What becomes of columns that are neither known nor mapped.
    #[serde(default)]
    #[param(inline)]
    unknown: Unknown,
    /// What columns mean, where their headers do not say so: a JSON object with a field, `property:NAME`, or `ignore` for each header.
    #[param(example = json!("{\"My column\": \"name\", \"Colour\": \"property:colour\", \"Foo\": \"ignore\"}"))]
    mapping: Option<String>,
}

/// Whether rows create parts, change parts that exist, or both.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Both,
    Create,
    Update,
}

/// What becomes of columns that are not known.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Unknown {
    /// Nothing is imported.
    #[default]
    Refuse,
    Ignore,
    /// They become additional properties with the names of their headers.
    Properties,
}

impl ImportParams {
    fn options(&self) -> ImportOptions {
        let mode = match self.mode {
            Mode::Both => ImportMode::Both,
            Mode::Create => ImportMode::Create,
            Mode::Update => ImportMode::Update,
        };
        ImportOptions { mode, create_missing: self.create_missing, dry_run: self.dry_run }
    }

    fn mapping(&self) -> Result<Mapping, Problem> {
        let unknown = match self.unknown {
            Unknown::Refuse => UnknownColumns::Refuse,
            Unknown::Ignore => UnknownColumns::Ignore,
            Unknown::Properties => UnknownColumns::Properties,
        };
        let columns: Result<BTreeMap<String, String>, _> =
            self.mapping.as_deref().map_or(Ok(BTreeMap::new()), serde_json::from_str);
        let problem =
            |error| Problem::invalid_field("mapping", format!("must be a JSON object of texts: {error}"));
        Ok(Mapping { columns: columns.map_err(problem)?, unknown })
    }
}

/// The content of a CSV file.
#[derive(ToSchema)]
#[schema(value_type = String)]
pub(crate) struct CsvFile(#[expect(dead_code, reason = "only describes a body")] String);

/// Import parts and their stock from a CSV file: all rows, or none. A row is a part, or a part at one location, whose quantity was
/// counted. The file has at most 16 MiB and 20,000 rows. An import takes no idempotency key: repeated, it finds that nothing changes,
/// or that the parts exist already.
#[utoipa::path(post, path = "/parts/import", tag = "import", params(ImportParams),
    request_body(content = CsvFile, content_type = "text/csv",
        example = "name,number,category,location,quantity\nResistor 10k,R-10K,Passive > Resistors,Shelf 1 > Drawer A,100\n"),
    responses((status = 200, body = ImportReportView), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = ImportProblem)))]
pub(crate) async fn parts(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<ImportParams>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    // Before the body is read, which is not done for everybody.
    caller.actor.require(Permission::PartsCreate)?;
    caller.actor.require(Permission::PartsUpdate)?;
    require_media_type(&headers, &["text/csv", "text/tab-separated-values"])?;
    let mapping = params.mapping()?;
    let _turn = app.imports.acquire().await.map_err(|error| Problem::internal(&error))?;
    let table = read(body, mapping).await?;
    let command = ImportParts { table, options: params.options() };
    let report = app.inventory().await?.run(&caller.actor, command).await?;
    if report.is_applied || report.is_dry_run {
        return Ok(Reply::ok(ImportReportView::from(report)).into_response());
    }
    let media_type = [(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))];
    Ok((StatusCode::UNPROCESSABLE_ENTITY, media_type, Json(ImportProblem::from(report))).into_response())
}

/// Reads a file.
async fn read(body: Body, mapping: Mapping) -> Result<ImportTable, Problem> {
    let too_large = || {
        let detail = TableError::TooLarge.to_string();
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Request too large", detail)
    };
    let bytes = tokio::time::timeout(BODY_TIME, axum::body::to_bytes(body, MAX_BYTES)).await;
    let bytes = bytes.map_err(|_| Problem::bad_request("the file was not sent in time"))?;
    let bytes = bytes.map_err(|_| too_large())?;
    let table = tokio::task::spawn_blocking(move || read_table(&bytes, &mapping)).await;
    table.map_err(|error| Problem::internal(&error))?.map_err(|error| match error {
        TableError::TooLarge => too_large(),
        TableError::NoSuchColumn { .. } | TableError::UnknownTarget { .. } => {
            Problem::invalid_field("mapping", error.to_string())
        }
        error => Problem::invalid_field("file", error.to_string()),
    })
}
