//! Text from outside that may be hostile, on its way into a message: a terminal would obey it,
//! and nobody would read all of it.

/// Characters of one name or message that are shown.
const SHOWN: usize = 120;

/// The text without anything that a terminal obeys, and no longer than a message may be.
pub fn printable(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(SHOWN) {
        if character.is_control() || is_invisible(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// Marks that turn the direction of writing, or take no room.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_spelt_out() {
        assert_eq!(printable("Größe \u{1b}[2J\u{202e}x"), "Größe \\u{1b}[2J\\u{202e}x");
        assert_eq!(printable(&"x".repeat(5000)).chars().count(), SHOWN + 1);
    }
}
