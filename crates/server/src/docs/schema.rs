//! Describes JSON schemas for people.

use serde_json::Value;

use super::html::Html;

/// The constraints that are shown beside a type.
const CONSTRAINTS: [(&str, &str); 6] = [
    ("minimum", "at least"),
    ("maximum", "at most"),
    ("minLength", "characters, at least"),
    ("maxLength", "characters, at most"),
    ("maxItems", "items, at most"),
    ("default", "default"),
];

/// Returns the name of the component that a schema refers to.
pub(super) fn component(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}

/// Returns the anchor of a component.
pub(super) fn anchor(name: &str) -> String {
    format!("schema-{name}")
}

/// Describes the type of a schema.
pub(super) fn type_of(schema: &Value) -> Html {
    if let Some(name) = component(schema) {
        return Html::element("a", &[("href", &format!("#{}", anchor(name)))], name);
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(options) = schema[choice].as_array() {
            return joined(options.iter().map(type_of), " or ");
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        return joined(values.iter().map(|value| Html::element("code", &[], plain(value).as_str())), ", ");
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if types.is_empty() {
        return Html::text("any");
    }
    let mut html = joined(types.iter().map(|name| of_type(name, schema)), " or ");
    if let Some(format) = schema["format"].as_str() {
        html.add(Html::text(&format!(" ({format})")));
    }
    for (key, words) in CONSTRAINTS {
        if let Some(value) = schema.get(key).filter(|value| !value.is_null()) {
            html.add(Html::text(&format!(", {words} {}", plain(value))));
        }
    }
    html
}

fn of_type(name: &str, schema: &Value) -> Html {
    let (words, items) = match name {
        "array" => ("list of ", &schema["items"]),
        "object" if schema["additionalProperties"].is_object() => {
            ("object of ", &schema["additionalProperties"])
        }
        other => return Html::text(other),
    };
    [Html::text(words), type_of(items)].into_iter().collect()
}

/// Returns a table of the fields of an object, or of the type if it is no object.
pub(super) fn fields(schema: &Value) -> Html {
    let Some(properties) = schema["properties"].as_object() else {
        return Html::element("p", &[], type_of(schema));
    };
    let is_required = |name: &str| {
        schema["required"].as_array().is_some_and(|names| names.iter().any(|found| found == name))
    };
    let row = |(name, field): (&String, &Value)| {
        row(name, is_required(name), type_of(field), field["description"].as_str().unwrap_or_default())
    };
    table(properties.iter().map(row).collect())
}

/// Returns a table of rows.
pub(super) fn table(rows: Html) -> Html {
    Html::element("dl", &[("class", "fields")], rows)
}

/// Returns a row for a field or a parameter.
pub(super) fn row(name: &str, is_required: bool, of_type: Html, description: &str) -> Html {
    let mut term = Html::element("code", &[], name);
    term.add(Html::element("span", &[("class", "type")], of_type));
    if is_required {
        term.add(Html::element("span", &[("class", "required")], "required"));
    }
    [Html::element("dt", &[], term), Html::element("dd", &[], Html::prose(description))].into_iter().collect()
}

fn joined(parts: impl Iterator<Item = Html>, between: &str) -> Html {
    let mut html = Html::default();
    for part in parts {
        if !html.is_empty() {
            html.add(between);
        }
        html.add(part);
    }
    html
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
