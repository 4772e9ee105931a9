//! Downloads and uploads of archives.

use std::path::Path;

use axum::body::{Body, Bytes};
use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use inventory::Permission;
use rstest::rstest;
use serde_json::{Value, json};
use server::Options;
use testkit::state::FILES_CACHE;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::backups::{fill, with_backup};
use crate::support::{Client, TestServer};

const CONTENT: &str = "/api/v1/backups/first.zip/content";

async fn bytes(response: Response) -> Bytes {
    axum::body::to_bytes(response.into_body(), 64 << 20).await.unwrap()
}

async fn download(server: &TestServer, client: &Client) -> Response {
    server.send_body(client, Method::GET, CONTENT, Body::empty()).await
}

async fn upload(
    server: &TestServer,
    client: &Client,
    name: &str,
    body: impl Into<Body>,
) -> (StatusCode, Value) {
    let client = client.clone().with("content-type", "application/zip");
    let response =
        server.send_body(&client, Method::PUT, &format!("/api/v1/backups/{name}"), body.into()).await;
    (response.status(), serde_json::from_slice(&bytes(response).await).unwrap())
}

/// Returns the names in the backup folder, but for the files cache.
fn names(server: &TestServer) -> Vec<String> {
    let folder: &Path = &server.engine.places().backups;
    let mut names: Vec<String> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name != FILES_CACHE)
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_download_is_the_archive_in_whole_or_in_ranges() {
    let (server, client) = with_backup().await;
    let archive = std::fs::read(server.engine.places().backups.join("first.zip")).unwrap();
    let whole = download(&server, &client.clone().with("accept-encoding", "gzip")).await;
    let headers = whole.headers().clone();
    assert_eq!(headers[header::CONTENT_DISPOSITION], "attachment; filename=\"first.zip\"");
    assert_eq!(headers[header::CONTENT_LENGTH], archive.len().to_string().as_str(), "not compressed again");
    assert!(headers.contains_key(header::LAST_MODIFIED));
    assert_eq!(bytes(whole).await, archive);

    let part = download(&server, &client.clone().with("range", "bytes=10-19")).await;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(bytes(part).await, archive[10..20]);
    let beyond = download(&server, &client.clone().with("range", "bytes=99999999-")).await;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(beyond.headers()[header::CONTENT_TYPE], "application/problem+json");
    let same =
        download(&server, &client.clone().with("if-none-match", headers[header::ETAG].to_str().unwrap()))
            .await;
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
    let head = server.send_body(&client, Method::HEAD, CONTENT, Body::empty()).await;
    assert_eq!(head.headers()[header::CONTENT_LENGTH], archive.len().to_string().as_str());
}

