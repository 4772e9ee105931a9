//! One table of access: every route of the pages with somebody who has not signed in, a user without permissions, and an
//! administrator, and the status that each gets. The routes are read from the source of the pages, so a new one changes the table.
//! Review every change of it as a security change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use axum::http::Method;
use inventory::{Permission, Permissions};

use super::Page;
use crate::support::{Client, TestServer};

/// The pages for those who have not signed in.
const PUBLIC: [&str; 5] = ["/sign-in", "/sign-out", "/setup", "/setup/", "/assets/"];

#[tokio::test]
async fn each_page_is_only_for_those_who_may_see_it() {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    server.user("nobody", Permissions::default()).await;
    let mut table = format!("{:52}{:>10}{:>8}{:>7}\n", "", "anonymous", "nobody", "admin");
    for (method, path) in routes() {
        let target = path.replace(['{', '}'], "");
        let mut line = format!("{:52}", format!("{method:4} {path}"));
        for (name, width) in [(None, 10), (Some("nobody"), 8), (Some("admin"), 7)] {
            // Each gets a new session, since some forms end it.
            let client = match name {
                Some(name) => server.client(name).await,
                None => Client::default(),
            };
            let answer = match method {
                Method::GET => server.page(&client, &target).await,
                _ => server.form(&client, &target, &[]).await,
            };
            if name.is_none() && !PUBLIC.iter().any(|public| is_below(&path, public)) {
                assert_leads_to_sign_in(&path, &answer);
            }
            write!(line, "{:>width$}", answer.status.as_u16()).unwrap();
        }
        table.push_str(line.trim_end());
        table.push('\n');
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "." }, {
        insta::assert_snapshot!("access", table);
    });
}

fn is_below(path: &str, public: &str) -> bool {
    path == public || (public.ends_with('/') && path.starts_with(public)) || path.contains('.')
}

fn assert_leads_to_sign_in(path: &str, answer: &Page) {
    assert_eq!(answer.status.as_u16(), 303, "{path} is shown to somebody who has not signed in");
    assert!(answer.location().starts_with("/sign-in?next="), "{path}: {}", answer.location());
}

/// Reads the routes from the source of the pages: `.route(PATH, get(…).post(…))`.
fn routes() -> BTreeSet<(Method, String)> {
    let mut sources = BTreeMap::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    read(&source.join("pages"), &mut sources);
    sources.insert(source.join("pages.rs"), std::fs::read_to_string(source.join("pages.rs")).unwrap());
    let mut routes = BTreeSet::new();
    for (file, text) in &sources {
        for route in text.split(".route(").skip(1) {
            let route = statement(route);
            let (path, methods) =
                route.split_once(',').unwrap_or_else(|| panic!("{}: {route}", file.display()));
            let path = path_of(path.trim(), text, &sources);
            for (method, call) in [(Method::GET, "get("), (Method::POST, "post(")] {
                if methods.contains(call) {
                    routes.insert((method, path.clone()));
                }
            }
        }
    }
    assert!(routes.len() > 50, "{routes:?}");
    routes
}

fn read(folder: &Path, sources: &mut BTreeMap<PathBuf, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, sources);
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            sources.insert(path, text);
        }
    }
}

/// Returns the text up to the parenthesis that closes it.
fn statement(text: &str) -> &str {
    let mut depth = 1;
    let end = text.find(|char| {
        depth += match char {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth == 0
    });
    &text[..end.unwrap()]
}

/// Returns a path that is written as a text, or as a constant of the same or of another file.
fn path_of(written: &str, text: &str, sources: &BTreeMap<PathBuf, String>) -> String {
    if let Some(path) = written.strip_prefix('"') {
        return path.trim_end_matches('"').to_owned();
    }
    let start = format!("const {written}: &str = \"");
    let value =
        |text: &str| text.split_once(&start).map(|(_, rest)| rest.split('"').next().unwrap().to_owned());
    value(text)
        .or_else(|| sources.values().find_map(|text| value(text)))
        .unwrap_or_else(|| panic!("{written}"))
}
