//! Cuts a query into its terms. No spelling is an error.

/// A term as it was typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) negated: bool,
    /// What stands before the value, and the operator between.
    pub(super) key: Option<(String, String)>,
    pub(super) value: String,
    pub(super) quoted: bool,
}

impl Item {
    /// Returns the term as plain text.
    pub(super) fn whole(&self) -> String {
        match &self.key {
            Some((key, operator)) => format!("{key}{operator}{}", self.value),
            None => self.value.clone(),
        }
    }
}

/// Returns the terms of a query.
pub(super) fn items(text: &str) -> Vec<Item> {
    let characters: Vec<char> = text.chars().map(plain).collect();
    let mut lexer = Lexer { characters: &characters, at: 0 };
    std::iter::from_fn(|| lexer.item()).filter(|item| item.key.is_some() || !item.value.is_empty()).collect()
}

/// Returns the plain form of a character that belongs to the syntax: quotes as word processors write them, and full width.
fn plain(character: char) -> char {
    match character {
        '“' | '”' | '„' | '‟' | '＂' => '"',
        '：' => ':',
        '＝' => '=',
        '＜' => '<',
        '＞' => '>',
        '－' | '−' => '-',
        other => other,
    }
}

struct Lexer<'a> {
    characters: &'a [char],
    at: usize,
}

impl Lexer<'_> {
    fn item(&mut self) -> Option<Item> {
        self.take_while(char::is_whitespace);
        let first = self.peek()?;
        let negated = first == '-';
        if negated {
            self.at += 1;
        }
        if self.peek() == Some('"') {
            return Some(Item { negated, key: None, value: self.quoted(), quoted: true });
        }
        let key = self.key();
        let quoted = key.is_some() && self.peek() == Some('"');
        let value = if quoted { self.quoted() } else { self.take_while(|next| !next.is_whitespace()) };
        Some(Item { negated, key, value, quoted })
    }

    /// Takes a key and its operator, if the next word has them: a letter first, then letters, digits, `_`, `-` and `.`.
    fn key(&mut self) -> Option<(String, String)> {
        let start = self.at;
        let key = self.take_while(|next| next.is_alphanumeric() || matches!(next, '_' | '-' | '.'));
        let operator = self.take_while(|next| matches!(next, ':' | '=' | '<' | '>'));
        let known =
            matches!(operator.as_str(), ":" | "=" | "<" | "<=" | ">" | ">=" | ":<" | ":<=" | ":>" | ":>=");
        if known && key.starts_with(char::is_alphabetic) {
            return Some((
                key,
                operator
                    .strip_prefix(':')
                    .filter(|rest| !rest.is_empty())
                    .map_or(operator.clone(), str::to_owned),
            ));
        }
        self.at = start;
        None
    }

    /// Takes a text in quotes. The last quote may be missing.
    fn quoted(&mut self) -> String {
        self.at += 1;
        let text = self.take_while(|next| next != '"');
        self.at = self.characters.len().min(self.at + 1);
        text
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let start = self.at;
        while self.peek().is_some_and(&belongs) {
            self.at += 1;
        }
        self.characters[start..self.at].iter().collect()
    }
}
