//! Users and API keys on the command line, also while a server runs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::support::{Shop, write};

/// Creates an inventory, and a file with a password.
fn shop() -> Shop {
    let shop = Shop::new();
    assert_eq!(shop.run(&["init"]).code, 0);
    write(&shop.folder.join("password"), b"Corr3ct-horse\n");
    shop
}

const WITH_PASSWORD: [&str; 2] = ["--password-file", "password"];

/// A running server, which ends with the test.
struct Serving {
    child: Child,
    first: Value,
}

impl Serving {
    fn start(shop: &Shop) -> Self {
        let mut command = shop.command(&["serve", "--listen", "127.0.0.1:0", "--json"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, first: serde_json::from_str(&line).unwrap() }
    }

    /// Sends a request, and returns the status and the body.
    fn send(&self, head: &str, body: &str) -> (u16, String) {
        let address = self.first["url"].as_str().unwrap().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let length = body.len();
        let json = "Content-Type: application/json\r\nConnection: close";
        write!(stream, "{head}\r\nHost: x\r\n{json}\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let status = response.split(' ').nth(1).unwrap().parse().unwrap();
        (status, response.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    fn sign_in(&self, name: &str, password: &str) -> u16 {
        let body = format!(r#"{{"username":"{name}","password":"{password}"}}"#);
        self.send("POST /api/v1/session HTTP/1.1", &body).0
    }

    fn parts(&self, key: &str) -> u16 {
        self.send(&format!("GET /api/v1/parts HTTP/1.1\r\nX-API-Key: {key}"), "").0
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn users_are_created_disabled_and_enabled_while_a_server_runs() {
    let shop = shop();
    let server = Serving::start(&shop);
    let added = shop.run(&[&["user", "add", "boss", "--role", "admin"], &WITH_PASSWORD[..]].concat());
    assert_eq!((added.code, added.out.as_str()), (0, "Created the user boss (admin).\n"), "{}", added.err);
    shop.json(&[&["user", "add", "maker", "--email", "m@example.org"], &WITH_PASSWORD[..]].concat());
    let users = shop.json(&["user", "list"])["users"].clone();
    assert_eq!((&users[1]["username"], &users[1]["email"]), (&"maker".into(), &"m@example.org".into()));
    assert_eq!(users[1]["roles"][0], "user");
    let listed = shop.run(&["user", "list"]).out;
    assert_eq!(listed, "boss  boss@makermatrix.local  (admin)\nmaker  m@example.org  (user)\n");

    assert_eq!(shop.run(&["user", "disable", "maker"]).code, 0);
    assert!(shop.run(&["user", "list"]).out.contains("(user), disabled"));
    assert_eq!(shop.run(&["user", "enable", "maker"]).code, 0);
    write(&shop.folder.join("new"), b"N3w-password");
    assert_eq!(shop.run(&["user", "set-password", "maker", "--password-file", "new"]).code, 0);
    assert_eq!(server.sign_in("maker", "N3w-password"), 201);
}

#[test]
fn what_is_wrong_with_a_user_is_said_with_the_usual_exit_codes() {
    let shop = shop();
    let run = |args: &[&str]| {
        let ran = shop.run(args);
        (ran.code, ran.err)
    };
    let add = |name: &'static str| [&["user", "add", name, "--role", "admin"], &WITH_PASSWORD[..]].concat();
    assert_eq!(run(&add("boss")).0, 0);
    assert_eq!(run(&add("boss")), (2, "makermatrix: a user \"boss\" already exists\n".to_owned()));
    assert_eq!(run(&["user", "disable", "nobody"]).0, 3);
    let last = "makermatrix: this is the last active administrator\n".to_owned();
    assert_eq!(run(&["user", "disable", "boss"]), (2, last));
    let no_terminal =
        "makermatrix: there is no terminal to ask for a password on. Use --password-file FILE.\n";
    assert_eq!(run(&["user", "add", "maker"]), (2, no_terminal.to_owned()));
    write(&shop.folder.join("known"), b"Admin123!");
    let known = run(&["user", "set-password", "boss", "--password-file", "known"]);
    assert!(known.0 == 2 && known.1.contains("which everybody knows"), "{known:?}");
    let nothing = Shop::new();
    assert_eq!(nothing.run(&["user", "list"]).code, 3);
}

#[test]
fn the_first_administrator_is_created_with_the_link_of_the_server_or_of_the_command() {
    let shop = shop();
    let server = Serving::start(&shop);
    let printed = server.first["setup_link"].as_str().unwrap().to_owned();
    let link = shop.run(&["user", "setup-link", "--url", "http://parts.lan/", "-q"]);
    assert_eq!((link.code, link.err.as_str()), (0, ""));
    let new = link.out.trim().strip_prefix("http://parts.lan/setup#token=").unwrap();
    let (_, old) = printed.split_once("/setup#token=").unwrap();
    let set_up = |token: &str| {
        let body = format!(
            r#"{{"token":"{token}","username":"boss","email":"b@example.org","password":"Corr3ct-horse"}}"#
        );
        server.send("POST /api/v1/setup HTTP/1.1", &body)
    };
    assert_eq!(set_up(old).0, 403, "the command has made a new token");
    let created = set_up(new);
    assert_eq!(created.0, 201, "{}", created.1);
    let again = shop.run(&["user", "setup-link"]);
    assert!(again.code == 2 && again.err.contains("there is an administrator already"), "{}", again.err);
    drop(server);
    assert_eq!(Serving::start(&shop).first["setup_link"], Value::Null);
}

#[test]
fn an_api_key_is_printed_alone_and_once_and_can_be_revoked() {
    let shop = shop();
    shop.json(&[&["user", "add", "boss", "--role", "admin"], &WITH_PASSWORD[..]].concat());
    let server = Serving::start(&shop);
    let new = ["api-key", "new", "--user", "boss", "--name", "display"];
    let ran = shop.run(&[&new[..], &["--permission", "parts:read", "--expires-in-days", "30"]].concat());
    let key = ran.out.strip_suffix('\n').unwrap();
    assert!(ran.code == 0 && key.starts_with("mm_") && key.len() == 46, "{}{}", ran.out, ran.err);
    assert!(!ran.err.contains(key));
    assert_eq!(server.parts(key), 200);
    let users = server.send(&format!("GET /api/v1/users HTTP/1.1\r\nX-API-Key: {key}"), "");
    assert_eq!(users.0, 403);
    let listed = shop.json(&["api-key", "list"]);
    let listed = &listed["api_keys"][0];
    assert_eq!((&listed["username"], &listed["permissions"][0]), (&"boss".into(), &"parts:read".into()));
    assert!(listed["expires_at"].is_string() && !listed.to_string().contains(key));
    let id = listed["id"].as_str().unwrap();
    assert_eq!(shop.run(&["api-key", "revoke", id]).code, 0);
    assert_eq!(server.parts(key), 401);
    assert!(shop.run(&["api-key", "list"]).out.contains("boss (parts:read), revoked"));
    assert_eq!(shop.run(&["api-key", "revoke", "nothing"]).code, 3);
    let unknown = shop.run(&[&new[..], &["--permission", "parts:fly"]].concat());
    assert!(unknown.code == 2 && unknown.out.is_empty(), "{}", unknown.err);
    let all = shop.run(&new);
    assert_eq!(
        server.send(&format!("GET /api/v1/users HTTP/1.1\r\nX-API-Key: {}", all.out.trim()), "").0,
        200
    );
}
