//! Formats counts with their nouns in the right form, such as "1 file" and "2 files".

use std::fmt::Display;

/// Formats a number and its noun: "1 file", "2 files", "0 categories".
pub fn counted<N: Display + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    if number == N::from(1) { format!("1 {noun}") } else { format!("{number} {}", plural(noun)) }
}

/// Returns the plural of a regular English noun.
pub fn plural(noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_and_everything_else_plural() {
        assert_eq!([0_u64, 1, 2].map(|n| counted(n, "file")), ["0 files", "1 file", "2 files"]);
        assert_eq!([1_usize, 3].map(|n| counted(n, "category")), ["1 category", "3 categories"]);
        assert_eq!(counted(2_u64, "API key"), "2 API keys");
    }
}
