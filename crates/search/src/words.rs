//! Splits text into words: the same way for documents and for queries.
//!
//! A word is a run of letters and digits. `4.7` and `1%` are whole. Chinese, Japanese and Korean text, which has no
//! spaces, becomes overlapping pairs of characters. A quantity such as `10kΩ`, `10 kohm` or `10k ohm` gets all its
//! spellings at the same position, so that each of them finds the others.

mod pieces;
mod quantity;

pub(crate) use pieces::MAX_WORD;
use pieces::{Piece, pieces};
use quantity::Quantity;

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// The folded word.
    pub(crate) text: String,
    /// Its position, for phrases.
    pub(crate) position: usize,
    /// Whether it is a part of a text without spaces. It is never a prefix of a longer word.
    pub(crate) cjk: bool,
}

/// Returns all words by which a document with this text is found.
pub(crate) fn document_words(text: &str) -> Vec<Word> {
    let mut words = Words::default();
    let pieces = pieces(text);
    let mut rest = pieces.as_slice();
    while let Some(piece) = rest.first() {
        if piece.cjk {
            words.add_cjk(&piece.text, true);
            rest = &rest[1..];
        } else if let Some((quantity, length)) = Quantity::at(rest) {
            words.add_quantity(&quantity, &rest[..length]);
            rest = &rest[length..];
        } else {
            words.add(&piece.text);
            rest = &rest[1..];
        }
    }
    words.found
}

/// Returns the words that a document must have, one after the other, to be found by this text.
pub(crate) fn query_words(text: &str) -> Vec<Word> {
    let mut words = Words::default();
    let pieces = pieces(text);
    let mut rest = pieces.as_slice();
    while let Some(piece) = rest.first() {
        if piece.cjk {
            words.add_cjk(&piece.text, piece.text.chars().nth(1).is_none());
            rest = &rest[1..];
        } else if let Some((quantity, length)) = Quantity::at(rest) {
            words.put(quantity.joined(), 0);
            words.position += 2;
            rest = &rest[length..];
        } else {
            words.add(&piece.text);
            rest = &rest[1..];
        }
    }
    words.found
}

#[derive(Default)]
struct Words {
    found: Vec<Word>,
    position: usize,
}

impl Words {
    fn put(&mut self, text: String, offset: usize) {
        let position = self.position + offset;
        let is_new = |word: &Word| word.position != position || word.text != text;
        if self.found.iter().rev().take(8).all(is_new) {
            self.found.push(Word { text, position, cjk: false });
        }
    }

    fn add(&mut self, text: &str) {
        self.put(text.to_owned(), 0);
        self.position += 1;
    }

    /// Adds the pairs of characters, and the single ones where `single` says so.
    fn add_cjk(&mut self, text: &str, single: bool) {
        let characters: Vec<char> = text.chars().collect();
        for (at, character) in characters.iter().enumerate() {
            let position = self.position + at;
            if single {
                self.found.push(Word { text: character.to_string(), position, cjk: true });
            }
            if let Some(next) = characters.get(at + 1) {
                self.found.push(Word { text: format!("{character}{next}"), position, cjk: true });
            }
        }
        self.position += characters.len();
    }

    /// Adds the spellings of a quantity: the number at one position, the unit at the next.
    fn add_quantity(&mut self, quantity: &Quantity, pieces: &[Piece]) {
        self.put(quantity.joined(), 0);
        self.put(quantity.number.to_owned(), 0);
        self.put(quantity.unit_with_prefix(), 1);
        if quantity.is_resistance() {
            self.put(format!("{}{}", quantity.number, quantity.prefix), 0);
            self.put(quantity.unit.to_owned(), 1);
        }
        self.put(pieces[0].text.clone(), 0);
        pieces[1..].iter().for_each(|piece| self.put(piece.text.clone(), 1));
        self.position += 2;
    }
}

#[cfg(test)]
mod tests;
