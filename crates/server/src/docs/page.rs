//! Makes the page of an OpenAPI document.

use serde_json::Value;

use super::html::Html;
use super::schema::{anchor, component, fields, row, table, type_of};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// A route of the document.
struct Route<'a> {
    method: &'a str,
    path: &'a str,
    operation: &'a Value,
}

impl Route<'_> {
    fn id(&self) -> &str {
        self.operation["operationId"].as_str().unwrap_or(self.path)
    }

    fn summary(&self) -> &str {
        self.operation["summary"].as_str().unwrap_or_default()
    }

    fn has_tag(&self, name: &str) -> bool {
        self.operation["tags"].as_array().is_some_and(|tags| tags.iter().any(|tag| tag == name))
    }

    fn method_and_path(&self) -> Html {
        self.shown(self.path)
    }

    /// Returns the method and the path without what all paths begin with.
    fn short(&self) -> Html {
        self.shown(self.path.trim_start_matches("/api/v1"))
    }

    fn shown(&self, path: &str) -> Html {
        let method = self.method.to_uppercase();
        let method = Html::element("span", &[("class", &format!("method {}", self.method))], method.as_str());
        [method, Html::element("code", &[], path)].into_iter().collect()
    }
}

/// Returns the page as HTML.
pub(super) fn page(document: &Value) -> String {
    let title = format!("{} API", document["info"]["title"].as_str().unwrap_or_default());
    let routes = routes(document);
    let mut main = header(&title, document);
    for tag in document["tags"].as_array().into_iter().flatten() {
        main.add(section(document, tag, &routes));
    }
    main.add(schemas(document));
    let mut body = navigation(document, &routes);
    body.add(Html::element("main", &[], main));
    body.into_document(&title, "docs.css")
}

fn routes(document: &Value) -> Vec<Route<'_>> {
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                routes.push(Route { method, path, operation });
            }
        }
    }
    routes
}

fn header(title: &str, document: &Value) -> Html {
    let version = document["info"]["version"].as_str().unwrap_or_default();
    let mut html = Html::element("h1", &[], title);
    html.add(Html::element("p", &[("class", "version")], format!("Version {version}").as_str()));
    for paragraph in document["info"]["description"].as_str().unwrap_or_default().split("\n\n") {
        html.add(Html::element("p", &[], Html::prose(paragraph)));
    }
    html.add(Html::element("h2", &[("id", "signing-in")], "Who sends a request"));
    let schemes = document["components"]["securitySchemes"].as_object().into_iter().flatten();
    let rows = schemes.map(|(_, scheme)| {
        let text = |key: &str| scheme[key].as_str().unwrap_or_default();
        row(text("name"), false, Html::text(text("in")), text("description"))
    });
    html.add(table(rows.collect()));
    let link = Html::element("a", &[("href", "v1/openapi.json")], "openapi.json");
    html.add(Html::element("p", &[], [Html::text("For programs: "), link].into_iter().collect::<Html>()));
    html
}

fn navigation(document: &Value, routes: &[Route<'_>]) -> Html {
    let mut html = Html::default();
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = tag["name"].as_str().unwrap_or_default();
        html.add(Html::element("h2", &[], Html::element("a", &[("href", &format!("#{name}"))], name)));
        let items = routes.iter().filter(|route| route.has_tag(name)).map(|route| {
            let href = format!("#{}", route.id());
            let link = Html::element("a", &[("href", &href), ("title", route.summary())], route.short());
            Html::element("li", &[], link)
        });
        html.add(Html::element("ul", &[], items.collect::<Html>()));
    }
    let list = Html::element("div", &[("class", "routes")], html);
    let mut details = Html::element("summary", &[], "Routes");
    details.add(list);
    Html::element("nav", &[], Html::element("details", &[("open", "")], details))
}

fn section(document: &Value, tag: &Value, routes: &[Route<'_>]) -> Html {
    let name = tag["name"].as_str().unwrap_or_default();
    let mut html = Html::element("h2", &[("id", name)], name);
    html.add(Html::element("p", &[], Html::prose(tag["description"].as_str().unwrap_or_default())));
    for route in routes.iter().filter(|route| route.has_tag(name)) {
        html.add(article(document, route));
    }
    Html::element("section", &[], html)
}

fn article(document: &Value, route: &Route<'_>) -> Html {
    let operation = route.operation;
    let link = Html::element("a", &[("href", &format!("#{}", route.id()))], route.method_and_path());
    let mut html = Html::element("h3", &[], link);
    html.add(Html::element("p", &[("class", "summary")], Html::prose(route.summary())));
    if let Some(description) = operation["description"].as_str() {
        html.add(Html::element("p", &[], Html::prose(description)));
    }
    html.add(parameters(document, operation));
    html.add(body(document, operation));
    html.add(responses(document, operation));
    Html::element("article", &[("id", route.id())], html)
}

/// Follows a reference within the document.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

fn parameters(document: &Value, operation: &Value) -> Html {
    let rows: Html = operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|parameter| {
            let parameter = resolved(document, parameter);
            let text = |key: &str| parameter[key].as_str().unwrap_or_default();
            let mut of_type = type_of(&parameter["schema"]);
            of_type.add(Html::text(&format!(", {}", text("in"))));
            row(text("name"), parameter["required"] == true, of_type, text("description"))
        })
        .collect();
    if rows.is_empty() {
        return rows;
    }
    [Html::element("h4", &[], "Parameters"), table(rows)].into_iter().collect()
}

fn body(document: &Value, operation: &Value) -> Html {
    let mut html = Html::default();
    for (media_type, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
        let mut heading = Html::text("Body ");
        heading.add(Html::element("span", &[("class", "type")], media_type.as_str()));
        html.add(Html::element("h4", &[], heading));
        html.add(fields(resolved(document, &content["schema"])));
    }
    html
}

fn responses(document: &Value, operation: &Value) -> Html {
    let rows = operation["responses"].as_object().into_iter().flatten().map(|(status, response)| {
        let response = resolved(document, response);
        let contents = response["content"].as_object().into_iter().flatten();
        let types: Html = contents.map(|(_, content)| type_of(&content["schema"])).collect();
        row(status, false, types, response["description"].as_str().unwrap_or_default())
    });
    let rows: Html = rows.collect();
    [Html::element("h4", &[], "Responses"), table(rows)].into_iter().collect()
}

fn schemas(document: &Value) -> Html {
    let mut html = Html::element("h2", &[("id", "schemas")], "Types");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        let mut part = Html::element("h3", &[], Html::element("code", &[], name.as_str()));
        let same = component(schema).map(|_| resolved(document, schema)).unwrap_or(schema);
        if let Some(description) = same["description"].as_str() {
            part.add(Html::element("p", &[], Html::prose(description)));
        }
        part.add(fields(same));
        html.add(Html::element("article", &[("id", &anchor(name))], part));
    }
    Html::element("section", &[], html)
}
