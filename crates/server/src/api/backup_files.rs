//! Archives as files: download and upload.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use backup::Summary;
use inventory::Permission;
use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt};
use tower_http::services::ServeFile;

use super::backups::{BackupDetails, blocking};
use super::files::FileContent;
use crate::app::App;
use crate::auth::Caller;
use crate::call::{PathId, Reply, require_media_type};
use crate::problem::Problem;

/// The number of received pieces of a body that wait for the disk.
const PIECES_WAITING: usize = 8;

/// Download an archive. Supports ranges and conditional requests.
#[utoipa::path(get, path = "/backups/{name}/content", tag = "backups", params(("name" = String, Path)),
    responses(
        (status = 200, content((FileContent = "application/zip"), (FileContent = "application/octet-stream"))),
        (status = 206, content((FileContent = "application/zip"), (FileContent = "application/octet-stream"))),
        (status = 304),
        (status = 404, body = Problem), (status = 416, body = Problem)))]
pub(crate) async fn download(
    State(app): State<App>,
    caller: Caller,
    PathId(name): PathId,
    request: Request,
) -> Result<Response, Problem> {
    // An archive holds everything, whatever the caller may otherwise see.
    caller.actor.require(Permission::BackupManage)?;
    let wanted = name.clone();
    let path = blocking(&app, &caller, move |engine, actor| engine.listed_archive(actor, &wanted)).await?;
    let served = ServeFile::new(path).try_call(request).await.map_err(|error| Problem::internal(&error))?;
    match served.status() {
        StatusCode::RANGE_NOT_SATISFIABLE => {
            let detail = "the archive does not have this range";
            let problem =
                Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range", "Range not satisfiable", detail);
            let mut response = problem.into_response();
            if let Some(size) = served.headers().get(header::CONTENT_RANGE) {
                response.headers_mut().insert(header::CONTENT_RANGE, size.clone());
            }
            return Ok(response);
        }
        StatusCode::NOT_FOUND => return Err(Problem::not_found(format!("there is no archive {name:?}"))),
        _ => {}
    }
    let mut response = served.map(Body::new);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_DISPOSITION, attachment(&name));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

/// Returns a header that makes a browser save the file. Unusual characters in the name become `_`.
pub(super) fn attachment(name: &str) -> HeaderValue {
    let usual = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let name: String = name.chars().map(|character| if usual(character) { character } else { '_' }).collect();
    HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).expect("it is ASCII")
}

/// Upload an archive under a name that is free. It must look like an archive, but nothing in it is verified yet.
#[utoipa::path(put, path = "/backups/{name}", tag = "backups", params(("name" = String, Path)),
    request_body(content((FileContent = "application/zip"), (FileContent = "application/octet-stream"))),
    responses((status = 201, body = BackupDetails), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 507, body = Problem)))]
pub(crate) async fn upload(
    State(app): State<App>,
    caller: Caller,
    PathId(name): PathId,
    headers: HeaderMap,
    body: Body,
) -> Result<Reply<BackupDetails>, Problem> {
    caller.actor.require(Permission::BackupManage)?;
    require_media_type(&headers, &["application/zip", "application/octet-stream"])?;
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let expected = length.and_then(|text| text.parse().ok());
    let summary = receive(&app, &caller, name, expected, body.into_data_stream()).await?;
    Ok(Reply::created(summary.into()))
}

/// Receives an archive, piece by piece. `expected` is its size if it is known.
pub(crate) async fn receive<E: std::fmt::Display>(
    app: &App,
    caller: &Caller,
    name: String,
    expected: Option<u64>,
    pieces: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<Summary, Problem> {
    caller.actor.require(Permission::BackupManage)?;
    let (content, limit) = (pieces, app.options.max_upload);
    let (sender, mut pieces) = mpsc::channel::<Piece>(PIECES_WAITING);
    let receiving = blocking(app, caller, move |engine, actor| {
        let mut upload = engine.receive_backup(actor, &name, expected, limit)?;
        // If the client or the request is gone, the channel ends without `End`, and the upload is dropped.
        while let Some(piece) = pieces.blocking_recv() {
            match piece {
                Piece::Bytes(bytes) => upload.write(&bytes)?,
                Piece::End => return upload.finish(),
            }
        }
        Err(backup::Error::Cancelled)
    });
    let (sent, received) = tokio::join!(send(content, sender), receiving);
    // A receiver that fails stops the sender, so its error comes first.
    let summary = match (sent, received) {
        (Err(broken), Err(_)) => return Err(broken),
        (_, received) => received?,
    };
    app.backup_ages.forget().await;
    Ok(summary)
}

/// A piece of a body.
enum Piece {
    Bytes(Bytes),
    /// The body is complete.
    End,
}

/// Passes a body on, until its end, an error, or the end of the receiver.
async fn send<E: std::fmt::Display>(
    mut stream: impl Stream<Item = Result<Bytes, E>> + Unpin,
    sender: mpsc::Sender<Piece>,
) -> Result<(), Problem> {
    while let Some(piece) = stream.next().await {
        let bytes =
            piece.map_err(|error| Problem::bad_request(format!("the upload was interrupted: {error}")))?;
        if sender.send(Piece::Bytes(bytes)).await.is_err() {
            return Ok(());
        }
    }
    // Fails only if the receiver has failed, which it reports itself.
    let _ = sender.send(Piece::End).await;
    Ok(())
}
