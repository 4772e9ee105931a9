//! Redacts passwords in the text of a JSON column.

use std::borrow::Cow;
use std::ops::Range;

use serde::de::IgnoredAny;

/// The keys whose values are passwords, ignoring case.
const PASSWORD_KEYS: [&str; 3] = ["password", "encryption_password", "passphrase"];

/// Replaces each password with `null`, at any depth, and returns the text and the number of passwords. Does not
/// change any other byte. A text that is not JSON but seems to contain such a key becomes an empty object, since the
/// end of its password is unknown. Returns `None` if there is no password.
pub(crate) fn without_passwords(text: &[u8]) -> Option<(String, u64)> {
    let valid = std::str::from_utf8(text).ok().filter(|text| is_json(text));
    let Some(text) = valid else {
        return seems_to_hold_password(text).then(|| ("{}".to_owned(), 1));
    };
    let passwords = passwords(text);
    if passwords.is_empty() {
        return None;
    }
    let (mut clean, mut at, count) = (String::with_capacity(text.len()), 0, passwords.len() as u64);
    for password in passwords {
        clean.push_str(&text[at..password.start]);
        clean.push_str("null");
        at = password.end;
    }
    clean.push_str(&text[at..]);
    Some((clean, count))
}

fn is_json(text: &str) -> bool {
    let parses = |text: &str| serde_json::from_str::<IgnoredAny>(text).is_ok();
    parses(text) || parses(&replace_python_numbers(text))
}

/// Replaces the three numbers that Python writes and JSON does not allow.
fn replace_python_numbers(text: &str) -> String {
    let (mut plain, mut at) = (String::with_capacity(text.len()), 0);
    while let Some(quote) = text[at..].find('"') {
        let string = at + quote..end_of_string(text, at + quote);
        plain.push_str(&replace_numbers(&text[at..string.start]));
        plain.push_str(&text[string.clone()]);
        at = string.end;
    }
    plain.push_str(&replace_numbers(&text[at..]));
    plain
}

fn replace_numbers(between_strings: &str) -> String {
    between_strings.replace("-Infinity", "0").replace("Infinity", "0").replace("NaN", "0")
}

fn seems_to_hold_password(text: &[u8]) -> bool {
    // The third key ends with "password".
    ["password", "passphrase"]
        .iter()
        .any(|key| text.windows(key.len()).any(|window| window.eq_ignore_ascii_case(key.as_bytes())))
}

/// Returns the positions of the passwords in a valid JSON text.
fn passwords(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(quote) = text[at..].find('"') {
        let key = at + quote..end_of_string(text, at + quote);
        at = key.end;
        let colon = skip_whitespace(text, at);
        if text[colon..].starts_with(':') && is_password_key(&text[key]) {
            let start = skip_whitespace(text, colon + 1);
            let value = start..end_of_value(text, start);
            at = value.end;
            if &text[value.clone()] != "null" {
                found.push(value);
            }
        }
    }
    found
}

/// Returns whether a quoted key is one of [`PASSWORD_KEYS`].
fn is_password_key(key: &str) -> bool {
    let inside = || Cow::Borrowed(&key[1..key.len() - 1]);
    let name = match key.contains('\\') {
        true => serde_json::from_str::<String>(key).map_or_else(|_| inside(), Cow::Owned),
        false => inside(),
    };
    PASSWORD_KEYS.iter().any(|key| key.eq_ignore_ascii_case(&name))
}

fn skip_whitespace(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start_matches([' ', '\t', '\r', '\n']).len()
}

/// Returns the position after the closing quote of the string that begins at `at`.
fn end_of_string(text: &str, at: usize) -> usize {
    let mut escaped = false;
    for (offset, byte) in text.bytes().enumerate().skip(at + 1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return offset + 1,
            _ => {}
        }
    }
    text.len()
}

