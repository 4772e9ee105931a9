//! The rule by which a definition from an archive may be put back. An archive may come from anybody, and what computes in
//! a schema runs whenever rows are read or written. So a definition is read as text first, and refused unless all of it is
//! known to be cheap:
//!
//! - It is at most 8 KiB and one statement.
//! - Functions are those of [`FUNCTIONS`]: built in, always the same for the same values, with results no larger than what
//!   they are given.
//! - Texts are put together at most [`MAX_CONCATENATIONS`] times.
//! - No query, no pattern (`LIKE`, `GLOB`, `REGEXP`, `MATCH`: some take time beyond measure), no collation that is not
//!   built in, no value that depends on the time.
//! - A generated column does not refer to another one: chains of them double what they compute at each link.

/// Bytes of a statement.
const MAX_STATEMENT: usize = 8 << 10;

/// How often texts may be put together: each time, the result may be as large again.
const MAX_CONCATENATIONS: usize = 16;

/// Functions that a definition may call.
const FUNCTIONS: [&str; 26] = [
    "abs",
    "ceil",
    "ceiling",
    "coalesce",
    "floor",
    "ifnull",
    "iif",
    "instr",
    "json_extract",
    "length",
    "lower",
    "ltrim",
    "max",
    "min",
    "nullif",
    "octet_length",
    "round",
    "rtrim",
    "sign",
    "substr",
    "substring",
    "trim",
    "trunc",
    "typeof",
    "unicode",
    "upper",
];

/// Words after which a parenthesis is no call of a function.
const BEFORE_PARENTHESES: [&str; 24] = [
    "and",
    "as",
    "between",
    "case",
    "cast",
    "check",
    "constraint",
    "default",
    "else",
    "in",
    "index",
    "is",
    "key",
    "not",
    "null",
    "on",
    "or",
    "then",
    "unique",
    "when",
    "where",
    "always",
    "return",
    "isnull",
];

/// Types, behind which a size may stand.
const TYPES: [&str; 14] = [
    "blob",
    "char",
    "character",
    "decimal",
    "double",
    "float",
    "int",
    "integer",
    "nchar",
    "numeric",
    "nvarchar",
    "text",
    "varchar",
    "varying",
];

/// Words that name what a parenthesis belongs to.
const BEFORE_NAMES: [&str; 4] = ["on", "table", "references", "exists"];

/// Words that make a definition more than cheap.
const REFUSED: [&str; 12] = [
    "select",
    "with",
    "like",
    "glob",
    "regexp",
    "match",
    "raise",
    "current_time",
    "current_date",
    "current_timestamp",
    "temp",
    "temporary",
];

/// A piece of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind,
    pub(crate) text: &'a str,
    pub(crate) at: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Word,
    /// A name in quotes.
    Quoted,
    Text,
    Number,
    Sign,
}

impl Token<'_> {
    pub(crate) fn is(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }

    pub(crate) fn is_sign(&self, sign: &str) -> bool {
        self.kind == TokenKind::Sign && self.text == sign
    }

    /// The name that a word or a name in quotes stands for.
    pub(crate) fn name(&self) -> Option<String> {
        match self.kind {
            TokenKind::Word => Some(self.text.to_owned()),
            TokenKind::Quoted => {
                let inner = &self.text[1..self.text.len() - 1];
                let close = &self.text[self.text.len() - 1..];
                Some(inner.replace(&close.repeat(2), close))
            }
            _ => None,
        }
    }

    fn names(&self, name: &str) -> bool {
        self.name().is_some_and(|found| found.eq_ignore_ascii_case(name))
    }
}

