//! Manifests that lie, or are none.

use serde_json::{Value, json};

use super::zip::Entry;
use super::{Base, Group};

type Lie = (&'static str, fn(&mut Value));

pub(super) fn group(base: &Base) -> Group {
    let mut group = Group::new("manifest");
    for (what, lie) in LIES {
        group.zip(*what, &base.v3().lying(lie));
    }
    let text = base.v3().manifest_text();
    let with = |text: String| base.v3().with_manifest(text.as_bytes());
    let first = |more: &str| text.replacen('{', &format!("{{{more}"), 1);
    for (what, text) in [
        ("empty", String::new()),
        ("only null", "null".to_owned()),
        ("a list", "[]".to_owned()),
        ("a number", "3.0".to_owned()),
        ("an object of nothing", "{}".to_owned()),
        ("cut short", text[..text.len() / 2].to_owned()),
        ("more behind it", format!("{text} {{}}")),
        ("a byte order mark", format!("\u{feff}{text}")),
        ("a comment", format!("// made by hand\n{text}")),
        ("a comma too many", text.replacen("\n}", ",\n}", 1)),
        ("a field twice", first("\"format_version\": \"3.0\",")),
        ("a field twice, with another value", first("\"foreign_key_violations\": 7,")),
        ("a field nobody knows, twice", first("\"x\": 1, \"x\": 2,")),
        ("a table twice", text.replacen("\"tables\": {", &format!("\"tables\": {{{TABLE},"), 1)),
        (
            "a field nobody knows, 100000 deep",
            first(&format!("\"x\": {}{},", "[".repeat(100_000), "]".repeat(100_000))),
        ),
        (
            "tables 100000 deep",
            text.replacen("\"tables\": {", &format!("\"tables\": {}", "{\"a\":".repeat(100_000)), 1),
        ),
        ("a size that is negative", text.replacen("\"size\": ", "\"size\": -", 1)),
        ("a size that is a fraction", text.replacen("\"size\": ", "\"size\": 0.5e1, \"x\": ", 1)),
        ("a size beyond all numbers", text.replacen("\"size\": ", "\"size\": 1e400, \"x\": ", 1)),
        (
            "a size of 30 digits",
            text.replacen("\"size\": ", &format!("\"size\": 1{}, \"x\": ", "0".repeat(29)), 1),
        ),
        ("a number that is none", text.replacen("\"size\": ", "\"size\": NaN, \"x\": ", 1)),
        ("a lone surrogate", text.replacen("\"3.0\"", "\"3.0\\ud800\"", 1)),
        ("5 MiB of a field nobody knows", first(&format!("\"x\": \"{}\",", "x".repeat(5 << 20)))),
        (
            "thousands of fields nobody knows",
            first(&(0..9000).map(|n| format!("\"x{n}\": {n},")).collect::<String>()),
        ),
    ] {
        group.zip(what, &with(text));
    }
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    group.zip("UTF-16", &base.v3().with_manifest(&utf16));
    group.zip("a control character in a text", &with(text.replacen("sqlite", "sql\u{80}te", 1)));
    let raw = [b"{\"backup_name\": \"\xff\xfe\", ".as_slice(), &text.as_bytes()[1..]].concat();
    group.zip("bytes that are not UTF-8", &base.v3().with_manifest(&raw));
    group.zip(
        "noise",
        &base.v3().with_manifest(&(0..999).map(|n| ((n * 7919) >> 5) as u8).collect::<Vec<_>>()),
    );

    let old = |text: &str| {
        let entry = Entry::stored("backup_info.json", text.as_bytes());
        base.legacy().changing("backup_info.json", |found| *found = entry)
    };
    for (what, text) in [
        ("format 2, empty", ""),
        ("format 2, an object of nothing", "{}"),
        ("format 2, a list", "[]"),
        ("format 2, a wrong type", "{\"backup_format_version\": \"2.0\", \"images_included\": \"yes\"}"),
        ("format 2, a version as a number", "{\"backup_format_version\": 2.0}"),
        ("format 2, a version from the future", "{\"backup_format_version\": \"2.1\"}"),
        ("format 2, a version that a terminal obeys", "{\"backup_format_version\": \"\\u001b[2J\\n\"}"),
        ("format 2, said to be 3", "{\"format_version\": \"3.0\"}"),
        (
            "format 2, said to be encrypted",
            "{\"backup_format_version\": \"2.0\", \"password_protected\": true}",
        ),
        (
            "format 2, a folder left out that is there",
            "{\"backup_format_version\": \"2.0\", \"images_included\": false}",
        ),
    ] {
        group.zip(what, &old(text));
    }
    let list = base.legacy().and(Entry::stored("SHA256SUMS", b""));
    group.zip("format 2, with hashes", &list);
    let old = br#"{"backup_format_version": "2.0", "images_included": true, "datasheets_included": true}"#;
    group.zip("format 3, with the manifest of format 2", &base.v3().with_manifest(old));
    group.zip(
        "format 3, without a manifest",
        &base.v3().zip().with(|zip| {
            zip.entries.retain(|entry| entry.central.name != b"backup_info.json");
        }),
    );
    group
}

/// The true one follows.
const TABLE: &str = "\"partmodel\": {\"rows\": 0, \"digest\": \
    \"0000000000000000000000000000000000000000000000000000000000000000\"}";

fn first_file(manifest: &mut Value) -> &mut Value {
    &mut manifest["files"][0]
}

const LIES: &[Lie] = &[
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
    ("a table that is not listed", |manifest| {
        manifest["tables"].as_object_mut().expect("an object").remove("partmodel");
    }),
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
        manifest["files"].as_array_mut().expect("a list").push(file);
    }),
    ("a file that is not there", |manifest| {
        let mut file = first_file(manifest).clone();
        file["path"] = json!("images/missing.png");
        manifest["files"].as_array_mut().expect("a list").push(file);
    }),
    ("a file that is not listed", |manifest| {
        manifest["files"].as_array_mut().expect("a list").pop();
    }),
    ("itself among the files", |manifest| {
        let mut file = first_file(manifest).clone();
        file["path"] = json!("backup_info.json");
        manifest["files"].as_array_mut().expect("a list").push(file);
    }),
    ("no files", |manifest| manifest["files"] = json!([])),
    ("files in another order", |manifest| manifest["files"].as_array_mut().expect("a list").reverse()),
    ("no list of files", |manifest| drop(manifest.as_object_mut().expect("an object").remove("files"))),
    ("no version", |manifest| drop(manifest.as_object_mut().expect("an object").remove("format_version"))),
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
