//! Writes the seeds: `cargo run --bin seeds -- TARGET_FOLDER`. Each shows the fuzzer one case that a
//! reader must handle.

use std::fs;
use std::path::Path;

use archive::{CHECKSUMS, DATABASE, ENV, MANIFEST, Sha256Hex};
use fuzz::archives::CONTENT;
use fuzz::archives::mutation::Mutated;
use fuzz::archives::zip::{Zip, manifest_of};

const LEGACY: &str = r#"{"backup_name":"b","created_at":"2025-10-05T10:00:00.123456","makermatrix_version":"1.9.0",
"schema_version":"1.0.0","backup_format_version":"2.0","python_version":"3.12.3","password_protected":false,
"database_included":true,"datasheets_included":true,"images_included":false,"env_included":true,
"database_size_mb":0.5,"datasheets_count":3,"datasheets_size_mb":1.25,"images_count":0,"images_size_mb":0,
"env_size_kb":0.1,"total_size_mb":0}"#;
const OLDEST: &str = r#"{"backup_name":"b","created_at":"2025-01-05T10:00:00","database_included":true,
"datasheets_included":true,"images_included":true,"database_size_mb":0.5,"datasheets_count":3,
"datasheets_size_mb":1.25,"images_count":0,"images_size_mb":0,"total_size_mb":0}"#;

