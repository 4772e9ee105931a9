//! Tests `serve` and `demo --serve` with the built binary on a loopback port.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use testkit::samples::sample;

use crate::support::{Ran, Shop};

const PASSWORD: &str = "Correct-horse9";

/// A running server.
pub(crate) struct Serving {
    child: Child,
    /// What it printed when it began.
    pub(crate) printed: Value,
    log: PathBuf,
}

impl Serving {
    /// Starts a server on a free port, with these further arguments.
    pub(crate) fn start(shop: &Shop, args: &[&str]) -> Self {
        let command = [&["serve", "--listen", "127.0.0.1:0", "--json"], args].concat();
        Self::spawn(shop, &command)
    }

    fn spawn(shop: &Shop, args: &[&str]) -> Self {
        let log = shop.folder.join("serve.log");
        let stderr = File::create(&log).unwrap();
        let mut child = shop.command(args).stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let printed = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("not started: {line}{}", fs::read_to_string(&log).unwrap()));
        Self { child, printed, log }
    }

    fn address(&self) -> &str {
        self.printed["url"].as_str().unwrap().strip_prefix("http://").unwrap()
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address()).unwrap()
    }

    /// Sends a request, and returns the status, the headers and the body.
    fn request(&self, method: &str, path: &str, headers: &str, body: &Value) -> (u16, String, Value) {
        let mut stream = self.connect();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n{headers}\r\n{body}"
        )
        .unwrap();
        response(&mut stream)
    }

    /// Creates the administrator, and returns the header with the cookie.
    fn set_up(&self) -> String {
        let administrator = json!({"token": self.setup_token(), "username": "admin", "email": "a@example.org", "password": PASSWORD});
        let (status, headers, body) = self.request("POST", "/api/v1/setup", "", &administrator);
        assert_eq!(status, 201, "{body}");
        cookie(&headers)
    }

    /// Returns the token in the printed link for creating the first administrator.
    pub(crate) fn setup_token(&self) -> &str {
        self.printed["setup_link"].as_str().unwrap().split_once("#token=").unwrap().1
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Waits for the end, and returns the exit code.
    fn ended(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Fails only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn cookie(headers: &str) -> String {
    let line = headers.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
    format!("Cookie: {}\r\n", line.split(';').next().unwrap())
}

fn response(stream: &mut TcpStream) -> (u16, String, Value) {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (headers, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no response: {text}"));
    let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
    let value = serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()));
    (status, headers.to_owned(), value)
}

fn empty_shop() -> Shop {
    let shop = Shop::new();
    assert_eq!(shop.run(&["init"]).code, 0);
    shop
}

#[test]
fn serve_prints_its_address_and_is_healthy_until_a_signal() {
    let shop = empty_shop();
    for signal in ["TERM", "INT"] {
        let mut server = Serving::start(&shop, &[]);
        for path in ["/healthz", "/readyz"] {
            let (status, _, body) = server.request("GET", path, "", &Value::Null);
            assert_eq!((status, &body), (200, &json!("ok")), "{path}");
        }
        server.signal(signal);
        assert_eq!(server.ended(), Some(0), "{}", server.log());
    }
    // For people, the first line is the address.
    let mut child =
        shop.command(&["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let second = lines.next().unwrap().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(first.starts_with("Serving at http://127.0.0.1:"), "{first}");
    assert!(second.starts_with("Create the first administrator within a day: http://127.0.0.1:"), "{second}");
}

#[test]
fn a_stopping_server_answers_the_request_that_has_begun_and_keeps_what_it_changed() {
    let shop = empty_shop();
    let mut server = Serving::start(&shop, &[]);
    let cookie = server.set_up();
    let body = json!({"name": "Late part"}).to_string();
    let mut stream = server.connect();
    let length = body.len();
    write!(
        stream,
        "POST /api/v1/parts HTTP/1.1\r\nHost: x\r\n{cookie}Expect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
    .unwrap();
    // The handler asks for the body: the request has begun.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    server.signal("TERM");
    while TcpStream::connect(server.address()).is_ok() {
        std::thread::yield_now();
    }
    stream.write_all(body.as_bytes()).unwrap();
    let (status, _, part) = response(&mut stream);
    assert_eq!((status, part["name"].as_str()), (201, Some("Late part")));
    assert_eq!(server.ended(), Some(0));
    let server = Serving::start(&shop, &[]);
    let (_, _, parts) = server.request("GET", "/api/v1/parts", &cookie, &Value::Null);
    assert_eq!((&parts["total"], &parts["items"][0]["id"]), (&json!(1), &part["id"]));
}

#[test]
fn a_server_that_was_killed_while_writing_has_every_acknowledged_part_after_the_next_start() {
    let shop = empty_shop();
    let mut server = Serving::start(&shop, &[]);
    let cookie = server.set_up();
    let address = server.address().to_owned();
    let writer_cookie = cookie.clone();
    let (sender, acknowledged) = std::sync::mpsc::channel();
    let writer = std::thread::spawn(move || {
        for number in 0.. {
            let body = json!({"name": format!("Part {number}")}).to_string();
            let Ok(mut stream) = TcpStream::connect(&address) else { return };
            let length = body.len();
            let sent = write!(
                stream,
                "POST /api/v1/parts HTTP/1.1\r\nHost: x\r\n{writer_cookie}Connection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
            );
            let mut text = String::new();
            if sent.is_err() || stream.read_to_string(&mut text).is_err() || !text.starts_with("HTTP/1.1 201")
            {
                return;
            }
            sender.send(number).unwrap();
        }
    });
    assert!(acknowledged.iter().take(20).count() == 20);
    server.signal("KILL");
    writer.join().unwrap();
    assert_eq!(server.ended(), None);
    let last: u64 = acknowledged.iter().last().unwrap_or(19);
    let server = Serving::start(&shop, &[]);
    let (status, _, parts) = server.request("GET", "/api/v1/parts", &cookie, &Value::Null);
    let total = parts["total"].as_u64().unwrap();
    // The last one may have been written without its answer.
    assert!(status == 200 && (total == last + 1 || total == last + 2), "{total} parts, {last} acknowledged");
}

#[test]
fn a_second_server_of_an_inventory_is_refused_and_changes_nothing() {
    let shop = empty_shop();
    let server = Serving::start(&shop, &[]);
    let second = shop.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, 6, "{}", second.err);
    assert!(second.err.contains("another server serves this inventory already (process "), "{}", second.err);
    assert!(second.err.contains(&server.child.id().to_string()), "{}", second.err);
    assert_eq!(server.request("GET", "/readyz", "", &Value::Null).0, 200);
}

#[test]
fn an_address_that_is_in_use_is_an_error_that_names_it() {
    let shop = empty_shop();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = shop.run(&["serve", "--listen", &address]);
    assert_eq!(ran.code, 7, "{}", ran.err);
    assert!(ran.err.contains(&format!("cannot listen on {address}: Address already in use")), "{}", ran.err);
    assert!(ran.err.contains("--listen"), "{}", ran.err);
}

#[test]
fn serving_a_missing_inventory_is_an_error_that_names_create() {
    let shop = Shop::new();
    let ran = shop.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("there is no database at") && ran.err.contains("--create"), "{}", ran.err);
    assert!(!shop.data().exists(), "nothing is created");
    let server = Serving::start(&shop, &["--create"]);
    let cookie = server.set_up();
    let (status, _, parts) = server.request("GET", "/api/v1/parts", &cookie, &Value::Null);
    assert_eq!((status, &parts["total"]), (200, &json!(0)));
}

#[test]
fn a_certificate_that_cannot_be_read_is_an_error_before_anything_is_served() {
    let shop = empty_shop();
    let ran =
        shop.run(&["serve", "--listen", "127.0.0.1:0", "--tls-certificate", "no.pem", "--tls-key", "no.key"]);
    assert_eq!(ran.code, 7, "{}", ran.err);
    assert!(ran.err.contains("the certificate no.pem with the key no.key cannot be used"), "{}", ran.err);
    let ran = shop.run(&["serve", "--tls-key", "no.key"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
}

#[test]
fn a_database_of_the_original_is_backed_up_migrated_and_served_and_it_is_said() {
    let Some(tiny) = sample("tiny") else { return };
    let shop = Shop::new();
    fs::create_dir_all(shop.data()).unwrap();
    fs::copy(tiny.join("database/makermatrix.db"), shop.places().database).unwrap();
    let server = Serving::spawn(&shop, &["serve", "--listen", "127.0.0.1:0", "--json"]);
    assert_eq!(server.request("GET", "/readyz", "", &Value::Null).0, 200);
    let log = server.log();
    assert!(log.contains("Brought the database up to date ("), "{log}");
    let safety = log.split("Its previous state is in ").nth(1).unwrap().split(".zip").next().unwrap();
    let safety = shop.folder.join(format!("{safety}.zip"));
    let ran: Ran = shop.run(&["verify", safety.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
}

#[test]
fn an_older_database_is_backed_up_before_it_is_served() {
    let shop = empty_shop();
    let database = rusqlite::Connection::open(shop.places().database).unwrap();
    let newest = *inventory::migration::names().last().unwrap();
    database.execute("DELETE FROM mm_migrations WHERE version = ?1", [newest]).unwrap();
    drop(database);
    let server = Serving::start(&shop, &[]);
    assert_eq!(server.request("GET", "/readyz", "", &Value::Null).0, 200);
    let log = server.log();
    assert!(
        log.contains(&format!("Brought the database up to date ({newest}). Its previous state is in ")),
        "{log}"
    );
    let archives = fs::read_dir(shop.places().backups).unwrap();
    let archives =
        archives.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|end| end == "zip"));
    assert_eq!(archives.count(), 1);
}

#[test]
fn demo_serve_serves_sample_data_to_the_administrator_that_it_prints_and_removes_everything() {
    let shop = Shop::new();
    let mut server = Serving::spawn(&shop, &["demo", "--serve", "--listen", "127.0.0.1:0", "--json"]);
    let folder = PathBuf::from(server.printed["folder"].as_str().unwrap());
    assert!(folder.join("makers_matrix.db").is_file());
    let sign_in = json!({"username": server.printed["username"], "password": server.printed["password"]});
    let (status, headers, session) = server.request("POST", "/api/v1/session", "", &sign_in);
    assert_eq!(status, 201, "{session}");
    let (_, _, parts) = server.request("GET", "/api/v1/parts", &cookie(&headers), &Value::Null);
    assert!(parts["total"].as_u64().unwrap() > 3, "{parts}");
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    assert!(!folder.exists(), "the folder is removed");
    assert!(!server.log().contains(server.printed["password"].as_str().unwrap()), "shown once");
    assert!(!shop.data().exists(), "the data of the user is not touched");
}

#[test]
fn demo_serve_keeps_the_folder_on_request() {
    let shop = Shop::new();
    let mut server =
        Serving::spawn(&shop, &["demo", "--serve", "--keep", "--listen", "127.0.0.1:0", "--json"]);
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    let folder = PathBuf::from(server.printed["folder"].as_str().unwrap());
    assert!(folder.join("makers_matrix.db").is_file());
    fs::remove_dir_all(folder).unwrap();
}

/// A signal between the first message and the moment when the server begins to wait for signals was lost: the service manager waited for a
/// minute, and killed the server.
#[test]
fn a_signal_while_the_server_starts_is_not_lost() {
    let shop = Shop::new();
    let mut child = shop
        .command(&["serve", "--create", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut messages = BufReader::new(child.stderr.take().unwrap());
    let mut first = String::new();
    messages.read_line(&mut first).unwrap();
    assert!(first.starts_with("Database "), "{first}");
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    // The end of the messages is the end of the server.
    let (sender, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(messages.read_to_end(&mut Vec::new())));
    if ended.recv_timeout(Duration::from_secs(60)).is_err() {
        child.kill().unwrap();
        panic!("the server goes on");
    }
    // Stopped as a server, or before it was one.
    assert!(matches!(child.wait().unwrap().code(), Some(0 | 143)));
}
