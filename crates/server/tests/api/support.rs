//! A server without a network: requests go straight to the router.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use backup::{Engine, Places};
use inventory::roles::CreateRole;
use inventory::users::{CreateUser, User};
use inventory::{Actor, Ambient, Inventory, Permissions};
use serde_json::Value;
use server::{App, Options};
use testkit::{TestFolder, few_rounds};
use tower::ServiceExt;

pub(crate) const PASSWORD: &str = "Correct-horse9";

/// A server with an empty inventory of its own.
pub(crate) struct TestServer {
    pub(crate) folder: TestFolder,
    pub(crate) inventory: Inventory,
    pub(crate) engine: Engine,
    router: Router,
}

/// A client that keeps its cookie.
#[derive(Clone, Default)]
pub(crate) struct Client {
    pub(crate) headers: HeaderMap,
}

/// A response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl TestServer {
    pub(crate) async fn new() -> Self {
        let folder = TestFolder::new();
        let ambient = Ambient::system();
        let engine = Engine::new(Places::in_folder(folder.path()), ambient.clone());
        engine.prepare_new_inventory(&Actor::System).unwrap();
        let inventory = Inventory::create(&engine.places().database, ambient).await.unwrap();
        let inventory = inventory.with_password_rounds(few_rounds());
        Self::over(folder, inventory, engine).await
    }

    async fn over(folder: TestFolder, inventory: Inventory, engine: Engine) -> Self {
        let app = App::new(inventory.clone(), engine.clone(), Options::default()).await.unwrap();
        Self { folder, inventory, engine, router: server::router(app) }
    }

    /// Starts a second server on the same files, like a restart.
    pub(crate) async fn restarted(self) -> Self {
        let Self { folder, inventory, engine, .. } = self;
        let inventory = inventory.reopen().await.unwrap();
        Self::over(folder, inventory, engine).await
    }

    /// Creates a user with a role of these permissions.
    pub(crate) async fn user(&self, name: &str, permissions: Permissions) -> User {
        let role = CreateRole { name: format!("{name}s"), permissions, ..CreateRole::default() };
        self.inventory.run(&Actor::System, role).await.unwrap();
        let new = CreateUser {
            username: name.to_owned(),
            email: format!("{name}@example.org"),
            password: PASSWORD.to_owned(),
            roles: vec![format!("{name}s")],
            ..CreateUser::default()
        };
        self.inventory.run(&Actor::System, new).await.unwrap()
    }

    /// Signs in.
    pub(crate) async fn client(&self, name: &str) -> Client {
        let body = serde_json::json!({"username": name, "password": PASSWORD});
        let answer = self.send(&Client::default(), Method::POST, "/api/v1/session", Some(&body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        let cookie =
            answer.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        Client::default().with(header::COOKIE.as_str(), &cookie)
    }

    pub(crate) async fn get(&self, client: &Client, path: &str) -> Answer {
        self.send(client, Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, client: &Client, path: &str, body: Value) -> Answer {
        self.send(client, Method::POST, path, Some(&body)).await
    }

    pub(crate) async fn send(
        &self,
        client: &Client,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        let (kind, body) = match body {
            Some(body) => (Some("application/json"), Body::from(body.to_string())),
            None => (None, Body::empty()),
        };
        self.request(client, (method, path), kind, body).await
    }

    /// Sends a file.
    pub(crate) async fn upload(&self, client: &Client, method: Method, path: &str, content: &[u8]) -> Answer {
        let kind = Some("application/octet-stream");
        self.request(client, (method, path), kind, Body::from(content.to_vec())).await
    }

    async fn request(
        &self,
        client: &Client,
        (method, path): (Method, &str),
        kind: Option<&str>,
        body: Body,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "parts.example");
        for (name, value) in &client.headers {
            request = request.header(name, value);
        }
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let mut request = request.body(body).unwrap();
        let peer: SocketAddr = "127.0.0.1:50000".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), 64 << 20).await.unwrap();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Answer { status, headers, body }
    }

    /// Follows a task to its end.
    pub(crate) async fn finished(&self, client: &Client, begun: &Answer) -> Value {
        assert_eq!(begun.status, StatusCode::ACCEPTED, "{begun:?}");
        let id = begun.body["id"].as_str().unwrap();
        // The stream ends with the task.
        self.get(client, &format!("/api/v1/tasks/{id}/events")).await;
        self.get(client, &format!("/api/v1/tasks/{id}")).await.body
    }
}

impl Client {
    /// Adds a header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        let name: axum::http::HeaderName = name.parse().unwrap();
        self.headers.insert(name, value.parse().unwrap());
        self
    }
}