#[tokio::test]
async fn archives_move_only_with_the_permission_to_manage_backups() {
    let (server, _) = with_backup().await;
    server.user("maker", [Permission::BackupCreate].into()).await;
    let maker = server.client("maker").await;
    assert_eq!(download(&server, &maker).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(upload(&server, &maker, "x.zip", "").await.0, StatusCode::FORBIDDEN);
    assert_eq!(upload(&server, &Client::default(), "x.zip", "").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(names(&server), ["first.zip", "first.zip.status.json"]);
}

#[tokio::test]
async fn an_uploaded_archive_can_be_restored() {
    let (server, client) = with_backup().await;
    let archive = bytes(download(&server, &client).await).await;
    let (status, body) = upload(&server, &client, "moved.zip", archive.clone()).await;
    assert_eq!((status, &body["contents"]["counts"]["parts"]), (StatusCode::CREATED, &json!(1)), "{body}");
    assert!(body["verified_at"].is_null(), "{body}");
    let (status, body) = upload(&server, &client, "moved.zip", archive).await;
    assert_eq!((status, &body["type"]), (StatusCode::CONFLICT, &json!("urn:makermatrix:conflict")));
    let begun = server.post(&client, "/api/v1/backups/moved.zip/restore", json!({})).await;
    assert_eq!(server.finished(&client, &begun).await["status"], "succeeded");
}

#[rstest]
#[case::no_archive("x.zip", "this is no archive", StatusCode::CONFLICT)]
#[case::nothing("x.zip", "", StatusCode::CONFLICT)]
#[case::another_extension("x.tar", "PK", StatusCode::BAD_REQUEST)]
#[case::a_path("..%2Fx.zip", "PK", StatusCode::BAD_REQUEST)]
#[case::hidden(".x.zip", "PK", StatusCode::BAD_REQUEST)]
#[tokio::test]
async fn what_is_no_archive_is_refused_and_leaves_nothing(
    #[case] name: &str,
    #[case] body: &'static str,
    #[case] expected: StatusCode,
) {
    let (server, client) = with_backup().await;
    let before = names(&server);
    let (status, body) = upload(&server, &client, name, body).await;
    assert_eq!(status, expected, "{body}");
    assert_eq!(names(&server), before);
    assert!(!server.folder.path().join("x.zip").exists());
}

#[tokio::test]
async fn an_upload_beyond_the_limit_is_refused_and_leaves_nothing() {
    let server = TestServer::with_options(Options { max_upload: 1000, ..Options::default() }).await;
    let client = fill(&server).await;
    let announced = client.clone().with("content-length", "1001");
    for client in [&announced, &client] {
        let (status, body) = upload(&server, client, "x.zip", vec![0; 1001]).await;
        assert_eq!(
            (status, &body["type"]),
            (StatusCode::PAYLOAD_TOO_LARGE, &json!("urn:makermatrix:too-large"))
        );
    }
    assert_eq!(names(&server), ["first.zip", "first.zip.status.json"]);
}

#[tokio::test]
async fn an_upload_needs_the_media_type_of_an_archive() {
    let (server, client) = with_backup().await;
    let client = client.with("content-type", "text/html");
    let response = server.send_body(&client, Method::PUT, "/api/v1/backups/x.zip", Body::from("PK")).await;
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

/// Waits until the backup folder has these names.
async fn wait_for_names(server: &TestServer, wanted: &[&str]) {
    while names(server) != wanted {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_upload_whose_client_goes_away_leaves_nothing() {
    let (server, client) = with_backup().await;
    let (sender, receiver) = mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let uploading = upload(&server, &client, "x.zip", Body::from_stream(ReceiverStream::new(receiver)));
    let partial = [".x.zip.partial", "first.zip", "first.zip.status.json"];
    let gone = async {
        sender.send(Ok(Bytes::from_static(b"PK"))).await.unwrap();
        wait_for_names(&server, &partial).await;
    };
    tokio::select! {
        answer = uploading => panic!("the body has not ended, but {answer:?}"),
        () = gone => {}
    }
    wait_for_names(&server, &["first.zip", "first.zip.status.json"]).await;

    let (sender, receiver) = mpsc::channel::<Result<Bytes, std::io::Error>>(2);
    sender.send(Ok(Bytes::from_static(b"PK"))).await.unwrap();
    sender.send(Err(std::io::Error::other("the connection was reset"))).await.unwrap();
    let (status, body) =
        upload(&server, &client, "x.zip", Body::from_stream(ReceiverStream::new(receiver))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    assert_eq!(names(&server), ["first.zip", "first.zip.status.json"]);
}

#[tokio::test]
async fn an_upload_that_a_kill_interrupted_is_removed_at_the_next_start_or_the_next_attempt() {
    let (server, client) = with_backup().await;
    let archive = bytes(download(&server, &client).await).await;
    let left = server.engine.places().backups.join(".x.zip.partial");
    std::fs::write(&left, "PK").unwrap();
    let (status, body) = upload(&server, &client, "x.zip", archive).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    std::fs::write(&left, "PK").unwrap();
    let server = server.restarted().await;
    assert_eq!(names(&server), ["first.zip", "first.zip.status.json", "x.zip"]);
}
