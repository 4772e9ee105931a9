//! Digests of several texts.

use sha2::{Digest, Sha256};

/// Returns the SHA-256 of several texts as hexadecimal digits. The length of each text is part of it, so a character that moves
/// from one text to the next makes a difference.
pub fn digest_of<T: AsRef<[u8]>>(texts: impl IntoIterator<Item = T>) -> String {
    let mut digest = Sha256::new();
    for text in texts {
        let text = text.as_ref();
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text);
    }
    format!("{:x}", digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_separated() {
        assert_ne!(digest_of(["ab", "c"]), digest_of(["a", "bc"]));
        assert_ne!(digest_of(["ab", ""]), digest_of(["ab"]));
    }
}
