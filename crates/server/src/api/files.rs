//! Uploads of datasheets and images, and the files themselves.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use inventory::files::{FileStore, MAX_IMAGE, NewDatasheet, UploadOnce};
use inventory::parts::{Datasheet, Part};
use inventory::{Actor, Error, FileKind, FileProblem, Once, StaticFiles};
use serde::{Deserialize, Serialize};
use tokio::sync::SemaphorePermit;
use tokio_stream::StreamExt;
use tokio_util::io::{StreamReader, SyncIoBridge};
use tower::ServiceExt;
use tower_http::services::ServeFile;
use utoipa::{IntoParams, ToSchema};

use super::part_details::DatasheetView;
use super::parts::PartView;
use crate::app::App;
use crate::auth::Caller;
use crate::call::{Params, PathId, PathIds, Reply, Upload, recorded, replayed};
use crate::problem::Problem;

/// The time in which an image must be sent.
const IMAGE_TIME: Duration = Duration::from_secs(120);
/// What a browser may do with a file: nothing but show it.
const CONTENT_SECURITY_POLICY: &str = "sandbox; default-src 'none'";
/// The same for a PDF document, which pages of this server show in a frame. Viewers of browsers do not work in a sandbox; they run no
/// scripts of a document in this origin.
const DOCUMENT_POLICY: &str = "default-src 'none'; frame-ancestors 'self'";

impl App {
    /// Returns the files of the inventory.
    pub(crate) async fn files(&self) -> Result<FileStore, Problem> {
        let files = StaticFiles::new(&self.engine.places().static_files);
        Ok(FileStore::new(self.inventory().await?, files))
    }

    /// Sets the image of a part. Few images are read at the same time, and fewer are decoded, so that slow uploads do not keep others
    /// from being decoded.
    pub(crate) async fn set_image(
        &self,
        actor: &Actor,
        (part_id, version): (&str, Option<String>),
        read: impl Future<Output = Result<Vec<u8>, Problem>>,
    ) -> Result<Part, Problem> {
        let (content, _turn) = self.image_content(actor, part_id, read).await?;
        Ok(self.files().await?.set_image(actor, (part_id, version), content).await?)
    }

    /// Reads an image, and waits for the permit to decode it.
    async fn image_content(
        &self,
        actor: &Actor,
        part_id: &str,
        read: impl Future<Output = Result<Vec<u8>, Problem>>,
    ) -> Result<(Vec<u8>, SemaphorePermit<'_>), Problem> {
        self.files().await?.check_upload(actor, part_id).await?;
        let internal = |error| Problem::internal(&error);
        let content = {
            let _turn = self.image_bodies.acquire().await.map_err(internal)?;
            let read = tokio::time::timeout(IMAGE_TIME, read).await;
            read.map_err(|_| Problem::bad_request("the image was not sent in time"))??
        };
        Ok((content, self.images.acquire().await.map_err(internal)?))
    }

    /// Deletes the files to which changed and deleted rows have referred. A failure is logged only, since the rows are changed already.
    pub(crate) async fn remove_released_files(&self) {
        let removed = async { Ok::<_, Problem>(self.files().await?.remove_released().await?) };
        if let Err(error) = removed.await {
            tracing::warn!(?error, "a file that is no longer used could not be deleted");
        }
    }
}

/// Reads an image.
async fn read_image(body: Body) -> Result<Vec<u8>, Problem> {
    let limit = usize::try_from(MAX_IMAGE).unwrap_or(usize::MAX);
    let read = axum::body::to_bytes(body, limit).await;
    Ok(read.map_err(|_| Error::BadFile { problem: FileProblem::TooLarge { max: MAX_IMAGE } })?.into())
}

/// Returns a reader of a body for a thread that may block.
fn reader(body: Body) -> impl Read + Send + 'static {
    let stream = body.into_data_stream().map(|chunk| chunk.map_err(std::io::Error::other));
    SyncIoBridge::new(StreamReader::new(stream))
}

/// What is known about a new datasheet.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DatasheetParams {
    /// The title. Default: the name of the file without its extension.
    title: Option<String>,
    /// The name of the file.
    filename: Option<String>,
    /// The supplier that the document came from.
    supplier: Option<String>,
    /// The address that the document came from.
    url: Option<String>,
    /// Whether the document is shown first.
    #[serde(default)]
    is_primary: bool,
}

/// The content of a file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(crate) struct FileContent(#[expect(dead_code, reason = "only describes a body")] Vec<u8>);

/// Upload a datasheet: the body is a PDF document of at most 100 MiB.
#[utoipa::path(post, path = "/parts/{id}/datasheets", tag = "files",
    params(("id" = String, Path), DatasheetParams),
    request_body(content = FileContent, content_type = "application/pdf"),
    responses((status = 201, body = DatasheetView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem)))]
pub(crate) async fn add_datasheet(
    State(app): State<App>,
    PathId(part_id): PathId,
    Params(params): Params<DatasheetParams>,
    upload: Upload,
) -> Result<Response, Problem> {
    let named = params.filename.as_deref().map(Path::new).and_then(Path::file_stem);
    let named = named.map(|stem| stem.to_string_lossy().into_owned());
    let new = NewDatasheet {
        part_id,
        title: params.title.or(named),
        supplier: params.supplier,
        url: params.url,
        is_primary: params.is_primary,
    };
    let reply = |added: &Datasheet| Reply::created(DatasheetView::from(added.clone()));
    let (store, actor) = (app.files().await?, &upload.caller.actor);
    let Some(key) = &upload.key else {
        return Ok(reply(&store.add_datasheet(actor, new, reader(upload.body)).await?).into_response());
    };
    let once = UploadOnce { key, respond: &|added| recorded(&reply(added)) };
    respond(store.add_datasheet_once(actor, new, reader(upload.body), &once).await?, reply)
}