/// Takes a statement apart. `None` when a quotation or a comment does not end.
pub(crate) fn tokens(sql: &str) -> Option<Vec<Token<'_>>> {
    let bytes = sql.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &sql[at..];
        let byte = bytes[at];
        let (kind, length) = match byte {
            _ if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'-' if rest.starts_with("--") => {
                at += rest.find('\n').map_or(rest.len(), |end| end + 1);
                continue;
            }
            b'/' if rest.starts_with("/*") => {
                at += rest.find("*/")? + 2;
                continue;
            }
            b'\'' => (TokenKind::Text, quotation(bytes, at, b'\'')?),
            b'"' | b'`' => (TokenKind::Quoted, quotation(bytes, at, byte)?),
            b'[' => (TokenKind::Quoted, rest.find(']')? + 1),
            b'0'..=b'9' => (
                TokenKind::Number,
                length_while(bytes, at, |byte| byte.is_ascii_alphanumeric() || byte == b'.'),
            ),
            _ if is_word(byte) => (TokenKind::Word, length_while(bytes, at, is_word)),
            _ => (TokenKind::Sign, 1),
        };
        tokens.push(Token { kind, text: &sql[at..at + length], at });
        at += length;
    }
    Some(tokens)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn length_while(bytes: &[u8], from: usize, is_part: impl Fn(u8) -> bool) -> usize {
    bytes[from..].iter().take_while(|byte| is_part(**byte)).count()
}

/// Length of a quotation, in which the mark twice stands for itself.
fn quotation(bytes: &[u8], from: usize, mark: u8) -> Option<usize> {
    let mut at = from + 1;
    loop {
        match bytes.get(at)? {
            byte if *byte != mark => at += 1,
            _ if bytes.get(at + 1) == Some(&mark) => at += 2,
            _ => return Some(at + 1 - from),
        }
    }
}

/// Tells whether a definition computes nothing but what the rule allows. `generated` are the generated columns of its table.
pub(crate) fn is_harmless(sql: &str, generated: &[String]) -> bool {
    let Some(tokens) = tokens(sql).filter(|_| sql.len() <= MAX_STATEMENT) else { return false };
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &tokens[before]);
        let next = tokens.get(at + 1);
        if token.is_sign(";") || REFUSED.iter().any(|word| token.is(word)) {
            return false;
        }
        if token.is("collate")
            && !next.is_some_and(|next| ["binary", "nocase", "rtrim"].iter().any(|name| next.names(name)))
        {
            return false;
        }
        let calls = next.is_some_and(|next| next.is_sign("("))
            && matches!(token.kind, TokenKind::Word | TokenKind::Quoted)
            && !BEFORE_PARENTHESES.iter().any(|word| token.is(word))
            && !before.is_some_and(|before| BEFORE_NAMES.iter().any(|word| before.is(word)))
            && !(TYPES.iter().any(|name| token.is(name)) && is_size(&tokens[at + 1..]));
        if calls && !FUNCTIONS.iter().any(|function| token.names(function)) {
            return false;
        }
        // JSON operators read, and may be chained: they only ever make things smaller.
        if token.kind == TokenKind::Sign && !"()+-*/%<>=!|&~,.".contains(token.text) {
            return false;
        }
    }
    let concatenations = tokens.windows(2).filter(|pair| pair.iter().all(|token| token.is_sign("|"))).count();
    concatenations <= MAX_CONCATENATIONS && !refers_to_generated(&tokens, generated)
}

