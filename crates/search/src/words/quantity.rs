//! Recognises quantities: a number, a prefix such as kilo, and a unit, with or without spaces between.

use super::pieces::Piece;

const PREFIXES: &[char] = &['p', 'n', 'u', 'm', 'k', 'g', 't'];
const UNITS: &[&str] = &["ohm", "f", "h", "v", "a", "w", "hz", "m", "s", "b", "ah", "wh"];
/// The pieces that a quantity has at most: `10 k ohm`.
const MAX_PIECES: usize = 3;

/// A quantity, in folded characters.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Quantity {
    pub(super) number: String,
    pub(super) prefix: String,
    pub(super) unit: &'static str,
}

impl Quantity {
    /// Returns the quantity with which `pieces` begin, and how many of them it takes.
    pub(super) fn at(pieces: &[Piece]) -> Option<(Self, usize)> {
        if !pieces.first()?.text.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        let may_follow =
            |piece: &&Piece| piece.after_space && piece.text.bytes().all(|byte| byte.is_ascii_lowercase());
        let following = pieces[1..].iter().take(MAX_PIECES - 1).take_while(may_follow).count();
        (1..=following + 1).rev().find_map(|length| {
            let joined: String = pieces[..length].iter().map(|piece| piece.text.as_str()).collect();
            Some((Self::parse(&joined)?, length))
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let end = text.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let (number, rest) = text.split_at(end);
        if rest.len() > 4 {
            return None;
        }
        let (prefix, unit) = match UNITS.iter().find(|unit| **unit == rest) {
            Some(unit) => ("", *unit),
            None => {
                let after = rest.strip_prefix(PREFIXES)?;
                (&rest[..1], *UNITS.iter().find(|unit| **unit == after)?)
            }
        };
        Some(Self { number: number.to_owned(), prefix: prefix.to_owned(), unit })
    }

    /// Returns the quantity as one word: `10kohm`.
    pub(super) fn joined(&self) -> String {
        format!("{}{}{}", self.number, self.prefix, self.unit)
    }

    pub(super) fn unit_with_prefix(&self) -> String {
        format!("{}{}", self.prefix, self.unit)
    }

    /// Tells a resistance, which is also written without its unit: `10k`.
    pub(super) fn is_resistance(&self) -> bool {
        self.unit == "ohm"
    }
}
