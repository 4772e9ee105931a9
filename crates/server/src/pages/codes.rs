//! Short links to parts and places, as QR codes on labels hold them.

use qrcode::{Color, EcLevel, QrCode};

/// What a code refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// The id of a part.
    Part(String),
    /// The id of a place.
    Place(String),
}

/// The largest number of digits of a 128-bit number in base 32.
const DIGITS: usize = 26;

impl Code {
    /// Returns the link. It has capital letters only, which a QR code stores in 5.5 instead of 8 bits, so that the code has fewer and
    /// larger squares.
    pub(super) fn link(&self, base: &str) -> String {
        let (kind, id) = match self {
            Self::Part(id) => ('P', id),
            Self::Place(id) => ('L', id),
        };
        format!("{}/{kind}/{}", base.to_ascii_uppercase(), shortened(id))
    }

    /// Reads a link, or the part of it after the host.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (rest, id) = text.trim().trim_end_matches('/').rsplit_once('/')?;
        match rest.rsplit('/').next()? {
            "P" | "p" => Some(Self::Part(lengthened(id))),
            "L" | "l" => Some(Self::Place(lengthened(id))),
            "parts" => Some(Self::Part(id.to_owned())),
            "places" => Some(Self::Place(id.to_owned())),
            _ => None,
        }
    }

    /// Returns the page of what the code refers to.
    pub(super) fn page(&self) -> String {
        match self {
            Self::Part(id) => format!("/parts/{}", super::frame::encoded(id)),
            Self::Place(id) => format!("/places/{}", super::frame::encoded(id)),
        }
    }
}

/// Writes a UUID as a number in base 32, which is 10 characters shorter. Other ids stay as they are.
fn shortened(id: &str) -> String {
    match uuid::Uuid::try_parse(id) {
        Ok(uuid) if uuid.to_string() == id => {
            let mut number = uuid.as_u128();
            let mut digits = vec!['0'; DIGITS];
            for digit in digits.iter_mut().rev() {
                let value = (number & 31) as u32;
                *digit = char::from_digit(value, 32).unwrap_or('0').to_ascii_uppercase();
                number >>= 5;
            }
            digits.into_iter().collect()
        }
        _ => super::frame::encoded(id),
    }
}

fn lengthened(text: &str) -> String {
    let number =
        Some(text).filter(|text| text.len() == DIGITS).and_then(|text| u128::from_str_radix(text, 32).ok());
    match number {
        Some(number) => uuid::Uuid::from_u128(number).to_string(),
        None => text.to_owned(),
    }
}

/// A QR code as the path of a picture, whose squares have the size 1.
pub(super) struct Squares {
    pub(super) path: String,
    pub(super) size: usize,
}

/// Returns the QR code of a text; `None` if the text is too long for one.
pub(super) fn squares(text: &str) -> Option<Squares> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let size = code.width();
    let mut path = String::new();
    for (row, colors) in code.to_colors().chunks(size).enumerate() {
        let mut column = 0;
        while column < size {
            let run = colors[column..].iter().take_while(|color| **color == Color::Dark).count();
            if run > 0 {
                path.push_str(&format!("M{column} {row}h{run}v1h-{run}z"));
            }
            column += run.max(1);
        }
    }
    Some(Squares { path, size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_back_to_what_it_was_made_of() {
        let id = "736f654e-1655-4526-b5f5-809d78ecdd6c";
        for code in [Code::Part(id.to_owned()), Code::Place(id.to_owned()), Code::Part("old-7".to_owned())] {
            assert_eq!(Code::parse(&code.link("http://parts.local:8080")), Some(code));
        }
        assert_eq!(Code::Part(id.to_owned()).link("http://h").len(), "http://h/P/".len() + DIGITS);
        assert_eq!(Code::parse(&format!("https://h/parts/{id}")), Some(Code::Part(id.to_owned())));
        for other in ["", "ATMEGA328P", "https://example.com/", "a/b"] {
            assert_eq!(Code::parse(other), None, "{other}");
        }
    }

    #[test]
    fn the_squares_are_those_of_the_code() {
        let text = "HTTP://PARTS.LOCAL/P/000000000000000000000000AA";
        let squares = squares(text).unwrap();
        let dark = QrCode::with_error_correction_level(text, EcLevel::M).unwrap().to_colors();
        let runs = squares.path.split('h').skip(1).filter(|run| !run.starts_with('-'));
        let drawn: usize = runs.map(|run| run.split('v').next().unwrap().parse::<usize>().unwrap()).sum();
        assert_eq!(drawn, dark.iter().filter(|color| **color == Color::Dark).count());
        assert!(super::squares(&"x".repeat(5000)).is_none());
    }
}
