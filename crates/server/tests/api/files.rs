//! Uploads, and the files themselves.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use inventory::{Actor, Permission};
use serde_json::json;

use crate::support::{Answer, Client, TestServer};

const PDF: &[u8] = include_bytes!("../../../inventory/assets/datasheet.pdf");
const PNG: &[u8] = include_bytes!("../../../inventory/assets/led.png");

async fn signed_in() -> (TestServer, Client, String) {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    let part = server.post(&client, "/api/v1/parts", json!({"name": "LED"})).await.body;
    let path = format!("/api/v1/parts/{}", part["id"].as_str().unwrap());
    (server, client, path)
}

/// Returns the names of the static files in a folder.
fn stored(server: &TestServer, folder: &str) -> Vec<String> {
    let folder = server.engine.places().static_files.join(folder);
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn header(answer: &Answer, name: header::HeaderName) -> &str {
    answer.headers[name].to_str().unwrap()
}

#[tokio::test]
async fn a_datasheet_is_stored_with_its_row_and_served_safely() {
    let (server, client, part) = signed_in().await;
    let upload = format!("{part}/datasheets?filename=LED%20red.pdf");
    let added = server.upload(&client, Method::POST, &upload, PDF).await;
    assert_eq!((added.status, &added.body["title"]), (StatusCode::CREATED, &json!("LED red")), "{added:?}");
    assert_eq!(added.body["file_size"], PDF.len());
    let shown = server.get(&client, &part).await.body;
    assert_eq!(shown["datasheets"][0]["id"], added.body["id"]);
    let file = format!("/api/v1/files/datasheets/{}", added.body["filename"].as_str().unwrap());
    let got = server.get(&client, &file).await;
    assert_eq!((got.status, header(&got, header::CONTENT_TYPE)), (StatusCode::OK, "application/pdf"));
    assert_eq!(header(&got, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(header(&got, header::CONTENT_SECURITY_POLICY), "default-src 'none'; frame-ancestors 'self'");
    assert_eq!(header(&got, header::X_FRAME_OPTIONS), "SAMEORIGIN");
    let tag = header(&got, header::ETAG);
    let again = server.get(&client.clone().with("if-none-match", tag), &file).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    let part_of_it = server.get(&client.clone().with("range", "bytes=0-4"), &file).await;
    assert_eq!((part_of_it.status, part_of_it.body), (StatusCode::PARTIAL_CONTENT, json!("%PDF-")));
    let anonymous = server.get(&Client::default(), &file).await;
    assert_eq!(anonymous.status, StatusCode::UNAUTHORIZED);
    let outside = server.get(&client, "/api/v1/files/datasheets/..%2F..%2Fmakers_matrix.db").await;
    assert_eq!(outside.status, StatusCode::NOT_FOUND, "{outside:?}");

    let row = format!("{part}/datasheets/{}", added.body["id"].as_str().unwrap());
    let deleted = server.send(&client, Method::DELETE, &row, None).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{deleted:?}");
    assert_eq!(stored(&server, "datasheets"), [""; 0]);
}

#[tokio::test]
async fn an_upload_that_is_refused_leaves_no_file() {
    let (server, client, part) = signed_in().await;
    let datasheets = format!("{part}/datasheets");
    let html = server.upload(&client, Method::POST, &datasheets, b"<html><script>").await;
    assert_eq!(html.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{html:?}");
    let svg = server.upload(&client, Method::PUT, &format!("{part}/image"), b"<svg onload='x'/>").await;
    assert_eq!(svg.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{svg:?}");
    let large = [PDF, &vec![0; 100 << 20]].concat();
    let large = server.upload(&client, Method::POST, &datasheets, &large).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE, "{large:?}");
    let large = server.upload(&client, Method::PUT, &format!("{part}/image"), &vec![0; (20 << 20) + 1]).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE, "{large:?}");
    // The row is refused after the file was stored.
    let long = format!("{datasheets}?title={}", "x".repeat(50_000) + "%00");
    let refused = server.upload(&client, Method::POST, &long, PDF).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
    let stale = client.clone().with("if-match", "\"x\"");
    let stale = server.upload(&stale, Method::PUT, &format!("{part}/image"), PNG).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED, "{stale:?}");
    server.user("reader", [Permission::PartsRead].into()).await;
    let reader = server.client("reader").await;
    let forbidden = server.upload(&reader, Method::POST, &datasheets, PDF).await;
    assert_eq!(forbidden.status, StatusCode::FORBIDDEN, "{forbidden:?}");
    let nothing = server.upload(&client, Method::POST, "/api/v1/parts/nothing/datasheets", PDF).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND, "{nothing:?}");
    assert_eq!((stored(&server, "datasheets"), stored(&server, "images")), (vec![], vec![]));
}

#[tokio::test]
async fn an_image_is_replaced_shown_small_and_removed_with_its_part() {
    let (server, client, part) = signed_in().await;
    let image = format!("{part}/image");
    for _ in 0..2 {
        let set = server.upload(&client, Method::PUT, &image, PNG).await;
        assert_eq!(set.status, StatusCode::OK, "{set:?}");
    }
    let names = stored(&server, "images");
    assert_eq!(names.len(), 1, "the replaced file is gone: {names:?}");
    let url = server.get(&client, &part).await.body["image_url"].as_str().unwrap().to_owned();
    let name = url.strip_prefix("/api/utility/get_image/").unwrap();
    let shown = server.get(&client, &format!("/api/v1/files/images/{name}")).await;
    assert_eq!((shown.status, header(&shown, header::CONTENT_TYPE)), (StatusCode::OK, "image/png"));
    let small = server.get(&client, &format!("/api/v1/files/images/{name}?thumbnail=true")).await;
    assert_eq!(small.status, StatusCode::OK, "{small:?}");

    let begun = server.post(&client, "/api/v1/backups", json!({"name": "b"})).await;
    assert_eq!(server.finished(&client, &begun).await["status"], "succeeded");
    let archive = server.engine.places().backups.join("b.zip");
    let files = server.engine.show(&Actor::System, &archive).unwrap().contents.unwrap().files;
    assert!(!files.iter().any(|file| format!("{file:?}").contains("thumbnails")), "{files:?}");

    let copy = server.post(&client, &format!("{part}/duplicate"), json!({})).await.body;
    let gone = server.send(&client, Method::DELETE, &part, None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(stored(&server, "images"), names, "the duplicate still shows the image");
    let ids = json!({"ids": [copy["id"]]});
    server.post(&client, "/api/v1/parts/bulk-delete", ids).await;
    assert_eq!(stored(&server, "images"), [""; 0]);
    assert_eq!(stored(&server, ".mm-thumbnails"), [""; 0]);
}

/// Uploads an image and returns its address.
async fn image_of(server: &TestServer, client: &Client, part: &str) -> String {
    let set = server.upload(client, Method::PUT, &format!("{part}/image"), PNG).await;
    set.body["image_url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_image_that_a_change_leaves_without_a_row_is_removed() {
    let (server, client, part) = signed_in().await;
    for other in [json!(null), json!("https://example.org/led.png"), json!("")] {
        image_of(&server, &client, &part).await;
        assert_eq!(stored(&server, "images").len(), 1);
        let changed = server.patch(&client, &part, json!({"image_url": other})).await;
        assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
        assert_eq!(stored(&server, "images"), [""; 0], "{other}");
    }
    let address = image_of(&server, &client, &part).await;
    let refused = server.patch(&client, &part, json!({"image_url": null, "name": ""})).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
    server.patch(&client, &part, json!({"description": "red"})).await;
    assert_eq!(stored(&server, "images").len(), 1, "the image is still used");

    let place = json!({"name": "Shelf", "image_url": format!("{address}.png?v=2")});
    let place = server.post(&client, "/api/v1/locations", place).await.body;
    let project = json!({"name": "Lamp", "image_url": address});
    let project = server.post(&client, "/api/v1/projects", project).await.body;
    server.patch(&client, &part, json!({"image_url": null})).await;
    let project = format!("/api/v1/projects/{}", project["id"].as_str().unwrap());
    server.send(&client, Method::DELETE, &project, None).await;
    assert_eq!(stored(&server, "images").len(), 1, "the location still shows the image");
    let place = format!("/api/v1/locations/{}", place["id"].as_str().unwrap());
    server.patch(&client, &place, json!({"image_url": null})).await;
    assert_eq!(stored(&server, "images"), [""; 0]);
}

#[tokio::test]
async fn an_image_that_is_replaced_during_a_backup_is_removed_after_it() {
    let (server, client, part) = signed_in().await;
    image_of(&server, &client, &part).await;
    let files = inventory::StaticFiles::new(&server.engine.places().static_files);
    let backup = files.defer_deletions().unwrap();
    server.patch(&client, &part, json!({"image_url": null})).await;
    assert_eq!(stored(&server, "images").len(), 1, "the backup still needs it");
    drop(backup);
    files.sweep().unwrap();
    assert_eq!(stored(&server, "images"), [""; 0]);
}

#[tokio::test]
async fn an_upload_with_an_idempotency_key_happens_once() {
    let (server, client, part) = signed_in().await;
    let (keyed, other) =
        (client.clone().with("idempotency-key", "a"), client.clone().with("idempotency-key", "b"));
    let upload = format!("{part}/datasheets?title=LED");
    let first = server.upload(&keyed, Method::POST, &upload, PDF).await;
    assert_eq!(first.status, StatusCode::CREATED, "{first:?}");
    let again = server.upload(&keyed, Method::POST, &upload, PDF).await;
    assert_eq!((again.status, &again.body), (StatusCode::CREATED, &first.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let longer = [PDF, b"\n"].concat();
    for (path, content) in [(&upload, &longer[..]), (&format!("{upload}2"), PDF)] {
        let reused = server.upload(&keyed, Method::POST, path, content).await;
        let kind = &reused.body["type"];
        assert_eq!(
            (reused.status, kind),
            (StatusCode::CONFLICT, &json!("urn:makermatrix:idempotency-key-reused"))
        );
    }
    assert_eq!(stored(&server, "datasheets").len(), 1, "what was sent again was not kept");
    assert_eq!(server.upload(&other, Method::POST, &upload, PDF).await.status, StatusCode::CREATED);
    assert_eq!(stored(&server, "datasheets").len(), 2);

    let (image, image_key) = (format!("{part}/image"), client.clone().with("idempotency-key", "c"));
    let first = server.upload(&image_key, Method::PUT, &image, PNG).await;
    assert_eq!(first.status, StatusCode::OK, "{first:?}");
    let another = server.upload(&image_key, Method::PUT, &image, &[PNG, b"x"].concat()).await;
    assert_eq!(another.status, StatusCode::CONFLICT, "{another:?}");
    let server = server.restarted().await;
    let again = server.upload(&image_key, Method::PUT, &image, PNG).await;
    assert_eq!((again.status, &again.body), (StatusCode::OK, &first.body));
    assert_eq!(again.headers["etag"], first.headers["etag"]);
    assert_eq!(stored(&server, "images").len(), 1);
    let long = client.clone().with("idempotency-key", &"x".repeat(256));
    assert_eq!(server.upload(&long, Method::PUT, &image, PNG).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn slow_uploads_of_images_do_not_block_another_one() {
    let (server, client, part) = signed_in().await;
    let image = format!("{part}/image");
    let slow = |_| {
        let endless = Body::from_stream(tokio_stream::pending::<Result<Vec<u8>, std::io::Error>>());
        server.send_body(&client, Method::PUT, &image, endless)
    };
    let mut slow = Vec::from_iter((0..4).map(slow).map(Box::pin));
    for upload in &mut slow {
        // Each request gets as far as it can: it waits for its body.
        let pending =
            std::future::poll_fn(|cx| std::task::Poll::Ready(Future::poll(upload.as_mut(), cx).is_pending()))
                .await;
        assert!(pending);
    }
    let quick = server.upload(&client, Method::PUT, &image, PNG);
    let all_slow = std::future::poll_fn(|cx| {
        for upload in &mut slow {
            assert!(Future::poll(upload.as_mut(), cx).is_pending());
        }
        std::task::Poll::<()>::Pending
    });
    let set = tokio::select! { set = quick => set, () = all_slow => unreachable!("they never end") };
    assert_eq!(set.status, StatusCode::OK, "{set:?}");
}

#[tokio::test]
async fn html_in_the_static_files_is_only_offered_to_be_saved() {
    let (server, client, _) = signed_in().await;
    let folder = server.engine.places().static_files.join("images");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("old.svg"), "<svg onload='alert(1)'/>").unwrap();
    let got = server.get(&client, "/api/v1/files/images/old.svg").await;
    assert_eq!(header(&got, header::CONTENT_TYPE), "application/octet-stream");
    assert_eq!(header(&got, header::CONTENT_DISPOSITION), "attachment; filename=\"old.svg\"");
}
