//! `SHA256SUMS`: the format of `sha256sum`, one line an entry: 64 hex digits, two spaces, name.
//! (Names that `sha256sum` would have to escape cannot occur: see `name`.)

use std::collections::HashMap;

use crate::error::Corruption;
use crate::hashing::Sha256Hex;

pub(crate) fn line(name: &str, hash: &Sha256Hex) -> String {
    format!("{hash}  {name}\n")
}

pub(crate) fn parse(text: &str) -> Result<HashMap<&str, Sha256Hex>, Corruption> {
    let wrong = |number: usize, why: &str| Corruption::Checksums { why: format!("line {number}: {why}") };
    if !text.is_empty() && !text.ends_with('\n') {
        return Err(Corruption::Checksums { why: "the last line has no end".to_owned() });
    }
    let mut sums = HashMap::new();
    for (index, line) in text.split_terminator('\n').enumerate() {
        let (hash, name) = line.split_once("  ").ok_or_else(|| wrong(index + 1, "no hash and name"))?;
        let hash = hash.parse().map_err(|why| wrong(index + 1, why))?;
        if sums.insert(name, hash).is_some() {
            return Err(wrong(index + 1, "the name is there twice"));
        }
    }
    Ok(sums)
}
