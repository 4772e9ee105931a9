//! Reads a file that a form sends, <https://www.rfc-editor.org/rfc/rfc7578>.

use std::io::Read;

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use tokio_stream::{Stream, StreamExt};
use tokio_util::io::{StreamReader, SyncIoBridge};

use crate::problem::Problem;

/// The largest number of bytes of a field beside the file.
const MAX_TEXT: usize = 4096;

/// The file of a form, whose content is read while it arrives.
pub(super) struct UploadedFile {
    /// The name that the file has on the machine of the visitor.
    pub(super) name: String,
    field: multer::Field<'static>,
}

impl UploadedFile {
    /// Finds the file in the field `file`. Returns `None` if no file was chosen.
    pub(super) async fn find(request: Request) -> Result<Option<Self>, Problem> {
        Ok(Self::find_after(request, &[]).await?.1)
    }

    /// Finds the file in the field `file`, and the values of those of the named fields that stand before it.
    pub(super) async fn find_after(
        request: Request,
        names: &[&str],
    ) -> Result<(Vec<(String, String)>, Option<Self>), Problem> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(content_type).map_err(unreadable)?;
        let mut form = multer::Multipart::new(request.into_body().into_data_stream(), boundary);
        let mut texts = Vec::new();
        while let Some(mut field) = form.next_field().await.map_err(unreadable)? {
            let field_name = field.name().unwrap_or_default().to_owned();
            if field_name == "file" {
                let name = field.file_name().unwrap_or_default().to_owned();
                return Ok((texts, Some(Self { name, field }).filter(|file| !file.name.is_empty())));
            }
            if names.contains(&field_name.as_str()) {
                texts.push((field_name, short_text(&mut field).await?));
            }
        }
        Ok((texts, None))
    }

    /// Returns the content, piece by piece.
    pub(super) fn pieces(self) -> impl Stream<Item = Result<Bytes, multer::Error>> + Send + Unpin {
        self.field
    }

    /// Reads the whole content, which must have at most `max` bytes.
    pub(super) async fn bytes(mut self, max: usize) -> Result<Vec<u8>, Problem> {
        let mut content = Vec::new();
        while let Some(chunk) = self.field.chunk().await.map_err(unreadable)? {
            if content.len() + chunk.len() > max {
                let detail = format!("the file may have at most {} MiB", max >> 20);
                return Err(Problem::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "too-large",
                    "Request too large",
                    detail,
                ));
            }
            content.extend_from_slice(&chunk);
        }
        Ok(content)
    }

    /// Returns a reader of the content for a thread that may block.
    pub(super) fn reader(self) -> impl Read + Send + 'static {
        let stream = self.field.map(|chunk| chunk.map_err(std::io::Error::other));
        SyncIoBridge::new(StreamReader::new(stream))
    }
}

/// Reads the value of a field that is no file.
async fn short_text(field: &mut multer::Field<'static>) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_TEXT {
            return Err(Problem::bad_request("a field of the form is too large"));
        }
    }
    String::from_utf8(bytes).map_err(|_| Problem::bad_request("a field of the form is no text"))
}

fn unreadable(error: multer::Error) -> Problem {
    Problem::bad_request(format!("the upload cannot be read: {error}"))
}
