//! Makes untrusted text safe to show in a message: it may hold control sequences for the terminal, and may be long.

/// The largest number of characters that are shown.
const MAX_CHARACTERS: usize = 120;

/// Escapes control and invisible characters, and truncates the text to [`MAX_CHARACTERS`].
pub fn printable(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(MAX_CHARACTERS) {
        if character.is_control() || is_invisible(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    if text.chars().nth(MAX_CHARACTERS).is_some() {
        shown.push('…');
    }
    shown
}

/// Returns whether a character changes the direction of writing or has no width.
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
    fn control_characters_are_escaped_and_long_text_is_truncated() {
        assert_eq!(printable("Größe \u{1b}[2J\u{202e}x"), "Größe \\u{1b}[2J\\u{202e}x");
        assert_eq!(printable(&"x".repeat(5000)).chars().count(), MAX_CHARACTERS + 1);
    }
}
