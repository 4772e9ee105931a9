//! Tests the web pages through the router.

mod access;
mod account;
mod backups;
mod categories;
mod manage;
mod overview;
mod part_forms;
mod part_move;
mod parts;
mod places;
mod restore;
mod saved_views;
mod scan_and_labels;
mod setup;
mod tasks;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::support::{Client, TestServer};

/// An answer that is a page, or leads to one.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) html: String,
}

impl Page {
    /// Reads a response.
    pub(crate) async fn of(response: axum::response::Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 24).await.unwrap();
        let html = String::from_utf8_lossy(&bytes).into_owned();
        Self { status: parts.status, headers: parts.headers, html }
    }

    /// Returns the text between two texts, such as the value of a hidden field.
    pub(crate) fn between(&self, before: &str, after: &str) -> &str {
        let (_, rest) = self.html.split_once(before).unwrap_or_else(|| panic!("no {before}: {}", self.html));
        rest.split(after).next().unwrap()
    }

    /// Returns the address to which the browser is sent.
    pub(crate) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }

    /// Returns whether the page shows a text, with any markup in between.
    pub(crate) fn shows(&self, text: &str) -> bool {
        let mut shown = String::new();
        let mut in_tag = false;
        for char in self.html.chars() {
            match char {
                '<' => in_tag = true,
                '>' => {
                    in_tag = false;
                    shown.push(' ');
                }
                char if !in_tag => shown.push(char),
                _ => {}
            }
        }
        // Markup may stand between any two letters, with or without space around it.
        let words = |text: &str| text.split_whitespace().collect::<String>();
        words(&shown).contains(&words(text))
    }
}

impl TestServer {
    /// Gets a page like a browser.
    pub(crate) async fn page(&self, client: &Client, path: &str) -> Page {
        self.browse(client, Method::GET, path, String::new()).await
    }

    /// Sends a form like a browser.
    pub(crate) async fn form(&self, client: &Client, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.browse(client, Method::POST, path, body).await
    }

    /// Sends a form and follows where it leads, with the cookies that it sets.
    pub(crate) async fn form_and_follow(&self, client: &Client, path: &str, fields: &[(&str, &str)]) -> Page {
        let answer = self.form(client, path, fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
        let mut client = client.clone();
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        let sent = client.headers.get(header::COOKIE).map(text).unwrap_or_default();
        let set = answer.headers.get_all(header::SET_COOKIE).iter().map(text);
        let set = set.map(|cookie| cookie.split(';').next().unwrap().to_owned());
        // A new cookie comes before an old one of the same name, which a browser would forget.
        let cookies: Vec<String> = set.chain([sent]).filter(|cookie| !cookie.is_empty()).collect();
        client.headers.insert(header::COOKIE, HeaderValue::from_str(&cookies.join("; ")).unwrap());
        self.page(&client, answer.location()).await
    }

    /// Sends a file in a form like a browser.
    pub(crate) async fn file_form(&self, client: &Client, path: &str, name: &str, content: &[u8]) -> Page {
        let head = format!(
            "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        let body = [head.as_bytes(), content, b"\r\n--x--\r\n"].concat();
        let form = HeaderValue::from_static("multipart/form-data; boundary=x");
        self.send_page(client, Method::POST, path, form, Body::from(body)).await
    }

    async fn browse(&self, client: &Client, method: Method, path: &str, body: String) -> Page {
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        self.send_page(client, method, path, form, Body::from(body)).await
    }

    async fn send_page(
        &self,
        client: &Client,
        method: Method,
        path: &str,
        content_type: HeaderValue,
        body: Body,
    ) -> Page {
        let mut client = client.clone();
        client.headers.insert(header::ACCEPT, HeaderValue::from_static("text/html"));
        client.headers.insert(header::CONTENT_TYPE, content_type);
        let path = path.split('#').next().unwrap();
        Page::of(self.send_body(&client, method, path, body).await).await
    }
}
