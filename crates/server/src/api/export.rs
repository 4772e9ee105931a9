//! Exports: parts with their stock as CSV, and everything as JSON. They are streamed page by page, so they take little memory.

use std::future::Future;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use inventory::Timestamp;
use inventory::exchange::{CsvWriter, DocumentExport};
use inventory::parts::ListPlaces;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::{IntoParams, ToSchema};

use super::backup_files::attachment;
use super::part_list::PartParams;
use super::part_pages::PartPages;
use crate::app::App;
use crate::auth::Caller;
use crate::call::Params;
use crate::problem::Problem;

/// How parts are exported.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CsvParams {
    /// The sort key, as in the list of parts. A `-` before it reverses the order.
    sort: Option<String>,
    /// Whether cells stay as they are. By default, a cell that a spreadsheet would run as a formula gets an apostrophe before it,
    /// which an import takes off again.
    #[serde(default)]
    raw: bool,
}

/// Export parts with their stock as CSV: a row for each location of a part, with the columns that an import understands. Takes the
/// filters of the list of parts.
#[utoipa::path(get, path = "/parts/export.csv", tag = "export", params(PartParams, CsvParams),
    responses((status = 200, body = String, content_type = "text/csv",
        example = "id,name,number,…,location,quantity\r\n0b5e…,Resistor 10k,R-10K,…,Shelf 1 > Drawer A,100\r\n"),
        (status = 422, body = Problem)))]
pub(crate) async fn parts_csv(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<PartParams>,
    Params(CsvParams { sort, raw }): Params<CsvParams>,
) -> Result<Response, Problem> {
    let writer = CsvWriter::new(app.query(&caller, ListPlaces).await?, raw);
    let pages = PartPages::new(app.clone(), caller.clone(), &params, sort).await?;
    let export = PartsExport { app: app.clone(), caller, pages, writer, is_begun: false, is_raw: raw };
    Ok(file(&app, "makermatrix-parts", "csv", "text/csv; charset=utf-8", body(export).await?))
}

/// A document with a list for each kind of thing.
#[derive(ToSchema)]
#[schema(value_type = Object)]
pub(crate) struct ExportDocument(#[expect(dead_code, reason = "only describes a body")] Vec<u8>);

/// Export everything as one JSON document: parts with their properties, links, prices, datasheets and stock, and all movements,
/// locations, categories, tags, projects, users, roles, and the activity log, but nothing secret. For one moment in time, and for
/// files, make a backup.
#[utoipa::path(get, path = "/export.json", tag = "export",
    responses((status = 200, body = ExportDocument,
        example = json!({"format": "makermatrix-export", "version": 1, "exported_at": "2026-01-31T12:00:00Z", "parts": []}))))]
pub(crate) async fn everything(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let document = DocumentExport::new(Timestamp(app.ambient.utc()));
    let export = EverythingExport { app: app.clone(), caller, document };
    Ok(file(&app, "makermatrix-export", "json", "application/json", body(export).await?))
}

/// Returns a response that a browser saves as a file with the date in its name.
fn file(app: &App, name: &str, extension: &str, media_type: &'static str, body: Body) -> Response {
    let name = format!("{name}-{}.{extension}", app.ambient.utc().format("%Y-%m-%d"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_DISPOSITION, attachment(&name)),
    ];
    (headers, body).into_response()
}

/// The pieces of a file that is written while it is sent.
trait Pieces: Send + 'static {
    /// Returns the next piece, or `None` at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Vec<u8>>, Problem>> + Send;
}

/// Returns a body of pieces. An error in the first one is an error of the request; a later one breaks the connection off, so that
/// no client takes the file for complete.
async fn body(mut pieces: impl Pieces) -> Result<Body, Problem> {
    let mut piece = pieces.next().await?;
    // A piece is made while the one before it is sent.
    let (sender, receiver) = mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    tokio::spawn(async move {
        while let Some(bytes) = piece {
            if sender.send(Ok(bytes.into())).await.is_err() {
                return;
            }
            piece = match pieces.next().await {
                Ok(next) => next,
                Err(problem) => {
                    tracing::warn!(problem = problem.detail(), "an export was broken off");
                    let _ = sender.send(Err(std::io::Error::other(problem.detail().to_owned()))).await;
                    return;
                }
            };
        }
    });
    Ok(Body::from_stream(ReceiverStream::new(receiver)))
}

struct PartsExport {
    app: App,
    caller: Caller,
    pages: PartPages,
    writer: CsvWriter,
    is_begun: bool,
    is_raw: bool,
}

impl Pieces for PartsExport {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        let Some(parts) = self.pages.next().await? else { return Ok(None) };
        if !self.writer.knows(&parts) {
            self.writer = CsvWriter::new(self.app.query(&self.caller, ListPlaces).await?, self.is_raw);
        }
        let headers = if self.is_begun { Vec::new() } else { self.writer.headers() };
        self.is_begun = true;
        Ok(Some([headers, self.writer.rows(&parts)].concat()))
    }
}

struct EverythingExport {
    app: App,
    caller: Caller,
    document: DocumentExport,
}

impl Pieces for EverythingExport {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        let Some(query) = self.document.query() else { return Ok(None) };
        let page = self.app.query(&self.caller, query).await?;
        Ok(Some(self.document.piece(&page)))
    }
}
