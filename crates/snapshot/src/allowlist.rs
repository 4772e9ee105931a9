//! The allowlist for definitions that a restore may recreate. An archive may be hostile, and expressions in a schema run
//! whenever rows are read or written. So a definition is parsed first, and rejected unless all of it is known to be cheap:
//!
//! - The definition is a single statement of at most 8 KiB.
//! - The functions are those of [`ALLOWED_FUNCTIONS`]: built in, deterministic, with results no larger than their
//!   arguments.
//! - Strings are concatenated at most [`MAX_CONCATENATIONS`] times.
//! - There are no queries, no patterns (`LIKE`, `GLOB`, `REGEXP` and `MATCH` can take unbounded time), no custom
//!   collations, and no values that depend on the time.
//! - A generated column does not refer to another one: in a chain, each column can double the size of the result.

/// The largest size of a statement in bytes.
const MAX_STATEMENT: usize = 8 << 10;

/// The largest number of concatenations: each one can double the size of the result.
const MAX_CONCATENATIONS: usize = 16;

/// Functions that a definition may call.
const ALLOWED_FUNCTIONS: [&str; 26] = [
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

/// Keywords after which a parenthesis does not begin the arguments of a function.
const KEYWORDS_BEFORE_PARENTHESES: [&str; 24] = [
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

/// Types that a size may follow, as in `VARCHAR(40)`.
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

/// Keywords that a name follows, which is not a function even before a parenthesis.
const KEYWORDS_BEFORE_NAMES: [&str; 4] = ["on", "table", "references", "exists"];

/// Keywords that may make a definition expensive.
const FORBIDDEN_KEYWORDS: [&str; 12] = [
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

/// A token of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind,
    pub(crate) text: &'a str,
    pub(crate) at: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Word,
    /// A quoted identifier.
    Quoted,
    Text,
    Number,
    Symbol,
}

impl Token<'_> {
    pub(crate) fn is(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }

    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == TokenKind::Symbol && self.text == symbol
    }

    /// Returns the identifier that a word or a quoted identifier stands for.
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

/// Splits a statement into tokens. Returns `None` for an unterminated string, identifier or comment.
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
            b'\'' => (TokenKind::Text, quoted_length(bytes, at, b'\'')?),
            b'"' | b'`' => (TokenKind::Quoted, quoted_length(bytes, at, byte)?),
            b'[' => (TokenKind::Quoted, rest.find(']')? + 1),
            b'0'..=b'9' => (
                TokenKind::Number,
                length_while(bytes, at, |byte| byte.is_ascii_alphanumeric() || byte == b'.'),
            ),
            _ if is_word(byte) => (TokenKind::Word, length_while(bytes, at, is_word)),
            _ => (TokenKind::Symbol, 1),
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

/// Returns the length of a quoted string, in which a doubled quotation mark stands for itself.
fn quoted_length(bytes: &[u8], from: usize, mark: u8) -> Option<usize> {
    let mut at = from + 1;
    loop {
        match bytes.get(at)? {
            byte if *byte != mark => at += 1,
            _ if bytes.get(at + 1) == Some(&mark) => at += 2,
            _ => return Some(at + 1 - from),
        }
    }
}

/// Returns whether the allowlist permits a definition. `generated` names the generated columns of the archive.
pub(crate) fn is_allowed(sql: &str, generated: &[String]) -> bool {
    let Some(tokens) = tokens(sql).filter(|_| sql.len() <= MAX_STATEMENT) else { return false };
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &tokens[before]);
        let next = tokens.get(at + 1);
        if token.is_symbol(";") || FORBIDDEN_KEYWORDS.iter().any(|word| token.is(word)) {
            return false;
        }
        if token.is("collate")
            && !next.is_some_and(|next| ["binary", "nocase", "rtrim"].iter().any(|name| next.names(name)))
        {
            return false;
        }
        let calls = next.is_some_and(|next| next.is_symbol("("))
            && matches!(token.kind, TokenKind::Word | TokenKind::Quoted)
            && !KEYWORDS_BEFORE_PARENTHESES.iter().any(|word| token.is(word))
            && !before.is_some_and(|before| KEYWORDS_BEFORE_NAMES.iter().any(|word| before.is(word)))
            && !(TYPES.iter().any(|name| token.is(name)) && is_size(&tokens[at + 1..]));
        if calls && !ALLOWED_FUNCTIONS.iter().any(|function| token.names(function)) {
            return false;
        }
        // The JSON operators are allowed: their results are never larger than their operands.
        if token.kind == TokenKind::Symbol && !"()+-*/%<>=!|&~,.".contains(token.text) {
            return false;
        }
    }
    let concatenations =
        tokens.windows(2).filter(|pair| pair.iter().all(|token| token.is_symbol("|"))).count();
    concatenations <= MAX_CONCATENATIONS && !refers_to_generated(&tokens, generated)
}

