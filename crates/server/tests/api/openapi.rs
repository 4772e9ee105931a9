//! The OpenAPI document, and the page that is made from it.
//!
//! `MAKERMATRIX_OPENAPI=write` rewrites `docs/openapi.json`. Review the difference like code: clients rely on it.

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use axum::http::{StatusCode, header};
use serde_json::Value;

use crate::support::{Client, TestServer};

fn document() -> Value {
    serde_json::to_value(server::openapi()).unwrap()
}

/// Returns all operations, each with its method and path.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
    });
    operations.collect()
}

fn parameters(operation: &Value) -> Vec<&str> {
    let references = operation["parameters"].as_array().into_iter().flatten();
    references.filter_map(|parameter| parameter["$ref"].as_str()?.rsplit('/').next()).collect()
}

#[test]
fn the_document_is_the_reviewed_one() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let text = format!("{}\n", server::openapi().to_pretty_json().unwrap());
    if env::var_os("MAKERMATRIX_OPENAPI").is_some_and(|wish| wish == "write") {
        fs::write(&file, &text).unwrap();
    }
    let reviewed = fs::read_to_string(&file).unwrap();
    let differs = reviewed.lines().zip(text.lines()).position(|(reviewed, found)| reviewed != found);
    let message = "differs from docs/openapi.json: review, and run this test with MAKERMATRIX_OPENAPI=write";
    assert!(reviewed == text, "line {:?} {message}", differs.map(|line| line + 1));
}

#[test]
fn every_route_is_documented_alike() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let tags = document["tags"].as_array().unwrap();
    let described: BTreeSet<&str> = tags.iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let mut ids = BTreeSet::new();
    for (route, operation) in operations(&document) {
        assert_eq!(operation["responses"]["default"]["$ref"], "#/components/responses/Problem", "{route}");
        assert!(operation["summary"].as_str().is_some_and(|text| text.len() > 3), "{route}: no summary");
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{route}: the id is taken");
        for tag in operation["tags"].as_array().unwrap() {
            assert!(
                described.contains(tag.as_str().unwrap()),
                "{route}: {tag} is not in TAGS of document.rs"
            );
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            let text = response["description"].as_str();
            assert!(text.is_none_or(|text| !text.is_empty()), "{route}: {status} is not described");
            let is_problem = response["content"].get("application/problem+json").is_some();
            assert!(
                is_problem == (status.starts_with('4') || status.starts_with('5'))
                    || response["content"].is_null(),
                "{route}: {status} has the wrong media type"
            );
        }
    }
    assert!(ids.len() > 30, "{ids:?}");
}

#[test]
fn changes_document_their_headers() {
    let document = document();
    let of = |path: &str, method: &str| parameters(&document["paths"][path][method]);
    assert_eq!(of("/api/v1/parts/{id}", "patch"), ["Idempotency-Key", "If-Match"]);
    assert_eq!(of("/api/v1/parts/{id}/stock/take", "post"), ["Idempotency-Key"]);
    assert_eq!(of("/api/v1/parts/{id}", "get"), [""; 0]);
    assert_eq!(of("/api/v1/session", "post"), [""; 0]);
    for name in ["Idempotency-Key", "If-Match"] {
        assert_eq!(document["components"]["parameters"][name]["in"], "header");
    }
}

#[test]
fn a_body_is_required_only_where_the_server_requires_one() {
    let document = document();
    let required = |path: &str| &document["paths"][path]["post"]["requestBody"]["required"];
    assert_eq!((required("/api/v1/backups"), required("/api/v1/parts")), (&false.into(), &true.into()));
}

#[test]
fn the_document_says_how_to_sign_in() {
    let document = document();
    let schemes = &document["components"]["securitySchemes"];
    let place = |name: &str| (schemes[name]["in"].as_str().unwrap(), schemes[name]["name"].as_str().unwrap());
    assert_eq!(place("session"), ("cookie", "makermatrix_session"));
    assert_eq!(place("api_key"), ("header", "X-API-Key"));
    assert_eq!(place("authorization"), ("header", "Authorization"));
    let alternatives = document["security"].as_array().unwrap();
    assert_eq!(alternatives.len(), 3);
    assert_eq!(document["paths"]["/api/v1/session"]["post"]["security"], serde_json::json!([{}]));
}

#[tokio::test]
async fn the_page_shows_every_route_and_loads_only_its_style_sheet() {
    let server = TestServer::new().await;
    let page = server.get(&Client::default(), "/api/docs").await;
    assert_eq!(
        (page.status, &page.headers[header::CONTENT_TYPE]),
        (StatusCode::OK, &"text/html; charset=utf-8".parse().unwrap())
    );
    let html = page.body.as_str().unwrap();
    let document = document();
    for (route, operation) in operations(&document) {
        let anchor = format!("<article id=\"{}\">", operation["operationId"].as_str().unwrap());
        assert!(html.contains(&anchor), "{route} is not shown");
        let path = route.split_once(' ').unwrap().1;
        assert!(html.contains(&format!("<code>{path}</code>")), "{route} has no path");
    }
    for (name, _) in document["components"]["schemas"].as_object().unwrap() {
        assert!(html.contains(&format!("id=\"schema-{name}\"")), "{name} is not shown");
    }
    let targets = html.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap());
    for target in targets {
        assert!(html.contains(&format!("id=\"{target}\"")), "#{target} leads nowhere");
    }
    let loaded: Vec<&str> = html.split("<link rel=\"stylesheet\" href=\"").skip(1).collect();
    assert!(loaded.len() == 1 && loaded[0].starts_with("docs.css\""), "{loaded:?}");
    for absent in ["<script", " style=", "http://", "https://", "src=", "@import"] {
        assert!(!html.contains(absent), "{absent}");
    }
    let style = server.get(&Client::default(), "/api/docs.css").await;
    assert_eq!(style.headers[header::CONTENT_TYPE], "text/css; charset=utf-8");
    let style = style.body.as_str().unwrap();
    assert!(style.contains("prefers-color-scheme: dark") && !style.contains("url("), "{style}");
}

#[tokio::test]
async fn the_served_document_is_the_reviewed_one() {
    let server = TestServer::new().await;
    let served = server.get(&Client::default(), "/api/v1/openapi.json").await;
    assert_eq!(served.body, document());
}
