//! Manifests that lie, or that are none.

use serde_json::{Value, json};

use super::zip::Entry;
use super::{Base, Group, Table};

pub(super) fn group(base: &Base) -> Group {
    let mut group = Group::new("manifest");
    for (name, lie) in LIES {
        group.zip(*name, &base.v3().lying(lie));
    }
    let text = base.v3().manifest_text();
    for (name, edit) in EDITS {
        group.zip(*name, &base.v3().with_manifest(edit(&text).as_bytes()));
    }
    for (name, edit) in BYTES {
        group.zip(*name, &base.v3().with_manifest(&edit(&text)));
    }
    for (name, text) in FORMAT_2 {
        let entry = Entry::stored("backup_info.json", text.as_bytes());
        let zip = base.legacy().changing("backup_info.json", |found| *found = entry);
        group.zip(format!("format 2, {name}"), &zip);
    }
    group.zip("format 2, with hashes", &base.legacy().and(Entry::stored("SHA256SUMS", b"")));
    let without =
        base.v3().zip().with(|zip| zip.entries.retain(|entry| entry.central.name != b"backup_info.json"));
    group.zip("format 3, without a manifest", &without);
    group
}

/// Text of the manifest, and the same with a defect.
const EDITS: Table<fn(&str) -> String> = &[
    ("empty", |_| String::new()),
    ("only null", |_| "null".to_owned()),
    ("a list", |_| "[]".to_owned()),
    ("a number", |_| "3.0".to_owned()),
    ("an object of nothing", |_| "{}".to_owned()),
    ("cut short", |text| text[..text.len() / 2].to_owned()),
    ("more behind it", |text| format!("{text} {{}}")),
    ("a byte order mark", |text| format!("\u{feff}{text}")),
    ("a comment", |text| format!("// made by hand\n{text}")),
    ("a comma too many", |text| text.replacen("\n}", ",\n}", 1)),
    ("a field twice", |text| first(text, "\"format_version\": \"3.0\",")),
    ("a field twice, with another value", |text| first(text, "\"foreign_key_violations\": 7,")),
    ("a field nobody knows, twice", |text| first(text, "\"x\": 1, \"x\": 2,")),
    ("a table twice", |text| text.replacen("\"tables\": {", &format!("\"tables\": {{{TABLE},"), 1)),
    ("a field nobody knows, 100000 deep", |text| {
        first(text, &format!("\"x\": {}{},", "[".repeat(100_000), "]".repeat(100_000)))
    }),
    ("tables 100000 deep", |text| {
        text.replacen("\"tables\": {", &format!("\"tables\": {}", "{\"a\":".repeat(100_000)), 1)
    }),
    ("a size that is negative", |text| size(text, "-")),
    ("a size that is a fraction", |text| size(text, "0.5e1, \"x\": ")),
    ("a size beyond all numbers", |text| size(text, "1e400, \"x\": ")),
    ("a size of 30 digits", |text| size(text, &format!("1{}, \"x\": ", "0".repeat(29)))),
    ("a number that is none", |text| size(text, "NaN, \"x\": ")),
    ("a lone surrogate", |text| text.replacen("\"3.0\"", "\"3.0\\ud800\"", 1)),
    ("5 MiB of a field nobody knows", |text| first(text, &format!("\"x\": \"{}\",", "x".repeat(5 << 20)))),
    ("thousands of fields nobody knows", |text| {
        first(text, &(0..9000).map(|n| format!("\"x{n}\": {n},")).collect::<String>())
    }),
    ("a control character in a text", |text| text.replacen("sqlite", "sql\u{80}te", 1)),
    ("format 3, with the manifest of format 2", |_| {
        r#"{"backup_format_version": "2.0", "images_included": true, "datasheets_included": true}"#.to_owned()
    }),
];

/// Puts more in front of the first field.
fn first(text: &str, more: &str) -> String {
    text.replacen('{', &format!("{{{more}"), 1)
}

/// Puts something in front of the first size.
fn size(text: &str, more: &str) -> String {
    text.replacen("\"size\": ", &format!("\"size\": {more}"), 1)
}