/// Returns the position after the value that begins at `at`.
fn end_of_value(text: &str, at: usize) -> usize {
    let (mut depth, mut offset) = (0_usize, at);
    while let Some(byte) = text.as_bytes().get(offset) {
        match byte {
            b'"' => {
                offset = end_of_string(text, offset);
                if depth == 0 {
                    return offset;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth > 1 => depth -= 1,
            b'}' | b']' if depth == 1 => return offset + 1,
            b'}' | b']' | b',' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => return offset,
            _ => {}
        }
        offset += 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str) -> Option<String> {
        without_passwords(text.as_bytes()).map(|(clean, _)| clean)
    }

    #[test]
    fn b6_numbers_that_only_python_writes_are_numbers() {
        let text = r#"{"price": NaN, "text": "reset the password", "range": [-Infinity, Infinity]}"#;
        assert_eq!(clean(text), None, "there is no password in it");
        let text = r#"{"price": NaN, "note": "NaN", "password": "p"}"#;
        assert_eq!(clean(text).unwrap(), r#"{"price": NaN, "note": "NaN", "password": null}"#);
    }

    #[test]
    fn b6_each_password_becomes_null_and_no_other_byte_changes() {
        for (text, expected) in [
            (
                r#"{"a": 1,  "password": "s\"ec}ret", "z": [1.50, "é\u00e9"]}"#,
                r#"{"a": 1,  "password": null, "z": [1.50, "é\u00e9"]}"#,
            ),
            (r#"{"password":"x"}"#, r#"{"password":null}"#),
            (r#"[{"deep": [{"Passphrase" : {"a": ["]", 1]} }]}]"#, r#"[{"deep": [{"Passphrase" : null }]}]"#),
            (r#"{"encryption_password": 12.5e3,"b":true}"#, r#"{"encryption_password": null,"b":true}"#),
            (r#"{"p\u0061ssword": ["x"]}"#, r#"{"p\u0061ssword": null}"#),
            ("{\"password\":\n\"x\"\n, \"password\": 1\t}", "{\"password\":\nnull\n, \"password\": null\t}"),
        ] {
            assert_eq!(clean(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn b6_text_without_a_password_is_not_changed() {
        for text in [
            "",
            "{}",
            "null",
            "plain text",
            r#"{"password": null}"#,
            r#"{"a": "password", "b": ["passphrase"]}"#,
            r#"{"backup_name": "password_list", "password_protected": true}"#,
            r#"{"a": "\"password\": 1"}"#,
        ] {
            assert_eq!(clean(text), None, "{text}");
        }
    }

    #[test]
    fn b6_invalid_json_that_names_a_password_becomes_an_empty_object() {
        for text in
            [r#"{"password": "cut o"#, "{'password': 'x'}", "PASSPHRASE=x", r#"{"password": "x"} tail"#]
        {
            assert_eq!(clean(text).as_deref(), Some("{}"), "{text}");
        }
        assert_eq!(without_passwords(b"{\"password\": \"\xff\"}"), Some(("{}".to_owned(), 1)));
        assert_eq!(without_passwords(b"\xff\xfe"), None);
    }

    proptest::proptest! {
        /// Checks that the redacted text is valid JSON without passwords.
        #[test]
        fn b6_redacted_text_is_json(names in proptest::collection::vec("password|a|\"|\\\\|PASSPHRASE", 0..6), value in "\\PC{0,8}") {
            let mut json = serde_json::json!(value);
            for (number, name) in names.iter().enumerate() {
                json = match number % 3 {
                    0 => serde_json::json!({"before": 1, name.as_str(): json, "after": [value]}),
                    1 => serde_json::json!({name.as_str(): value, "inner": json}),
                    _ => serde_json::json!([json, {name.as_str(): [1, {"x": value}]}]),
                };
            }
            let text = json.to_string();
            let clean = clean(&text).unwrap_or(text);
            proptest::prop_assert!(is_json(&clean), "{}", clean);
            proptest::prop_assert_eq!(without_passwords(clean.as_bytes()), None);
        }
    }
}