/// `(10, 2)`, as behind the name of a type.
fn is_size(tokens: &[Token<'_>]) -> bool {
    let inner = tokens.iter().skip(1).take_while(|token| !token.is_sign(")"));
    let mut inner = inner.peekable();
    inner.peek().is_some() && inner.all(|token| token.kind == TokenKind::Number || token.is_sign(","))
}

/// Tells whether an expression of one generated column names another.
fn refers_to_generated(tokens: &[Token<'_>], generated: &[String]) -> bool {
    let mut depth = 0_i32;
    let mut until = None;
    for (at, token) in tokens.iter().enumerate() {
        if token.is_sign("(") {
            depth += 1;
            if until.is_none() && at > 0 && tokens[at - 1].is("as") {
                until = Some(depth);
            }
        } else if token.is_sign(")") {
            if until == Some(depth) {
                until = None;
            }
            depth -= 1;
        } else if until.is_some() && generated.iter().any(|name| token.names(name)) {
            return true;
        }
    }
    false
}

/// Returns the definition of a column within the statement of its table.
pub(crate) fn column_definition(table_sql: &str, column: &str) -> Option<String> {
    let tokens = tokens(table_sql)?;
    let open = tokens.iter().position(|token| token.is_sign("("))?;
    let mut depth = 0_i32;
    let mut begin = open + 1;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if token.is_sign("(") {
            depth += 1;
        } else if token.is_sign(")") {
            depth -= 1;
        }
        if (depth == 1 && token.is_sign(",")) || depth == 0 {
            let first = tokens.get(begin)?;
            if first.names(column) {
                return Some(table_sql[first.at..token.at].trim().to_owned());
            }
            begin = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cheap_definitions_may_come_back() {
        for sql in [
            "CREATE UNIQUE INDEX one_each ON partmodel (lower(trim(part_name))) WHERE part_number IS NOT NULL",
            "CREATE INDEX \"by day\" ON \"my loans\" (substr(day, 1, 10) COLLATE NOCASE DESC)",
            "CREATE TABLE loans (id INTEGER PRIMARY KEY, who VARCHAR(40) NOT NULL, days NUMERIC(10, 2) DEFAULT (1), \
             part VARCHAR REFERENCES partmodel (id), key TEXT GENERATED ALWAYS AS (lower(who) || '/' || part) STORED UNIQUE, \
             CHECK (days > 0 AND who IN ('a', 'b')), FOREIGN KEY (who) REFERENCES people (name)) -- a remark",
        ] {
            assert!(is_harmless(sql, &["key".to_owned()]), "{sql}");
        }
    }

    #[test]
    fn whatever_could_cost_more_does_not() {
        for sql in [
            "CREATE INDEX i ON t (hex(zeroblob(300000000)))",
            "CREATE INDEX i ON t (\"hex\"(a))",
            "CREATE INDEX i ON t (a) WHERE a LIKE '%0%0%0%0%0x'",
            "CREATE INDEX i ON t (length(zeroblob(300000000)))",
            "CREATE INDEX i ON t (a) WHERE a IN generate_series(1, 2)",
            "CREATE INDEX i ON t (load_extension('x'))",
            "CREATE INDEX i ON t (a) WHERE a IN (SELECT 1)",
            "CREATE INDEX i ON t (a COLLATE theirs)",
            "CREATE INDEX i ON t (a); DROP TABLE t",
            "CREATE INDEX i ON t (replace(a, '', a))",
            "CREATE INDEX i ON t (a /* without end",
            "CREATE INDEX i ON t ('without end)",
            "CREATE TABLE t (a, b AS (a || a), c AS (b || b))",
            "CREATE TABLE t (a, b AS (printf('%1000000d', a)))",
            "CREATE TABLE t (a, b DEFAULT CURRENT_TIMESTAMP)",
        ] {
            assert!(!is_harmless(sql, &["b".to_owned(), "c".to_owned()]), "{sql}");
        }
        assert!(!is_harmless(
            &format!("CREATE INDEX i ON t (a{})", " || a".repeat(MAX_CONCATENATIONS + 1)),
            &[]
        ));
        assert!(!is_harmless(&format!("CREATE INDEX i ON t (a) /*{}*/", " ".repeat(MAX_STATEMENT)), &[]));
    }

    #[test]
    fn the_definition_of_a_column_is_found_in_its_table() {
        let sql = "CREATE TABLE \"a,b\" (x VARCHAR(2), \"it's\" TEXT AS (lower(x, ')')) /* , */, y)";
        assert_eq!(column_definition(sql, "it's").unwrap(), "\"it's\" TEXT AS (lower(x, ')')) /* , */");
        assert_eq!(column_definition(sql, "y").unwrap(), "y");
        assert_eq!(column_definition(sql, "z"), None);
    }
}
