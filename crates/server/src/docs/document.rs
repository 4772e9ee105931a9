//! Adds to the OpenAPI document what all routes have in common.

use axum::http::StatusCode;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::Tag;
use utoipa::openapi::{
    Components, Content, ObjectBuilder, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder, Schema,
    Type,
};

use crate::problem::MEDIA_TYPE;

/// The groups of routes, in the order of the page.
const TAGS: &[(&str, &str)] = &[
    ("session", "Signing in and out."),
    ("setup", "Creating the first administrator."),
    ("account", "The account of the caller: data, password and sessions."),
    ("users", "Users, for those who manage them."),
    ("roles", "Roles, and the permissions that they give."),
    ("api-keys", "Keys for programs. A key never does more than its user may do."),
    ("parts", "Parts, with their properties and files."),
    ("stock", "How many of a part lie where. Every change is a movement in the stock ledger."),
    ("locations", "The tree of places in which stock lies."),
    ("categories", "The tree of categories of parts."),
    ("tags", "Tags of parts."),
    ("projects", "Projects, and the parts that they use."),
    ("files", "Datasheets and images."),
    ("import", "Parts and stock from CSV files."),
    ("export", "Parts and stock as CSV files, and everything as JSON."),
    ("activity", "The activity log: who changed what, and when."),
    ("backups", "Backups: made, verified, proven and restored."),
    ("tasks", "What takes longer than a request: progress, result and cancellation."),
];

/// The changes that take no idempotency key: archives and imports, which are refused or change nothing when they are repeated; requests with a password, whose digest would help to
/// guess it; and what has the same effect when it is repeated.
const WITHOUT_KEY: &[(&str, &str)] = &[
    ("delete", "/api/v1/account/sessions"),
    ("delete", "/api/v1/account/sessions/{id}"),
    ("delete", "/api/v1/backups/{name}"),
    ("delete", "/api/v1/parts/{id}/datasheets/{datasheet_id}"),
    ("delete", "/api/v1/session"),
    ("delete", "/api/v1/tasks/{id}"),
    ("post", "/api/v1/parts/import"),
    ("post", "/api/v1/users"),
    ("put", "/api/v1/account/password"),
    ("put", "/api/v1/backups/{name}"),
    ("put", "/api/v1/users/{id}/password"),
];

/// Text without blanks at its ends, which are no part of a header.
const IDEMPOTENCY_KEY: &str = r"^[!-~]([\t -~]*[!-~])?$";

const DESCRIPTION: &str = "\
The REST API of MakerMatrix, a self-hosted parts inventory for makers and makerspaces.\n\n\
Bodies are JSON, and times are RFC 3339 in UTC. Every error is a problem (RFC 9457) with a stable `type`, a `detail` for a person, and \
every invalid field at once. Texts without a limit of their own have at most 100,000 characters, and no text has a NUL character. \
Every response has the id of its request in `X-Request-Id`; the log of the server has the same id.\n\n\
A thing that can be changed by several people has a `version`, which is also its `ETag`. A change that sends it as `If-Match` gets 412 if \
somebody else was faster. A change that sends an `Idempotency-Key`, where it \
is described, happens once, however often the request is repeated.";

/// Completes the document of the collected routes.
pub(crate) fn complete(document: &mut OpenApi) {
    document.info.description = Some(DESCRIPTION.to_owned());
    let mut used = Vec::new();
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            used.extend(operation.tags.clone().unwrap_or_default());
            operation.operation_id = Some(operation_id(method, path));
            let records_key = method != "get" && !WITHOUT_KEY.contains(&(method, path.as_str()));
            complete_operation(operation, method != "get", records_key);
        }
    }
    let components = document.components.get_or_insert_default();
    add_components(components);
    let optional = schemas_without_required_fields(components);
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            allow_empty_body(operation, &optional);
        }
    }
    document.security = Some(SCHEMES.map(|(name, _)| SecurityRequirement::new(name, [""; 0])).into());
    let tags = TAGS.iter().filter(|(name, _)| used.iter().any(|used| used == name));
    document.tags = Some(tags.map(|(name, text)| tag(name, text)).collect());
}

/// Returns the references to objects without required fields, for which an empty body stands as well.
fn schemas_without_required_fields(components: &Components) -> Vec<String> {
    let optional = components.schemas.iter().filter(|(_, schema)| {
        matches!(schema, RefOr::T(Schema::Object(object)) if !object.properties.is_empty() && object.required.is_empty())
    });
    optional.map(|(name, _)| Ref::from_schema_name(name).ref_location).collect()
}

fn allow_empty_body(operation: &mut Operation, optional: &[String]) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    let mut references = body.content.values().filter_map(|content| match content {
        RefOr::T(Content { schema: Some(RefOr::Ref(reference)), .. }) => Some(&reference.ref_location),
        _ => None,
    });
    if references.any(|reference| optional.contains(reference)) {
        body.required = Some(Required::False);
    }
}