const BYTES: Table<fn(&str) -> Vec<u8>> = &[
    ("UTF-16", |text| text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ("bytes that are not UTF-8", |text| {
        [b"{\"backup_name\": \"\xff\xfe\", ".as_slice(), &text.as_bytes()[1..]].concat()
    }),
    ("noise", |_| (0..999).map(|n| ((n * 7919) >> 5) as u8).collect()),
];

const FORMAT_2: [(&str, &str); 10] = [
    ("empty", ""),
    ("an object of nothing", "{}"),
    ("a list", "[]"),
    ("a wrong type", r#"{"backup_format_version": "2.0", "images_included": "yes"}"#),
    ("a version as a number", r#"{"backup_format_version": 2.0}"#),
    ("a version from the future", r#"{"backup_format_version": "2.1"}"#),
    ("a version that a terminal obeys", r#"{"backup_format_version": "\u001b[2J\n"}"#),
    ("said to be 3", r#"{"format_version": "3.0"}"#),
    ("said to be encrypted", r#"{"backup_format_version": "2.0", "password_protected": true}"#),
    ("a folder left out that is there", r#"{"backup_format_version": "2.0", "images_included": false}"#),
];

/// A false entry for a table, to precede the true one.
const TABLE: &str = "\"partmodel\": {\"rows\": 0, \"digest\": \
    \"0000000000000000000000000000000000000000000000000000000000000000\"}";

fn first_file(manifest: &mut Value) -> &mut Value {
    &mut manifest["files"][0]
}

/// Lists a file once more under a path.
fn list_again(manifest: &mut Value, path: &str) {
    let mut file = first_file(manifest).clone();
    file["path"] = json!(path);
    files(manifest).push(file);
}

fn files(manifest: &mut Value) -> &mut Vec<Value> {
    manifest["files"].as_array_mut().expect("a list")
}

fn remove(object: &mut Value, field: &str) {
    object.as_object_mut().expect("an object").remove(field);
}

const LIES: Table<fn(&mut Value)> = &[
    ("a row more", |manifest| manifest["tables"]["partmodel"]["rows"] = json!(6)),
    ("rows without number", |manifest| manifest["tables"]["partmodel"]["rows"] = json!(u64::MAX)),
    ("another digest of a table", |manifest| {
        manifest["tables"]["partmodel"]["digest"] = json!("0".repeat(64))
    }),
    ("a digest of a table that is none", |manifest| manifest["tables"]["partmodel"]["digest"] = json!("0")),
    ("a table that is not there", |manifest| {
        manifest["tables"]["notes"] = manifest["tables"]["partmodel"].clone();
    }),
    ("a table that a terminal obeys", |manifest| {
        manifest["tables"]["\u{1b}[2J\n"] = manifest["tables"]["partmodel"].clone();
    }),
    ("a table with a name as long as a book", |manifest| {
        manifest["tables"]["long ".repeat(20_000)] = manifest["tables"]["partmodel"].clone();
    }),
    ("a table that is not listed", |manifest| remove(&mut manifest["tables"], "partmodel")),
    ("no tables", |manifest| manifest["tables"] = json!({})),
    ("tables as a list", |manifest| manifest["tables"] = json!([])),
    ("broken foreign keys that are not", |manifest| manifest["foreign_key_violations"] = json!(3)),
    ("said to be damaged", |manifest| manifest["damaged"] = json!("pages are missing")),
    ("said to be damaged in a way that a terminal obeys", |manifest| {
        manifest["damaged"] = json!(format!("\u{1b}[2J\n{}", "x".repeat(9000)));
    }),
    ("said to be damaged by a number", |manifest| manifest["damaged"] = json!(7)),
    ("another hash of a file", |manifest| first_file(manifest)["sha256"] = json!("0".repeat(64))),
    ("a hash in capitals", |manifest| {
        let hash = first_file(manifest)["sha256"].as_str().expect("text").to_uppercase();
        first_file(manifest)["sha256"] = json!(hash);
    }),
    ("a hash that is none", |manifest| first_file(manifest)["sha256"] = json!("none")),
    ("a hash that a terminal obeys", |manifest| first_file(manifest)["sha256"] = json!("\u{1b}[2J")),
    ("another size of a file", |manifest| first_file(manifest)["size"] = json!(1)),
    ("a size as text", |manifest| first_file(manifest)["size"] = json!("1")),
    ("a file under another name", |manifest| first_file(manifest)["path"] = json!("images/other.png")),
    ("a file under a name that leads out", |manifest| first_file(manifest)["path"] = json!("../x")),
    ("a file under a name that a terminal obeys", |manifest| {
        first_file(manifest)["path"] = json!("\u{1b}[2J")
    }),
    ("a file twice", |manifest| {
        let file = first_file(manifest).clone();
        files(manifest).push(file);
    }),
    ("a file that is not there", |manifest| list_again(manifest, "images/missing.png")),
    ("a file that is not listed", |manifest| drop(files(manifest).pop())),
    ("itself among the files", |manifest| list_again(manifest, "backup_info.json")),
    ("no files", |manifest| manifest["files"] = json!([])),
    ("files in another order", |manifest| files(manifest).reverse()),
    ("no list of files", |manifest| remove(manifest, "files")),
    ("no version", |manifest| remove(manifest, "format_version")),
    ("a minor version from the future", |manifest| manifest["format_version"] = json!("3.99")),
    ("a version from the future", |manifest| manifest["format_version"] = json!("4.0")),
    ("a version that is none", |manifest| manifest["format_version"] = json!("3.x")),
    ("a version as a number", |manifest| manifest["format_version"] = json!(3.0)),
    ("a version of nothing", |manifest| manifest["format_version"] = json!("")),
    ("a version as long as a book", |manifest| manifest["format_version"] = json!("9".repeat(9000))),
    ("a version as long as a book, newer", |manifest| {
        manifest["format_version"] = json!(format!("{}.0", "9".repeat(9000)))
    }),
    ("a field nobody knows", |manifest| manifest["mood"] = json!({"good": [true, null]})),
    ("other names, times and sizes", |manifest| {
        manifest["backup_name"] = json!("../../\u{1b}[2J");
        manifest["created_at"] = json!("yesterday");
        manifest["created_at_utc"] = json!("\u{1b}[2J");
        manifest["database_size_mb"] = json!(-1e300);
        manifest["env_path"] = json!("/etc/passwd");
    }),
    ("another number of images", |manifest| manifest["images_count"] = json!(99)),
    ("another number of datasheets", |manifest| manifest["datasheets_count"] = json!(0)),
    ("another size altogether", |manifest| manifest["total_size_mb"] = json!(99)),
    ("no database in it", |manifest| manifest["database_included"] = json!(false)),
    ("secrets in it", |manifest| manifest["env_included"] = json!(true)),
    ("a database elsewhere", |manifest| manifest["database_path"] = json!("/etc/passwd")),
    ("migrations that the database has not", |manifest| manifest["migrations"] = json!(["m9999_future"])),
    ("a folder left out that is there", |manifest| manifest["images_included"] = json!(false)),
    ("said to be encrypted", |manifest| manifest["password_protected"] = json!(true)),
];