/// Returns the response to an upload with an idempotency key.
fn respond<T, V: Serialize>(
    outcome: Once<T>,
    reply: impl FnOnce(&T) -> Reply<V>,
) -> Result<Response, Problem> {
    match outcome {
        Once::Done(output) => Ok(reply(&output).into_response()),
        Once::Repeated(recorded) => replayed(&recorded),
    }
}

/// Delete a datasheet and its file.
#[utoipa::path(delete, path = "/parts/{id}/datasheets/{datasheet_id}", tag = "files",
    params(("id" = String, Path), ("datasheet_id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(crate) async fn delete_datasheet(
    State(app): State<App>,
    caller: Caller,
    PathIds((part_id, id)): PathIds,
) -> Result<Reply<()>, Problem> {
    app.files().await?.delete_datasheet(&caller.actor, &part_id, &id).await?;
    Ok(Reply::no_content())
}

/// Upload the image of a part: the body is a PNG, JPEG, GIF or WebP image of at most 20 MiB and 50 megapixels. It is stored
/// upright and without metadata, such as the place where a photo was taken.
#[utoipa::path(put, path = "/parts/{id}/image", tag = "files", params(("id" = String, Path)),
    request_body(content = FileContent, content_type = "image/*"),
    responses((status = 200, body = PartView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn set_image(
    State(app): State<App>,
    PathId(id): PathId,
    upload: Upload,
) -> Result<Response, Problem> {
    let reply = |part: &Part| Reply::ok(PartView::from(part.clone())).version(&part.version);
    let Upload { caller, body, version, key } = upload;
    let Some(key) = &key else {
        let part = app.set_image(&caller.actor, (&id, version), read_image(body)).await?;
        return Ok(reply(&part).into_response());
    };
    let (content, _turn) = app.image_content(&caller.actor, &id, read_image(body)).await?;
    let once = UploadOnce { key, respond: &|part| recorded(&reply(part)) };
    let store = app.files().await?;
    respond(store.set_image_once(&caller.actor, (&id, version), content, &once).await?, reply)
}

/// How an image is shown.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImageParams {
    /// A small picture of at most 256 × 256 pixels.
    #[serde(default)]
    thumbnail: bool,
}

/// Read an image. Ranges are supported. The extension in the name may be missing.
#[utoipa::path(get, path = "/files/images/{name}", tag = "files", params(("name" = String, Path), ImageParams),
    responses((status = 200, body = FileContent, content_type = "image/*"), (status = 404, body = Problem)))]
pub(crate) async fn image(
    State(app): State<App>,
    caller: Caller,
    PathId(name): PathId,
    Params(params): Params<ImageParams>,
    request: Request,
) -> Result<Response, Problem> {
    let store = app.files().await?;
    let path = if params.thumbnail {
        let _turn = app.images.acquire().await.map_err(|error| Problem::internal(&error))?;
        store.thumbnail(&caller.actor, &name).await?
    } else {
        store.find(&caller.actor, FileKind::Images, &name)?
    };
    serve(&path, &name, request).await
}

/// Read a datasheet. Ranges are supported.
#[utoipa::path(get, path = "/files/datasheets/{name}", tag = "files", params(("name" = String, Path)),
    responses((status = 200, body = FileContent, content_type = "application/pdf"), (status = 404, body = Problem)))]
pub(crate) async fn datasheet(
    State(app): State<App>,
    caller: Caller,
    PathId(name): PathId,
    request: Request,
) -> Result<Response, Problem> {
    let path = app.files().await?.find(&caller.actor, FileKind::Datasheets, &name)?;
    serve(&path, &name, request).await
}

/// Sends a file with a type that is told from its content. What is neither an image nor a PDF document, such as SVG or HTML, is
/// only offered to be saved.
async fn serve(path: &Path, name: &str, request: Request) -> Result<Response, Problem> {
    let found = media_type(path).await.map_err(|error| Problem::internal(&error))?;
    let file = ServeFile::new(path).oneshot(request).await.map_err(|error| Problem::internal(&error))?;
    let mut response = file.map(Body::new).into_response();
    let headers = response.headers_mut();
    let disposition = if found.is_some() { "inline" } else { "attachment" };
    let kept = |char: &char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_');
    let file_name: String = name.rsplit('/').next().unwrap_or_default().chars().filter(kept).collect();
    let disposition = HeaderValue::from_str(&format!("{disposition}; filename=\"{file_name}\""));
    headers.insert(header::CONTENT_DISPOSITION, disposition.map_err(|error| Problem::internal(&error))?);
    let media_type = found.unwrap_or("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let is_document = media_type == "application/pdf";
    if is_document {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    }
    let policy = if is_document { DOCUMENT_POLICY } else { CONTENT_SECURITY_POLICY };
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "private, max-age=0, must-revalidate"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// Returns the type of an image or a PDF document.
async fn media_type(path: &Path) -> std::io::Result<Option<&'static str>> {
    let path = path.to_owned();
    let read = move || {
        let mut head = Vec::new();
        std::fs::File::open(path)?.take(1024).read_to_end(&mut head)?;
        Ok(match head.as_slice() {
            [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
            [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
            [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
            [b'%', b'P', b'D', b'F', b'-', ..] => Some("application/pdf"),
            _ => None,
        })
    };
    tokio::task::spawn_blocking(read).await.map_err(std::io::Error::other)?
}
