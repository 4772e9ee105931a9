//! Splits folded text into runs of characters that belong together.

use crate::fold::fold;

/// The largest number of characters of a word. What follows does not count.
pub(crate) const MAX_WORD: usize = 64;
/// The largest number of words of one text. What follows is not indexed.
const MAX_PIECES: usize = 20_000;

/// A run of characters.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) text: String,
    /// Whether the text belongs to a script without spaces.
    pub(super) cjk: bool,
    /// Whether nothing but white space stands between the previous piece and this one.
    pub(super) after_space: bool,
}

/// Returns the pieces of a text, folded.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let folded = fold(text);
    let mut found = Vec::new();
    let mut characters = folded.chars().peekable();
    let mut gap_is_space = None;
    while let Some(first) = characters.next() {
        if !first.is_alphanumeric() {
            gap_is_space = Some(gap_is_space.unwrap_or(true) && first.is_whitespace());
            continue;
        }
        let cjk = is_cjk(first);
        let mut piece = String::from(first);
        let mut last = first;
        while let Some(next) = characters.peek().copied() {
            let joins = if next.is_alphanumeric() {
                is_cjk(next) == cjk && last != '%'
            } else {
                last.is_ascii_digit() && (next == '%' || next == '.' && digit_follows(&characters))
            };
            if !joins {
                break;
            }
            characters.next();
            piece.push(next);
            last = next;
        }
        let after_space = gap_is_space.take().unwrap_or(false);
        found.push(Piece { text: shortened(piece, cjk), cjk, after_space });
        if found.len() == MAX_PIECES {
            break;
        }
    }
    found
}

fn digit_follows(characters: &std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    characters.clone().nth(1).is_some_and(|next| next.is_ascii_digit())
}

fn shortened(mut piece: String, cjk: bool) -> String {
    if cjk {
        return piece;
    }
    if let Some((end, _)) = piece.char_indices().nth(MAX_WORD) {
        piece.truncate(end);
    }
    if piece.ends_with("ohms") {
        piece.pop();
    }
    piece
}

/// Tells the scripts that are written without spaces, or with particles attached to their words.
fn is_cjk(character: char) -> bool {
    matches!(character,
        '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{312f}' | '\u{31a0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}
