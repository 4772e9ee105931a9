//! How the library cuts the text of a field into terms.

use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer, TokenizerManager};

use crate::grams::{number_grams, placed_gram, prefixes};
use crate::words::document_words;

/// The names of the tokenizers.
pub(crate) const RAW: &str = "raw";
pub(crate) const WORDS: &str = "words";
pub(crate) const PREFIXES: &str = "prefixes";
pub(crate) const GRAMS: &str = "grams";

/// How many positions lie between two texts of a field, so that no phrase goes over their boundary.
const GAP: usize = 4;

/// Returns the tokenizers of the index.
pub(crate) fn tokenizers() -> TokenizerManager {
    // The library wants its own tokenizers to be there even for fields of numbers.
    let tokenizers = TokenizerManager::default();
    tokenizers.register(WORDS, TextAnalyzer::from(Cut(words)));
    tokenizers.register(PREFIXES, TextAnalyzer::from(Cut(word_prefixes)));
    tokenizers.register(GRAMS, TextAnalyzer::from(Cut(grams)));
    tokenizers
}

type Terms = Vec<(usize, String)>;

fn words(text: &str) -> Terms {
    document_words(text).into_iter().map(|word| (word.position, word.text)).collect()
}

fn word_prefixes(text: &str) -> Terms {
    let mut terms: Vec<String> = document_words(text).iter().flat_map(prefixes).collect();
    terms.sort_unstable();
    terms.dedup();
    terms.into_iter().map(|term| (0, term)).collect()
}

/// Returns the grams of a number behind its mark.
fn grams(text: &str) -> Terms {
    let Some((mark, number)) = text.split_at_checked(1) else { return Vec::new() };
    let term = |(position, gram): (usize, String)| (0, placed_gram(&format!("{mark}{gram}"), position));
    number_grams(number).into_iter().map(term).collect()
}

#[derive(Clone)]
struct Cut(fn(&str) -> Terms);

impl Tokenizer for Cut {
    type TokenStream<'a> = Stream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream {
        Stream { terms: (self.0)(text).into_iter(), token: Token::default() }
    }
}

struct Stream {
    terms: std::vec::IntoIter<(usize, String)>,
    token: Token,
}

impl TokenStream for Stream {
    fn advance(&mut self) -> bool {
        let Some((position, text)) = self.terms.next() else { return false };
        self.token = Token { position, text, position_length: GAP, ..Token::default() };
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
