//! Folds text, so that spellings of the same word become equal: accents, case, width, ligatures, and the signs of units.

use unicode_normalization::UnicodeNormalization;

/// Returns the folded form of a text: compatibility forms decomposed (full-width letters, `㏀`, `²`), accents removed,
/// lower case, `Ω` as `ohm`, `µ` as `u`, `ß` as `ss`.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for character in text.nfkd().filter(|character| !is_dropped(*character)) {
        for lower in character.to_lowercase().filter(|lower| !is_dropped(*lower)) {
            match spelled_out(lower) {
                Some(letters) => folded.push_str(letters),
                None => folded.push(lower),
            }
        }
    }
    // Composes what is no accent: the syllables of Hangul and the voiced kana.
    folded.nfc().collect()
}

/// Returns the folded form of a text without anything but letters and digits, in which `RC0603-FR` equals `rc 0603 fr`.
pub(crate) fn compact(text: &str) -> String {
    fold(text).chars().filter(|character| character.is_alphanumeric()).collect()
}

fn spelled_out(character: char) -> Option<&'static str> {
    Some(match character {
        'ω' => "ohm",
        'μ' => "u",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'ı' => "i",
        _ => return None,
    })
}

/// Tells accents and invisible characters. Marks outside these blocks are vowels of their scripts, or tell kana apart.
fn is_dropped(character: char) -> bool {
    matches!(character,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Ünïcôdé", "unicode")]
    #[case("10kΩ", "10kohm")]
    #[case("10k\u{2126}", "10kohm")]
    #[case("10㏀", "10kohm")]
    #[case("4.7µF", "4.7uf")]
    #[case("4.7μF", "4.7uf")]
    #[case("Straße STRASSE ẞ", "strasse strasse ss")]
    #[case("ＲＣ０６０３", "rc0603")]
    #[case("Łódź Øre Ætt", "lodz ore aett")]
    #[case("ﾀﾞｲｵｰﾄﾞ", "ダイオード")]
    #[case("ガ", "ガ")]
    #[case("저항", "저항")]
    #[case("抵抗器", "抵抗器")]
    #[case("İstanbul", "istanbul")]
    #[case("soft\u{ad}hyphen", "softhyphen")]
    #[case("1% 4.7", "1% 4.7")]
    fn spellings_of_a_word_become_equal(#[case] text: &str, #[case] folded: &str) {
        assert_eq!(fold(text), folded);
        assert_eq!(fold(&fold(text)), folded, "folding what is folded changes nothing");
    }

    #[test]
    fn a_compact_text_has_letters_and_digits_only() {
        assert_eq!(compact("RC0603-FR 07/10K_Ω"), "rc0603fr0710kohm");
        assert_eq!(compact("–+ "), "");
    }
}