fn main() {
    let folder = std::env::args().nth(1).expect("usage: seeds FOLDER");
    let write = |target: &str, name: &str, content: &[u8]| {
        let folder = Path::new(&folder).join(target);
        fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join(name), content)).expect("writable");
    };
    for (name, content) in archives() {
        write("archive_reader", name, &content);
    }
    for (name, choices) in choices() {
        write("archive_mutated", name, &choices);
    }
    let listed = String::from_utf8(manifest_of(&[(DATABASE, CONTENT)])).expect("it is JSON");
    for (name, json) in [
        ("whole", listed.clone()),
        ("rescue", listed.replace(r#""foreign_key"#, r#""damaged":"page 3","foreign_key"#)),
        (
            "newer_minor",
            listed
                .replace("\"3.0\"", "\"3.7\"")
                .replace("{\"backup_name", "{\"new\":[1e9,null],\"backup_name"),
        ),
        ("newer_major", listed.replace("\"3.0\"", "\"4.0\"")),
        (
            "numbers",
            listed.replace("0.01", "123456.78").replace("\"rows\":0", "\"rows\":18446744073709551615"),
        ),
        ("escapes", listed.replace("images/gone", "images/\\u00fc\\ud83d\\ude00\\u001b[31m")),
        ("twice", listed.replace("\"files\":[", "\"files\":[],\"files\":[")),
        ("wrong_type", listed.replace("\"foreign_key_violations\":0", "\"foreign_key_violations\":-1")),
    ] {
        write("manifest", name, json.as_bytes());
    }
    for (name, json) in [
        ("2.0", LEGACY.to_owned()),
        ("before_2.0", OLDEST.to_owned()),
        ("empty", "{}".to_owned()),
        ("nulls", LEGACY.replace("true", "null")),
        ("claims_3.0", listed),
        ("2.1", LEGACY.replace("\"2.0\"", "\"2.1\"")),
        ("commands_a_terminal", LEGACY.replace("\"2.0\"", "\"2.1\\u001b[2J\"")),
        ("array", "[[[[{\"a\":[1.5e300,-0,\"\\ud800\"]}]]]]".to_owned()),
    ] {
        write("legacy_metadata", name, json.as_bytes());
    }
    let json = manifest_of(&[(DATABASE, CONTENT)]);
    let line = |name: &str, content: &[u8]| format!("{}  {name}\n", Sha256Hex::of(content));
    let (database, manifest) = (line(DATABASE, CONTENT), line(MANIFEST, &json));
    for (name, text) in [
        ("right", format!("{database}{manifest}")),
        ("other_order", format!("{manifest}{database}")),
        ("missing", database.clone()),
        ("foreign", format!("{database}{manifest}{}", line("images/x", b""))),
        ("binary_mode", format!("{database}{manifest}").replace("  ", " *")),
        ("crlf", format!("{database}{manifest}").replace('\n', "\r\n")),
        ("upper_case", format!("{database}{manifest}").to_uppercase()),
    ] {
        write("sums", name, text.as_bytes());
    }
    #[cfg(feature = "database")]
    for (name, bytes) in fuzz::database_seeds::seeds() {
        write("database", name, &bytes);
    }
}

fn archives() -> Vec<(&'static str, Vec<u8>)> {
    let ours = |bytes: &[u8]| Mutated::new(bytes).before;
    let small: [(&str, &[u8]); 3] =
        [(DATABASE, CONTENT), ("datasheets/a.pdf", b"%PDF"), ("images/b/c.png", b"\x89PNG")];
    let (of_2_0, of_before) = ((MANIFEST, LEGACY.as_bytes()), (MANIFEST, OLDEST.as_bytes()));
    let legacy = [small[0], small[1], small[2], (ENV, b"KEY=value"), of_2_0];
    let of = |change: &dyn Fn(&mut Zip<'_>)| {
        let mut zip = Zip::of(&legacy);
        change(&mut zip);
        zip.bytes()
    };
    let json = manifest_of(&[(DATABASE, CONTENT)]);
    let rescue = String::from_utf8(manifest_of(&[])).expect("it is JSON");
    let rescue = rescue
        .replace(r#""foreign_key"#, r#""damaged":"gone","foreign_key"#)
        .replace(r#""database_included":true"#, r#""database_included":false"#);
    let sums = |files: &[(&str, &[u8])]| {
        files
            .iter()
            .map(|(name, content)| format!("{}  {name}\n", Sha256Hex::of(content)))
            .collect::<String>()
    };
    let by_hand = sums(&[(DATABASE, CONTENT), (MANIFEST, &json)]);
    let of_rescue = sums(&[(MANIFEST, rescue.as_bytes())]);
    let plain = of(&|_| {});
    vec![
        ("ours_one_file", ours(&[0, 0, 30, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])),
        ("ours_all_kinds", ours(&[0, 4, 15, 1, 2, 3, 4, 5, 40, 41, 7, 23])),
        ("ours_by_hand", Zip::of(&[small[0], (MANIFEST, &json), (CHECKSUMS, by_hand.as_bytes())]).bytes()),
        ("rescue", Zip::of(&[(MANIFEST, rescue.as_bytes()), (CHECKSUMS, of_rescue.as_bytes())]).bytes()),
        ("legacy_2.0", plain.clone()),
        ("legacy_before_2.0", Zip::of(&[small[0], small[1], of_before]).bytes()),
        ("bare", Zip::of(&small).bytes()),
        ("bare_with_folders", Zip::of(&[("datasheets/", b""), small[0], ("readme.txt", b"hello")]).bytes()),
        ("zip64", of(&|zip| zip.wide = true)),
        ("comment", of(&|zip| zip.comment = b"made on a Tuesday")),
        ("comment_like_an_end", of(&|zip| zip.comment = b"PK\x05\x06 a comment that looks like an end")),
        ("encrypted", of(&|zip| zip.flags = 1)),
        ("descriptors_that_are_not_there", of(&|zip| zip.flags = 8)),
        ("links", of(&|zip| zip.mode = 0o120_777)),
        ("twice", Zip::of(&[small[0], small[0]]).bytes()),
        ("file_and_folder", Zip::of(&[small[0], ("images/a", b"x"), ("images/a/b", b"y")]).bytes()),
        ("escaping", Zip::of(&[small[0], ("images/../../x", b"x")]).bytes()),
        ("truncated", plain[..plain.len() - 30].to_vec()),
        ("prefixed", [b"PK\x03\x04 something before ".as_slice(), &plain].concat()),
        ("empty_zip", Zip::of(&[]).bytes()),
        ("sqlite", b"SQLite format 3\0".to_vec()),
    ]
}

/// Returns choices for `archive_mutated`: checksums corrected or not, files, then one change each.
fn choices() -> Vec<(&'static str, Vec<u8>)> {
    let files: [u8; 12] = [3, 15, 1, 2, 3, 4, 5, 40, 41, 30, 9, 8];
    let with = |correct: u8, changes: &[u8]| [&[correct], files.as_slice(), changes].concat();
    vec![
        ("untouched", with(0, &[])),
        ("bit", with(0, &[9, 8, 7, 6, 5, 4, 3, 2, 0, 0, 40, 3])),
        ("bit_mended", with(1, &[9, 8, 7, 6, 5, 4, 3, 2, 0, 0, 60, 3])),
        ("cut", with(0, &[9, 8, 7, 6, 5, 4, 3, 2, 2, 4, 0, 1])),
        ("removed", with(0, &[9, 8, 7, 6, 5, 4, 3, 2, 3, 1, 0, 9])),
        ("doubled", with(0, &[9, 8, 7, 6, 5, 4, 3, 2, 4, 1, 0, 64, 2, 0])),
        ("swapped", with(1, &[9, 8, 7, 6, 5, 4, 3, 2, 5, 1, 0, 64, 2, 0])),
        ("inserted", with(0, &[9, 8, 7, 6, 5, 4, 3, 2, 6, 1, 0, 3, 65, 66, 67, 68])),
        ("sizes", with(0, &[9, 8, 7, 6, 5, 4, 3, 2, 7, 0, 1, 2, 255, 255, 255, 255])),
        ("method", with(0, &[9, 8, 7, 6, 5, 4, 3, 2, 8, 0, 1, 1, 0, 99])),
    ]
}
