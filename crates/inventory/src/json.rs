//! JSON in the format of the original, that of Python's `json.dumps`: `", "` and `": "` as separators, characters outside
//! of printable ASCII as `\uXXXX`, and keys in their original order.

use std::fmt::Write as _;
use std::sync::Arc;

use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, DbErr, QueryResult, TryGetError, TryGetable, Value};

/// The value of a JSON column. SQL NULL and the text `null` are both read as [`serde_json::Value::Null`], which is always
/// written as the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Json(pub serde_json::Value);

impl Json {
    /// Returns an empty object.
    pub fn object() -> Self {
        Self(serde_json::Value::Object(serde_json::Map::new()))
    }

    /// Returns the strings of a list. Returns none if the value is not a list.
    pub fn strings(&self) -> Vec<String> {
        let items = self.0.as_array().map_or(&[][..], Vec::as_slice);
        items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    }

    /// Returns the text to store.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        write_value(&mut text, &self.0);
        text
    }
}

impl<S: AsRef<str>> FromIterator<S> for Json {
    fn from_iter<I: IntoIterator<Item = S>>(items: I) -> Self {
        Self(items.into_iter().map(|item| serde_json::Value::from(item.as_ref())).collect())
    }
}

fn write_value(text: &mut String, value: &serde_json::Value) {
    match value {
        serde_json::Value::Null => text.push_str("null"),
        serde_json::Value::Bool(bool) => text.push_str(if *bool { "true" } else { "false" }),
        serde_json::Value::Number(number) => write_number(text, number),
        serde_json::Value::String(string) => write_string(text, string),
        serde_json::Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                write_value(text, item);
            }
            text.push(']');
        }
        serde_json::Value::Object(fields) => {
            text.push('{');
            for (index, (name, field)) in fields.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                write_string(text, name);
                text.push_str(": ");
                write_value(text, field);
            }
            text.push('}');
        }
    }
}

fn write_string(text: &mut String, string: &str) {
    text.push('"');
    for char in string.chars() {
        match char {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            ' '..='~' => text.push(char),
            _ => {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
    }
    text.push('"');
}

/// Writes a number like Python's `repr`: the shortest digits that parse to the same float, with an exponent from 1e16 up
/// and from 1e-5 down, and with a fraction if there is no exponent.
fn write_number(text: &mut String, number: &serde_json::Number) {
    let float = match number.as_f64() {
        Some(float) if number.is_f64() => float,
        _ => return text.push_str(&number.to_string()),
    };
    let scientific = format!("{float:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let _ = if (-4..16).contains(&exponent) {
        write!(text, "{float:?}")
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(text, "{digits}e{sign}{:02}", exponent.abs())
    };
}

impl From<Json> for Value {
    fn from(json: Json) -> Self {
        Self::String(Some(json.to_text()))
    }
}

impl TryGetable for Json {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        match String::try_get_by(row, index) {
            Ok(text) => parse(&text).map_err(|error| {
                let source = Arc::new(error);
                TryGetError::DbErr(DbErr::TryIntoErr { from: "String", into: "Json", source })
            }),
            Err(TryGetError::Null(_)) => Ok(Self::default()),
            // In a JSON column, SQLite stores the text of a bare number as a number.
            Err(error) => match (i64::try_get_by(row, index), f64::try_get_by(row, index)) {
                (Ok(integer), _) => Ok(Self(integer.into())),
                (_, Ok(float)) => Ok(Self(float.into())),
                _ => Err(error),
            },
        }
    }
}

fn parse(text: &str) -> Result<Json, serde_json::Error> {
    serde_json::from_str(text).map(Json)
}

impl ValueType for Json {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        match value {
            Value::String(Some(text)) => parse(&text).map_err(|_| ValueTypeErr),
            Value::String(None) => Ok(Self::default()),
            _ => Err(ValueTypeErr),
        }
    }

    fn type_name() -> String {
        "Json".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::String
    }

    fn column_type() -> ColumnType {
        ColumnType::custom("JSON")
    }
}

impl Nullable for Json {
    fn null() -> Value {
        Self::default().into()
    }
}

impl sea_orm::IntoActiveValue<Self> for Json {
    fn into_active_value(self) -> sea_orm::ActiveValue<Self> {
        sea_orm::ActiveValue::Set(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares with the output of Python 3 for `json.dumps(json.loads(left))`.
    #[test]
    fn text_is_what_python_writes() {
        for (read, written) in [
            (r#"{"b":1,"a":[true,null,"x"]}"#, r#"{"b": 1, "a": [true, null, "x"]}"#),
            (
                r#"["Ω é 📦","\u007f\u0001\b\f\n\r\t\"\\/"]"#,
                r#"["\u03a9 \u00e9 \ud83d\udce6", "\u007f\u0001\b\f\n\r\t\"\\/"]"#,
            ),
            (
                "[1.0,0.1,1e16,1e15,1.5e-5,0.0001,-2.5e300,1e22]",
                "[1.0, 0.1, 1e+16, 1000000000000000.0, 1.5e-05, 0.0001, -2.5e+300, 1e+22]",
            ),
            ("[-1,18446744073709551615,123456789012345.6]", "[-1, 18446744073709551615, 123456789012345.6]"),
            ("{}", "{}"),
            ("[]", "[]"),
        ] {
            assert_eq!(parse(read).unwrap().to_text(), written);
        }
    }
}
