//! The parts of words that are indexed besides whole words, so that a prefix or a substring is found by few terms.

use crate::fold::compact;
use crate::words::{MAX_WORD, Word};

/// The lengths of the indexed prefixes. The prefix of a length between two of them is found in the longer ones. Few words
/// have a longer prefix in common: they are found one by one.
const LENGTHS: &[usize] = &[1, 2, 3, 4, 6];
const GRAM: usize = 3;
const START: char = '\u{2}';
const END: char = '\u{3}';

/// Returns the indexed prefixes of a word. Each begins with its length in [`LENGTHS`], so that the prefixes of one length
/// are neighbours in the index.
pub(crate) fn prefixes(word: &Word) -> Vec<String> {
    if word.cjk {
        return Vec::new();
    }
    let length = word.text.chars().count();
    let mut shorter = 0;
    let mut found = Vec::new();
    for longest in LENGTHS.iter().copied() {
        if length > shorter {
            found.push(tagged(longest, word.text.chars().take(longest)));
        }
        shorter = longest;
    }
    found
}

/// How the words that begin with a prefix are found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PrefixLookup {
    /// By one indexed prefix.
    Term(String),
    /// By all indexed prefixes that begin with this text.
    Terms(String),
    /// By all words that begin with this text, since it is longer than any indexed prefix.
    Words(String),
}

/// Returns how the words that begin with `prefix` are found.
pub(crate) fn prefix_lookup(prefix: &str) -> PrefixLookup {
    let length = prefix.chars().count();
    match LENGTHS.iter().copied().find(|longest| *longest >= length) {
        Some(longest) if longest == length => PrefixLookup::Term(tagged(longest, prefix.chars())),
        Some(longest) => PrefixLookup::Terms(tagged(longest, prefix.chars())),
        None => PrefixLookup::Words(prefix.to_owned()),
    }
}

fn tagged(length: usize, characters: impl Iterator<Item = char>) -> String {
    length.to_string().chars().chain(characters).collect()
}

/// The byte that stands for the first position in a number.
const FIRST_POSITION: u8 = b' ';

/// Returns the term of a gram at a position. The position belongs to the term, so that no positions have to be read and compared
/// for each number.
pub(crate) fn placed_gram(gram: &str, position: usize) -> String {
    let position = u8::try_from(position).unwrap_or(u8::MAX).saturating_add(FIRST_POSITION);
    format!("{gram}{}", char::from(position))
}

/// Returns the position in a term, or nothing if it is not of this gram but of one that begins with it.
pub(crate) fn gram_position(gram: &str, term: &[u8]) -> Option<usize> {
    match term.strip_prefix(gram.as_bytes())? {
        [position] => Some(usize::from(position.checked_sub(FIRST_POSITION)?)),
        _ => None,
    }
}

/// A substring of a number as it is looked up: grams with their offsets, which must follow each other.
pub(crate) type Grams = Vec<(usize, String)>;

/// Returns the indexed grams of a part number: three characters at each position, with a mark at its start and its end,
/// and one gram for its first character.
pub(crate) fn number_grams(number: &str) -> Grams {
    let marked = marked(number, true, true);
    if marked.len() < GRAM {
        return Vec::new();
    }
    let first = (0, marked[..2].iter().collect());
    let grams = marked.windows(GRAM).enumerate().map(|(at, gram)| (at, gram.iter().collect()));
    std::iter::once(first).chain(grams).collect()
}

/// Returns the grams that tell a number which contains `part`, or begins with it if it is shorter than a gram.
/// Nothing if `part` has neither letters nor digits.
pub(crate) fn substring_grams(part: &str) -> Grams {
    let plain = marked(part, false, false);
    match plain.len() {
        0 => Vec::new(),
        GRAM.. => covering(&plain),
        _ => vec![(0, marked(part, true, false).iter().collect())],
    }
}

/// Returns the grams that tell a number which equals `number`.
pub(crate) fn equal_grams(number: &str) -> Grams {
    let marked = marked(number, true, true);
    if marked.len() < GRAM { Vec::new() } else { covering(&marked) }
}

/// Returns as many grams as cover all characters.
fn covering(characters: &[char]) -> Grams {
    let last = characters.len() - GRAM;
    let mut starts: Vec<usize> = (0..last).step_by(GRAM).collect();
    starts.push(last);
    starts.into_iter().map(|at| (at, characters[at..at + GRAM].iter().collect())).collect()
}

fn marked(number: &str, start: bool, end: bool) -> Vec<char> {
    let compact = compact(number);
    let characters = compact.chars().take(MAX_WORD);
    let marked = start.then_some(START).into_iter().chain(characters).chain(end.then_some(END));
    marked.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Word {
        Word { text: text.to_owned(), position: 0, cjk: false }
    }

    #[test]
    fn a_word_has_its_prefixes_up_to_the_length_that_covers_it() {
        assert_eq!(prefixes(&word("rc")), ["1r", "2rc"]);
        assert_eq!(prefixes(&word("rc060")), ["1r", "2rc", "3rc0", "4rc06", "6rc060"]);
        assert_eq!(prefixes(&word("rc0603fr07")).last().map(String::as_str), Some("6rc0603"));
    }

    #[test]
    fn each_prefix_of_a_word_is_found_among_its_indexed_prefixes() {
        for text in ["r", "rc", "rc0", "rc06", "rc060", "rc0603", "rc0603f", "rc0603fr0710kl", "µΩ抵"] {
            let word = word(text);
            for end in 1..=text.chars().count() {
                let prefix: String = text.chars().take(end).collect();
                let found = match prefix_lookup(&prefix) {
                    PrefixLookup::Term(term) => prefixes(&word).contains(&term),
                    PrefixLookup::Terms(start) => {
                        prefixes(&word).iter().any(|indexed| indexed.starts_with(&start))
                    }
                    PrefixLookup::Words(start) => word.text.starts_with(&start),
                };
                assert!(found, "{prefix} of {text}");
            }
        }
    }

    #[test]
    fn grams_follow_each_other() {
        let shown = |grams: Grams| -> Vec<String> {
            grams.into_iter().map(|(at, gram)| format!("{at}{gram}")).collect()
        };
        assert_eq!(shown(number_grams("LM-35")), ["0\u{2}l", "0\u{2}lm", "1lm3", "2m35", "335\u{3}"]);
        assert_eq!(shown(substring_grams("0603FR")), ["0060", "33fr"]);
        assert_eq!(shown(substring_grams("0603F")), ["0060", "203f"]);
        assert_eq!(shown(substring_grams("LM3")), ["0lm3"]);
        assert_eq!(shown(substring_grams("LM")), ["0\u{2}lm"]);
        assert_eq!(shown(substring_grams("-")), [""; 0]);
        assert_eq!(shown(equal_grams("R")), ["0\u{2}r\u{3}"]);
        assert_eq!(shown(number_grams("")), [""; 0]);
    }
}