/// Returns whether the tokens begin with the size of a type, such as `(10, 2)`.
fn is_size(tokens: &[Token<'_>]) -> bool {
    let inner = tokens.iter().skip(1).take_while(|token| !token.is_symbol(")"));
    let mut inner = inner.peekable();
    inner.peek().is_some() && inner.all(|token| token.kind == TokenKind::Number || token.is_symbol(","))
}

/// Returns whether the expression of a generated column refers to a generated column.
fn refers_to_generated(tokens: &[Token<'_>], generated: &[String]) -> bool {
    let mut depth = 0_i32;
    let mut until = None;
    for (at, token) in tokens.iter().enumerate() {
        if token.is_symbol("(") {
            depth += 1;
            if until.is_none() && at > 0 && tokens[at - 1].is("as") {
                until = Some(depth);
            }
        } else if token.is_symbol(")") {
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

/// Returns the definition of a column from the statement of its table.
pub(crate) fn column_definition(table_sql: &str, column: &str) -> Option<String> {
    let tokens = tokens(table_sql)?;
    let open = tokens.iter().position(|token| token.is_symbol("("))?;
    let mut depth = 0_i32;
    let mut begin = open + 1;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth -= 1;
        }
        if (depth == 1 && token.is_symbol(",")) || depth == 0 {
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
    fn cheap_definitions_are_allowed() {
        for sql in [
            "CREATE UNIQUE INDEX one_each ON partmodel (lower(trim(part_name))) WHERE part_number IS NOT NULL",
            "CREATE INDEX \"by day\" ON \"my loans\" (substr(day, 1, 10) COLLATE NOCASE DESC)",
            "CREATE TABLE loans (id INTEGER PRIMARY KEY, who VARCHAR(40) NOT NULL, days NUMERIC(10, 2) DEFAULT (1), \
             part VARCHAR REFERENCES partmodel (id), key TEXT GENERATED ALWAYS AS (lower(who) || '/' || part) STORED UNIQUE, \
             CHECK (days > 0 AND who IN ('a', 'b')), FOREIGN KEY (who) REFERENCES people (name)) -- a remark",
        ] {
            assert!(is_allowed(sql, &["key".to_owned()]), "{sql}");
        }
    }

    #[test]
    fn definitions_that_may_be_expensive_are_rejected() {
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
            assert!(!is_allowed(sql, &["b".to_owned(), "c".to_owned()]), "{sql}");
        }
        assert!(!is_allowed(
            &format!("CREATE INDEX i ON t (a{})", " || a".repeat(MAX_CONCATENATIONS + 1)),
            &[]
        ));
        assert!(!is_allowed(&format!("CREATE INDEX i ON t (a) /*{}*/", " ".repeat(MAX_STATEMENT)), &[]));
    }

    #[test]
    fn the_definition_of_a_column_is_found_in_its_table() {
        let sql = "CREATE TABLE \"a,b\" (x VARCHAR(2), \"it's\" TEXT AS (lower(x, ')')) /* , */, y)";
        assert_eq!(column_definition(sql, "it's").unwrap(), "\"it's\" TEXT AS (lower(x, ')')) /* , */");
        assert_eq!(column_definition(sql, "y").unwrap(), "y");
        assert_eq!(column_definition(sql, "z"), None);
    }
}
