//! A server without a network: requests go straight to the router.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use backup::{Engine, Places};
use chrono::TimeDelta;
use inventory::roles::CreateRole;
use inventory::users::{CreateUser, User};
use inventory::{Actor, Ambient, Clock, Inventory, Now, Permissions, Random};
use rusqlite::Connection;
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
    pub(crate) app: App,
    router: Router,
}

/// A client that keeps its cookie.
#[derive(Clone, Default)]
pub(crate) struct Client {
    pub(crate) headers: HeaderMap,
    /// The address that requests come from. Default: 127.0.0.1.
    pub(crate) address: Option<IpAddr>,
}

/// A clock that a test moves.
#[derive(Clone, Default)]
pub(crate) struct TestClock(Arc<AtomicI64>);

impl TestClock {
    /// Moves the clock forward.
    pub(crate) fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Now {
        let time = Ambient::system().utc() + TimeDelta::seconds(self.0.load(Ordering::SeqCst));
        Now { utc: time, local: time }
    }
}

/// The randomness of the machine.
struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let random = Ambient::system();
        bytes.chunks_mut(32).for_each(|chunk| chunk.copy_from_slice(&random.bytes::<32>()[..chunk.len()]));
    }
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
        Self::with(Ambient::system(), Options::default()).await
    }

    /// Starts a server whose time can be moved.
    pub(crate) async fn with_clock() -> (Self, TestClock) {
        let clock = TestClock::default();
        (Self::with(Ambient::new(clock.clone(), SystemRandom), Options::default()).await, clock)
    }

    pub(crate) async fn with_options(options: Options) -> Self {
        Self::with(Ambient::system(), options).await
    }

    pub(crate) async fn with(ambient: Ambient, options: Options) -> Self {
        let folder = TestFolder::new();
        let engine = Engine::new(Places::in_folder(folder.path()), ambient.clone());
        engine.prepare_new_inventory(&Actor::System).unwrap();
        let inventory = Inventory::create(&engine.places().database, ambient).await.unwrap();
        let inventory = inventory.with_password_rounds(few_rounds());
        Self::over(folder, inventory, engine, options).await
    }

    async fn over(folder: TestFolder, inventory: Inventory, engine: Engine, options: Options) -> Self {
        let app = App::new(inventory.clone(), engine.clone(), options).await.unwrap();
        Self { folder, inventory, engine, router: server::router(app.clone()), app }
    }

    /// Starts a second server on the same files, like a restart.
    pub(crate) async fn restarted(self) -> Self {
        let Self { folder, inventory, engine, .. } = self;
        let inventory = inventory.reopen().await.unwrap();
        Self::over(folder, inventory, engine, Options::default()).await
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

    /// Changes the database like another program.
    pub(crate) fn sql(&self, sql: &str) {
        Connection::open(&self.engine.places().database).unwrap().execute_batch(sql).unwrap();
    }

    /// Reads a number from the database.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        let connection = Connection::open(&self.engine.places().database).unwrap();
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Gives all parts a description, in one transaction.
    pub(crate) async fn describe_parts(&self, description: &str) {
        let connection = rusqlite::Connection::open(&self.engine.places().database).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
        connection.execute("UPDATE partmodel SET description = ?1", [description]).unwrap();
    }

    /// Signs in.
    pub(crate) async fn client(&self, name: &str) -> Client {
        let answer = self.sign_in(&Client::default(), name, PASSWORD).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.client()
    }

    /// Tries to sign in.
    pub(crate) async fn sign_in(&self, client: &Client, name: &str, password: &str) -> Answer {
        let body = serde_json::json!({"username": name, "password": password});
        self.post(client, "/api/v1/session", body).await
    }

    pub(crate) async fn patch(&self, client: &Client, path: &str, body: Value) -> Answer {
        self.send(client, Method::PATCH, path, Some(&body)).await
    }

    pub(crate) async fn put(&self, client: &Client, path: &str, body: Value) -> Answer {
        self.send(client, Method::PUT, path, Some(&body)).await
    }

    pub(crate) async fn delete(&self, client: &Client, path: &str) -> Answer {
        self.send(client, Method::DELETE, path, None).await
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
        let (client, body) = match body {
            Some(body) => {
                let mut client = client.clone();
                let json = HeaderValue::from_static("application/json");
                client.headers.entry(header::CONTENT_TYPE).or_insert(json);
                (client, Body::from(body.to_string()))
            }
            None => (client.clone(), Body::empty()),
        };
        Answer::of(self.send_body(&client, method, path, body).await).await
    }

    /// Sends a file.
    pub(crate) async fn upload(&self, client: &Client, method: Method, path: &str, content: &[u8]) -> Answer {
        Answer::of(self.send_body(client, method, path, Body::from(content.to_vec())).await).await
    }

    /// Sends any body, and returns the response unread.
    pub(crate) async fn send_body(
        &self,
        client: &Client,
        method: Method,
        path: &str,
        body: Body,
    ) -> axum::response::Response {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "parts.example");
        for (name, value) in &client.headers {
            request = request.header(name, value);
        }
        let mut request = request.body(body).unwrap();
        let address = client.address.unwrap_or(IpAddr::from([127, 0, 0, 1]));
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address, 50000)));
        self.router.clone().oneshot(request).await.unwrap()
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

impl Answer {
    /// Reads a response.
    pub(crate) async fn of(response: axum::response::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), 64 << 20).await.unwrap();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Self { status, headers, body }
    }

    /// Returns the client that keeps the cookie of this response.
    pub(crate) fn client(&self) -> Client {
        let cookie = self.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap();
        Client::default().with(header::COOKIE.as_str(), cookie)
    }

    /// Returns the status and the type of the problem.
    pub(crate) fn problem(&self) -> (u16, &str) {
        let kind = self.body["type"].as_str().unwrap_or_default();
        (self.status.as_u16(), kind.strip_prefix("urn:makermatrix:").unwrap_or(kind))
    }
}

impl Client {
    /// Returns a client whose requests come from an address.
    pub(crate) fn from_address(address: &str) -> Self {
        Self { address: Some(address.parse().unwrap()), ..Self::default() }
    }

    /// Returns a client with an API key.
    pub(crate) fn with_key(key: &str) -> Self {
        Self::default().with("x-api-key", key)
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        let name: axum::http::HeaderName = name.parse().unwrap();
        self.headers.insert(name, value.parse().unwrap());
        self
    }
}
