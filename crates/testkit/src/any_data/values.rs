//! Values that people store, and those that nobody expects: whatever SQLite lets into a column.

use crate::generators::noise;
use crate::long_run::Random;

use super::cell::Cell;
use super::schema::Column;

/// Texts that look like numbers, or almost: columns of numbers turn some of them into numbers.
const NUMERIC: [&str; 29] = [
    "0",
    "007",
    "1e3",
    "-0",
    "-0.0",
    "+5",
    "0x1F",
    " 42",
    "42 ",
    "\t7",
    "1_000",
    ".5",
    "5.",
    "1.0",
    "00.10",
    "0.1",
    "1e400",
    "-1e400",
    "1e-400",
    "nan",
    "inf",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "9007199254740993",
    "123456789012345678.9",
    "12\0",
    "\u{feff}1",
    "１２",
];

/// Texts that have hurt programs before.
const AWKWARD: [&str; 20] = [
    "a\0b",
    "\0",
    "a\0",
    "\r\n",
    "\u{1b}[31m",
    "\u{7f}\u{80}\u{9f}",
    "e\u{301}\u{327}",
    "\u{e9}",
    "שלום\u{202e}abc",
    "👩‍👩‍👧‍👦 🏳️‍🌈",
    "𝔘𝔫𝔦\u{10ffff}",
    "\u{fffd}\u{fffe}\u{ffff}",
    "\u{2028}\u{2029}",
    "\u{200b}",
    "Ω µ Å ﬁ ẞ",
    "'; DROP TABLE partmodel; --",
    "\"quoted\" `back` [bracket]",
    "%s %n ${HOME} \\x00",
    "CaSe",
    " ",
];

/// Bytes that are no UTF-8, stored as text all the same.
const NOT_UTF8: [&[u8]; 7] =
    [b"\xff", b"caf\xe9", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"ok\x80ok", b"\xf8\x88\x80\x80\x80"];

const INTEGERS: [i64; 14] = [
    0,
    1,
    -1,
    127,
    -128,
    32_768,
    8_388_608,
    2_147_483_648,
    -140_737_488_355_329,
    9_007_199_254_740_993,
    i64::MAX,
    i64::MIN,
    i64::MAX - 1,
    i64::MIN + 1,
];

const REALS: [f64; 16] = [
    0.0,
    -0.0,
    1.0,
    -1.5,
    0.1,
    1e15,
    1e22,
    9_223_372_036_854_775_808.0,
    -9_223_372_036_854_775_808.0,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    f64::MIN_POSITIVE,
    5e-324,
    f64::MAX,
    f64::MIN,
];

/// A value for a column: mostly one of the kind that it is made for.
pub(super) fn value(random: &mut Random, column: &Column) -> Cell {
    let value = if random.below(10) < 6 { usual(random, column) } else { any(random) };
    if value != Cell::Null || !column.required { value } else { Cell::text(text(random)) }
}

fn usual(random: &mut Random, column: &Column) -> Cell {
    let declared = column.declared.to_ascii_uppercase();
    let absent = !column.required && random.below(4) == 0;
    match declared.split('(').next().unwrap_or_default() {
        _ if absent => Cell::Null,
        "BOOLEAN" => Cell::Integer(random.below(2) as i64),
        "INTEGER" => Cell::Integer(random.below(1000) as i64),
        "FLOAT" | "NUMERIC" => Cell::real(random.below(100_000) as f64 / 100.0),
        "DATETIME" => Cell::text(time(random)),
        "JSON" => Cell::text(json(random, 5)),
        _ => Cell::text(text(random)),
    }
}

/// Anything at all.
fn any(random: &mut Random) -> Cell {
    match random.below(12) {
        0 => Cell::Null,
        1 => Cell::Integer(*pick(random, &INTEGERS)),
        2 => Cell::Integer(bits(random) as i64),
        3 => Cell::real(*pick(random, &REALS)),
        4 => Cell::real(f64::from_bits(bits(random))),
        5 => Cell::Blob(blob(random)),
        6 => Cell::Text(pick(random, &NOT_UTF8).to_vec()),
        7 => Cell::text(*pick(random, &NUMERIC)),
        8 => Cell::text(json(random, 4)),
        9 => Cell::Text(blob(random)),
        _ => Cell::text(text(random)),
    }
}

fn text(random: &mut Random) -> String {
    match random.below(40) {
        0 => String::new(),
        1..=4 => (*pick(random, &NUMERIC)).to_owned(),
        5..=11 => format!("{}{}", pick(random, &AWKWARD), word(random)),
        12..=15 => (0..random.below(30)).map(|_| character(random)).collect(),
        // Some fill pages of their own; few, since there are thousands of values.
        16 if random.below(12) == 0 => character(random).to_string().repeat(random.below(40_000) as usize),
        17 if random.below(6) == 0 => "0123456789".repeat(random.below(800) as usize),
        _ => word(random),
    }
}

fn word(random: &mut Random) -> String {
    format!("{:x}", bits(random) >> (8 * random.below(8)))
}

fn character(random: &mut Random) -> char {
    let bound = *pick(random, &[0x80, 0x800, 0x1_0000, 0x11_0000]);
    char::from_u32(random.below(bound) as u32).unwrap_or('\u{d7ff}')
}

fn blob(random: &mut Random) -> Vec<u8> {
    let length = match random.below(40) {
        0 => 0,
        1 => random.below(100_000),
        _ => random.below(60),
    };
    noise(length as usize, bits(random) | 1)
}

fn time(random: &mut Random) -> String {
    let (year, month, day) = (1970 + random.below(100), 1 + random.below(12), 1 + random.below(28));
    format!("{year}-{month:02}-{day:02} {:02}:04:05.{:06}", random.below(24), random.below(1_000_000))
}

/// JSON of any shape, also of the shapes that parsers disagree about.
fn json(random: &mut Random, depth: u64) -> String {
    match random.below(if depth == 0 { 8 } else { 13 }) {
        0 => "null".to_owned(),
        1 => "true".to_owned(),
        2 => pick(random, &["0", "-0.0", "1E400", "18446744073709551616", "3.10", "1e-7"]).to_string(),
        3 => pick(random, &["\"\\u0000\"", "\"\\ud800\"", "\"\\/\"", "\"é😀\"", "\"\""]).to_string(),
        4 => pick(random, &["{}", "[]", "{\"a\":1,\"a\":2}", " [ 1 , 2 ] ", "NaN", "{'a': 1}"]).to_string(),
        5 if random.below(20) == 0 => format!("{}{}", "[".repeat(1500), "]".repeat(1500)),
        5..=7 => format!("\"{}\"", word(random)),
        8..=10 => {
            let fields: Vec<String> = (0..random.below(4))
                .map(|_| format!("\"{}\": {}", word(random), json(random, depth - 1)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        _ => {
            let items: Vec<String> = (0..random.below(4)).map(|_| json(random, depth - 1)).collect();
            format!("[{}]", items.join(","))
        }
    }
}

pub(super) fn bits(random: &mut Random) -> u64 {
    random.below(1 << 32) << 32 | random.below(1 << 32)
}

pub(super) fn pick<'a, T>(random: &mut Random, items: &'a [T]) -> &'a T {
    &items[random.below(items.len() as u64) as usize]
}
