//! One table of access: every route of the OpenAPI document with every kind of caller, and the status that each gets. A new route
//! changes the table. Review every change of it as a security change.

use std::fmt::Write as _;

use axum::http::{Method, StatusCode};
use chrono::TimeDelta;
use inventory::api_keys::{CreateApiKey, RevokeApiKey};
use inventory::roles::CreateDefaultRoles;
use inventory::users::{CreateUser, UpdateUser, User};
use inventory::{Actor, Change, Permission, Timestamp};
use serde_json::{Map, Value, json};

use crate::support::{Client, PASSWORD, TestServer};

const SYSTEM: &Actor = &Actor::System;
/// An address that the bound key must not be used from.
const ELSEWHERE: &str = "10.0.0.1";

/// A caller of the table: the name of its column, the user to sign in as, and the client otherwise.
struct TestCaller {
    column: &'static str,
    username: Option<&'static str>,
    client: Client,
}

/// A route of the document.
struct Route {
    method: Method,
    path: String,
    body: Option<Value>,
    /// The type of a body that is not JSON. It is sent empty.
    media_type: Option<String>,
}

async fn user(server: &TestServer, name: &str, role: &str, password_change_required: bool) -> User {
    let new = CreateUser {
        username: name.to_owned(),
        email: format!("{name}@example.org"),
        password: PASSWORD.to_owned(),
        roles: vec![role.to_owned()],
        password_change_required,
    };
    server.inventory.run(SYSTEM, new).await.unwrap()
}

async fn key(server: &TestServer, user: &User, change: impl FnOnce(&mut CreateApiKey)) -> (String, Client) {
    let mut new = CreateApiKey {
        name: "script".to_owned(),
        user_id: user.id.clone(),
        permissions: [Permission::PartsRead].into(),
        ..CreateApiKey::default()
    };
    change(&mut new);
    let created = server.inventory.run(SYSTEM, new).await.unwrap();
    (created.record.id, Client::with_key(&created.key))
}

async fn callers(server: &TestServer) -> Vec<TestCaller> {
    server.inventory.run(SYSTEM, CreateDefaultRoles).await.unwrap();
    let admin = user(server, "admin", "admin", false).await;
    for role in ["manager", "user", "viewer"] {
        user(server, role, role, false).await;
    }
    user(server, "new", "admin", true).await;
    let left = user(server, "left", "admin", false).await;
    let (_, key_of_left) = key(server, &left, |key| key.permissions = [Permission::All].into()).await;
    let of_left = server.client("left").await;
    let deactivate = UpdateUser { id: left.id, is_active: Change::Set(false), ..UpdateUser::default() };
    server.inventory.run(SYSTEM, deactivate).await.unwrap();
    let (_, parts_key) = key(server, &admin, |_| {}).await;
    let ended = Timestamp(server.inventory.ambient().utc() - TimeDelta::seconds(1));
    let (_, expired) = key(server, &admin, |key| key.expires_at = Some(ended)).await;
    let (id, revoked) = key(server, &admin, |_| {}).await;
    server.inventory.run(SYSTEM, RevokeApiKey(id)).await.unwrap();
    let (_, bound) = key(server, &admin, |key| key.allowed_ips = vec!["10.9.9.9".to_owned()]).await;
    let bound = Client { address: Some(ELSEWHERE.parse().unwrap()), ..bound };

    let signed_in = |column| TestCaller { column, username: Some(column), client: Client::default() };
    let other = |column, client| TestCaller { column, username: None, client };
    vec![
        other("anonymous", Client::default()),
        signed_in("viewer"),
        signed_in("user"),
        signed_in("manager"),
        signed_in("admin"),
        signed_in("new"),
        other("left", of_left),
        other("key", parts_key),
        other("expired", expired),
        other("revoked", revoked),
        other("bound", bound),
        other("left-key", key_of_left),
    ]
}

/// Returns all routes, each with a body that has every required field, and changes nothing.
fn routes() -> Vec<Route> {
    let document = serde_json::to_value(server::openapi()).unwrap();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            let schema = operation.pointer("/requestBody/content/application~1json/schema");
            let body = schema.map(|schema| example(&document, schema));
            let media_types = operation.pointer("/requestBody/content").and_then(Value::as_object);
            let mut other = media_types.into_iter().flat_map(Map::keys).filter(|_| body.is_none());
            let media_type = other.next().cloned();
            let path = path.split('/').map(|part| if part.starts_with('{') { "nothing" } else { part });
            routes.push(Route { method, path: path.collect::<Vec<_>>().join("/"), body, media_type });
        }
    }
    let order = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let position = |route: &Route| order.iter().position(|method| *method == route.method);
    routes.sort_by(|a, b| (&a.path, position(a)).cmp(&(&b.path, position(b))));
    routes
}

/// Returns a value that fits a schema, with required fields only. Texts are empty, except for passwords, whose rules are checked
/// before permissions that depend on the user.
fn example(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.strip_prefix('#').unwrap();
        return example(document, document.pointer(pointer).unwrap());
    }
    for one_of in ["oneOf", "anyOf", "allOf"] {
        if let Some(first) = schema[one_of].as_array().and_then(|schemas| schemas.first()) {
            return example(document, first);
        }
    }
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind {
        Some("string") if schema["format"] == "password" => json!(PASSWORD),
        Some("string") => json!(""),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(false),
        Some("array") => json!([]),
        _ => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let fields: Map<String, Value> = required
                .map(|name| (name.to_owned(), example(document, &schema["properties"][name])))
                .collect();
            Value::Object(fields)
        }
    }
}

/// Returns the status of a request, after whatever it began has ended.
async fn status(server: &TestServer, caller: &mut TestCaller, route: &Route) -> StatusCode {
    if let Some(name) = caller.username
        && server.get(&caller.client, "/api/v1/session").await.status != StatusCode::OK
    {
        caller.client = server.client(name).await;
    }
    let body = if route.path == "/api/v1/session" && route.method == Method::POST {
        // Each failure is one of another account, so that no limit applies.
        Some(json!({"username": format!("nobody-{}", caller.column), "password": ""}))
    } else {
        route.body.clone()
    };
    let mut client = caller.client.clone();
    if let Some(media_type) = &route.media_type {
        client = client.with("content-type", media_type);
    }
    let answer = server.send(&client, route.method.clone(), &route.path, body.as_ref()).await;
    if answer.status == StatusCode::ACCEPTED {
        server.finished(&caller.client, &answer).await;
    }
    assert!(!answer.status.is_server_error(), "{} {}: {answer:?}", route.method, route.path);
    answer.status
}

#[tokio::test]
async fn every_route_answers_every_caller_as_expected() {
    let server = TestServer::new().await;
    let mut callers = callers(&server).await;
    let routes = routes();
    let width = routes.iter().map(|route| route.path.len()).max().unwrap_or_default();
    let mut table = format!("{:7}{:width$}", "", "");
    callers.iter().for_each(|caller| write!(table, " {:>9}", caller.column).unwrap());
    for route in &routes {
        write!(table, "\n{:7}{:width$}", route.method.as_str(), route.path).unwrap();
        for caller in &mut callers {
            let status = status(&server, caller, route).await;
            write!(table, " {:>9}", status.as_u16()).unwrap();
        }
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "." }, {
        insta::assert_snapshot!("access", table);
    });
}
