//! Cells of a CSV file. A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` as a formula, so an exported cell that
//! does gets an apostrophe before it (<https://owasp.org/www-community/attacks/CSV_Injection>), which an import takes off again.

use std::borrow::Cow;

/// The characters that begin a formula, in their full width as well, and those that a spreadsheet skips before one.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Returns whether a text needs an apostrophe: because it may be a formula, or because an import would otherwise change it.
fn needs_apostrophe(text: &str) -> bool {
    text.starts_with(FORMULA) || text.starts_with('\'') || text.trim() != text
}

/// Returns the cell that holds a text.
pub(super) fn protected(text: &str) -> Cow<'_, str> {
    if needs_apostrophe(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// Returns the text that a cell holds, without blanks around it unless an apostrophe protects them.
pub(super) fn text(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(protected) if needs_apostrophe(protected) => protected,
        _ => cell.trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_apostrophe_stands_before_what_a_spreadsheet_would_run() {
        for (plain, cell) in [
            ("10k", "10k"),
            ("=1+1", "'=1+1"),
            ("-40 °C", "'-40 °C"),
            ("＝1", "'＝1"),
            ("'=1", "''=1"),
            (" a", "' a"),
        ] {
            assert_eq!(protected(plain), cell);
            assert_eq!(text(cell), plain);
        }
        assert_eq!(text("  10k "), "10k");
        assert_eq!(text("'74 vintage"), "'74 vintage");
    }

    proptest::proptest! {
        #[test]
        fn an_import_reads_the_text_of_every_cell(plain in "['=+@ \t-]{0,3}\\PC{0,5}[' ]?") {
            let cell = protected(&plain);
            proptest::prop_assert_eq!(text(&cell), plain.as_str());
        }
    }
}