/// Returns the operations of a path, each with its method.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem { get, post, put, patch, delete, .. } = item;
    let all = [("get", get), ("post", post), ("put", put), ("patch", patch), ("delete", delete)];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Returns a unique name of an operation for programs, such as `patch_parts_by_id`. The names of handlers are not unique.
fn operation_id(method: &str, path: &str) -> String {
    let segments = path.trim_start_matches("/api/v1").split('/').filter(|segment| !segment.is_empty());
    let words = segments.map(|segment| {
        let segment = segment.replace(['-', '.'], "_");
        match segment.strip_prefix('{') {
            Some(parameter) => format!("by_{}", parameter.trim_end_matches('}')),
            None => segment,
        }
    });
    std::iter::once(method.to_owned()).chain(words).collect::<Vec<_>>().join("_")
}

fn complete_operation(operation: &mut Operation, changes: bool, records_key: bool) {
    let responses = &mut operation.responses.responses;
    let is_open = operation.security.is_some();
    let mut add = |name: &str| {
        let reference = Ref::new(format!("#/components/parameters/{name}"));
        operation.parameters.get_or_insert_default().push(RefOr::Ref(reference));
    };
    // Whoever has not signed in yet has no keys: they belong to a user.
    if records_key && !is_open {
        add("Idempotency-Key");
    }
    if changes && responses.contains_key("412") {
        add("If-Match");
    }
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response {
            complete_response(status, response);
        }
    }
    responses.insert("default".to_owned(), RefOr::Ref(Ref::from_response_name("Problem")));
}

fn complete_response(status: &str, response: &mut Response) {
    if response.description.is_empty() {
        response.description = meaning(status).to_owned();
    }
    if status.starts_with(['4', '5'])
        && let Some(content) = response.content.shift_remove("application/json")
    {
        response.content.insert(MEDIA_TYPE.to_owned(), content);
    }
}

/// Returns what a status means here.
fn meaning(status: &str) -> &str {
    match status {
        "200" => "Success",
        "201" => "Created",
        "202" => "Begun: follow the task",
        "204" => "Success, without a body",
        "401" => "Not signed in",
        "403" => "Not permitted",
        "404" => "There is no such thing",
        "409" => "A conflict with the present state",
        "412" => "Somebody else has changed it in the meantime",
        "422" => "Some fields break a rule",
        "429" => "Too many attempts; `Retry-After` says when to try again",
        "503" => "The database is in use; `Retry-After` says when to try again",
        other => {
            let known = other.parse().ok().and_then(|code| StatusCode::from_u16(code).ok());
            known.and_then(|status| status.canonical_reason()).unwrap_or_default()
        }
    }
}

fn tag(name: &str, description: &str) -> Tag {
    let mut tag = Tag::new(name);
    tag.description = Some(description.to_owned());
    tag
}

type MakeScheme = fn() -> ApiKey;

/// The ways to say who sends a request.
const SCHEMES: [(&str, MakeScheme); 3] = [
    ("session", || {
        let text = "The cookie that signing in sets. Over HTTPS its name begins with `__Host-`.";
        ApiKey::Cookie(ApiKeyValue::with_description("makermatrix_session", text))
    }),
    ("api_key", || ApiKey::Header(ApiKeyValue::with_description("X-API-Key", "An API key."))),
    ("authorization", || {
        let text = "An API key, as `ApiKey <key>` or `Bearer <key>`.";
        ApiKey::Header(ApiKeyValue::with_description("Authorization", text))
    }),
];

fn add_components(components: &mut Components) {
    for (name, scheme) in SCHEMES {
        components.add_security_scheme(name, SecurityScheme::ApiKey(scheme()));
    }
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    let problem = ResponseBuilder::new().description("Any other error").content(MEDIA_TYPE, problem).build();
    components.responses.insert("Problem".to_owned(), RefOr::T(problem));
    let key = "A random text of at most 255 characters. The change happens once: a repeated request with the same key gets the same response, \
        with the header `Idempotency-Replayed`.";
    let version = "The version on which the change is based, in quotes. If the thing has another version by now, nothing is changed, and the \
        status is 412.";
    for (name, text, pattern, example) in [
        ("Idempotency-Key", key, IDEMPOTENCY_KEY, "order-17"),
        ("If-Match", version, r#"^(\*|"[!#-~]*")$"#, r#""93b36b23ba9cc20bc5f73db2""#),
    ] {
        let header = header(name, text).schema(Some(text_like(pattern))).example(Some(example.into()));
        components.parameters.insert(name.to_owned(), RefOr::T(header.build()));
    }
}

fn header(name: &str, description: &str) -> ParameterBuilder {
    let header = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header);
    header.required(Required::False).description(Some(description))
}

fn text_like(pattern: &str) -> Schema {
    let text = ObjectBuilder::new().schema_type(Type::String).max_length(Some(255)).pattern(Some(pattern));
    Schema::Object(text.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_that_takes_no_key_exists() {
        let mut document = crate::openapi();
        for (method, path) in WITHOUT_KEY {
            let item = document.paths.paths.get_mut(*path).expect(path);
            assert!(operations(item).any(|(found, _)| found == *method), "{method} {path}");
        }
    }
}
