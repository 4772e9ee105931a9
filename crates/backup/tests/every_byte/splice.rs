//! Parts of an older archive in place of those of a newer one: each part is sound, but they do not
//! belong together.

use std::collections::BTreeMap;
use std::ops::Range;

use rstest::rstest;
use testkit::long_run::figure;
use testkit::{TestDatabase, TestStaticFiles, test_db_with_schema, test_static_files_dir};

use super::layout::parts;
use super::two;

/// Returns the newer archive with these entries of the older one. The directory is made to fit, as
/// programs that repair archives do, so that only the content can reveal the exchange.
fn spliced(older: &[u8], newer: &[u8], taken: &[&str]) -> Vec<u8> {
    let (old, new) = (parts(older), parts(newer));
    let olds: BTreeMap<&str, _> = old.entries.iter().map(|entry| (entry.0.as_str(), entry)).collect();
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes, record) in &new.entries {
        let (from, (_, bytes, record)) = match olds.get(name.as_str()) {
            Some(old) if taken.contains(&name.as_str()) => (older, *old),
            _ => (newer, &(name.clone(), bytes.clone(), record.clone())),
        };
        let at = out.len() as u32;
        out.extend(&from[bytes.clone()]);
        let mut record = from[record.clone()].to_vec();
        record[42..46].copy_from_slice(&at.to_le_bytes());
        directory.extend(record);
    }
    let mut end = newer[newer.len() - 22..].to_vec();
    end[12..16].copy_from_slice(&(directory.len() as u32).to_le_bytes());
    end[16..20].copy_from_slice(&(out.len() as u32).to_le_bytes());
    [out, directory, end].concat()
}

#[rstest]
#[tokio::test]
async fn parts_of_an_older_archive_are_noticed_and_named(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let two = two(test_db_with_schema, test_static_files_dir).await;
    let (older, newer) = (&two.older, &two.newer);
    let (old, new) = (parts(older), parts(newer));
    assert_eq!(&spliced(older, newer, &[]), newer, "with nothing taken it is the same");
    let content = |archive: &[u8], part: &Range<usize>| archive[part.clone()].to_vec();
    let mut count = 0;
    let mut refused = |what: &str, bytes: &[u8]| {
        count += 1;
        two.refused(what, bytes)
    };

    // Each entry that differs, together with its record in the directory.
    for (name, bytes, _) in &new.entries {
        let Some((_, before, _)) = old.entries.iter().find(|entry| entry.0 == *name) else { continue };
        let said = |bytes: &[u8]| contents_differ(bytes, newer);
        let whole = spliced(older, newer, &[name]);
        if !said(&whole) {
            continue;
        }
        let message = refused(name, &whole);
        let named = message.contains(&format!("{name:?}")) || message.contains(name);
        assert!(named, "{name}: {message}");
        // The bytes alone, if they have the same length; the directory stays that of the newer archive.
        if before.len() == bytes.len() {
            let mut over = newer.clone();
            over[bytes.clone()].copy_from_slice(&content(older, before));
            let message = refused(&format!("the bytes of {name}"), &over);
            assert!(message.contains(name), "{name}: {message}");
        }
    }

    // Several entries that belong together: only the others reveal the exchange.
    for taken in [
        &["makers_matrix.db", "backup_info.json"][..],
        &["backup_info.json", "SHA256SUMS"],
        &["makers_matrix.db", "SHA256SUMS"],
        &["images/nested/changed.png", "SHA256SUMS"],
        &["images/nested/changed.png", "backup_info.json", "SHA256SUMS"],
        &["makers_matrix.db", "backup_info.json", "SHA256SUMS"],
    ] {
        refused(&taken.join(" and "), &spliced(older, newer, taken));
    }
    let entries = 0..new.directory.start;
    refused("the older directory", &[&newer[entries.clone()], &older[old.directory.start..]].concat());
    refused("the older end", &[&newer[..newer.len() - 22], &older[older.len() - 22..]].concat());
    refused("the older entries", &[&older[..old.directory.start], &newer[new.directory.start..]].concat());
    refused("the older archive in front", &[older.as_slice(), newer].concat());
    refused("the older archive behind", &[newer.as_slice(), older].concat());
    two.nothing_has_changed();
    figure("parts of an older archive put into a newer one, all refused", &count.to_string());
}

fn contents_differ(one: &[u8], other: &[u8]) -> bool {
    let without_times = |archive: &[u8]| -> Vec<Vec<u8>> {
        let parts = parts(archive);
        parts
            .entries
            .iter()
            .map(|(_, _, record)| archive[record.start + 16..record.start + 28].to_vec())
            .collect()
    };
    without_times(one) != without_times(other)
}
