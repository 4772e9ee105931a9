//! Strategies for values: those that users store, and those that nobody expects.

use proptest::collection::vec;
use proptest::num::f64::{INFINITE, NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use proptest::sample::select;

use crate::generators::noise;

use super::cell::Cell;
use super::schema::Column;

/// Texts that are numbers or almost numbers: numeric columns convert some of them.
const NUMERIC: [[&str; 8]; 4] = [
    ["0", "007", "1e3", "-0", "-0.0", "+5", "0x1F", " 42"],
    ["42 ", "\t7", "1_000", ".5", "5.", "1.0", "00.10", "0.1"],
    ["1e400", "-1e400", "1e-400", "nan", "inf", "12\0", "\u{feff}1", "１２"],
    [
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "9007199254740993",
        "123456789012345678.9",
        "4294967296",
        "1e15",
        "1e22",
    ],
];

/// Texts that have broken other programs.
const AWKWARD: [[&str; 5]; 4] = [
    ["a\0b", "\0", "a\0", "\r\n", " "],
    ["\u{1b}[31m", "\u{7f}\u{80}\u{9f}", "e\u{301}\u{327}", "\u{e9}", "שלום\u{202e}abc"],
    ["👩‍👩‍👧‍👦 🏳️‍🌈", "𝔘𝔫𝔦\u{10ffff}", "\u{fffd}\u{fffe}\u{ffff}", "\u{2028}\u{2029}", "\u{200b}"],
    ["Ω µ Å ﬁ ẞ", "'; DROP TABLE partmodel; --", "\"q\" `b` [c]", "%s %n ${HOME} \\x00", "CaSe"],
];

/// Bytes that are not UTF-8 and are stored as text nevertheless.
const NOT_UTF8: [&[u8]; 7] =
    [b"\xff", b"caf\xe9", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"ok\x80ok", b"\xf8\x88\x80\x80\x80"];

/// Integers at the borders of SQLite's sizes (1, 2, 3, 4, 6 and 8 bytes) and of exact `f64`s.
const INTEGERS: [[i64; 7]; 2] = [
    [0, 1, -1, 127, -128, 32_768, 8_388_608],
    [
        2_147_483_648,
        -140_737_488_355_329,
        9_007_199_254_740_993,
        i64::MAX,
        i64::MIN,
        i64::MAX - 1,
        i64::MIN + 1,
    ],
];

/// Reals that are whole, that no decimal is equal to, or that are as large as can be.
const REALS: [f64; 8] = [1.0, -1.5, 0.1, 1e15, 1e22, 9_223_372_036_854_775_808.0, f64::MAX, f64::MIN];

/// JSON on which parsers disagree, and JSON that is none.
const JSON: [[&str; 6]; 3] = [
    ["null", "true", "0", "-0.0", "1E400", "18446744073709551616"],
    ["3.10", "1e-7", r#""\u0000""#, r#""\ud800""#, r#""\/""#, r#""é😀""#],
    ["{}", "[]", r#"{"a":1,"a":2}"#, " [ 1 , 2 ] ", "NaN", "{'a': 1}"],
];

/// Returns a strategy for the values of a column: mostly of its declared type.
pub(super) fn value(column: &Column) -> BoxedStrategy<Cell> {
    let least = if column.required { Cell::text("") } else { Cell::Null };
    // To look for a smaller value takes a backup and a restore per step: a value stays or becomes empty.
    prop_oneof![3 => Just(least), 10 => typical(column).no_shrink(), 7 => any_cell().no_shrink()].boxed()
}

fn typical(column: &Column) -> BoxedStrategy<Cell> {
    let declared = column.declared.to_ascii_uppercase();
    match declared.split('(').next().unwrap_or_default() {
        "BOOLEAN" => (0..2_i64).prop_map(Cell::Integer).boxed(),
        "INTEGER" => (0..1000_i64).prop_map(Cell::Integer).boxed(),
        "FLOAT" | "NUMERIC" => (0..100_000).prop_map(|cents| Cell::real(f64::from(cents) / 100.0)).boxed(),
        "DATETIME" => time().prop_map(Cell::text).boxed(),
        "JSON" => json().prop_map(Cell::text).boxed(),
        _ => text().prop_map(Cell::text).boxed(),
    }
}

/// Returns a strategy for values of any type other than NULL (which NaN is stored as).
fn any_cell() -> impl Strategy<Value = Cell> {
    let real = POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO | INFINITE;
    prop_oneof![
        2 => text().prop_map(Cell::text),
        1 => select(INTEGERS.as_flattened()).prop_map(Cell::Integer),
        1 => any::<i64>().prop_map(Cell::Integer),
        1 => select(&REALS[..]).prop_map(Cell::real),
        1 => real.prop_map(Cell::real),
        1 => blob().prop_map(Cell::Blob),
        1 => blob().prop_map(Cell::Text),
        1 => select(&NOT_UTF8[..]).prop_map(|bytes| Cell::Text(bytes.to_vec())),
        1 => select(NUMERIC.as_flattened()).prop_map(Cell::text),
        1 => json().prop_map(Cell::text),
    ]
}

/// Returns a strategy for texts. A few fill pages of their own; not many, since there are thousands.
pub(super) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => Just(String::new()),
        252 => word(),
        48 => select(NUMERIC.as_flattened()).prop_map(str::to_owned),
        84 => (select(AWKWARD.as_flattened()), word()).prop_map(|(awkward, word)| format!("{awkward}{word}")),
        48 => vec(any::<char>(), 0..30).prop_map(String::from_iter),
        2 => (0..800_usize).prop_map(|count| "0123456789".repeat(count)),
        1 => (any::<char>(), 0..40_000_usize).prop_map(|(character, count)| character.to_string().repeat(count)),
    ]
}

fn word() -> impl Strategy<Value = String> {
    (any::<u64>(), 0..8_u32).prop_map(|(bits, bytes)| format!("{:x}", bits >> (8 * bytes)))
}

fn blob() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        39 => vec(any::<u8>(), 0..60),
        1 => (0..100_000_usize, any::<u64>()).prop_map(|(length, seed)| noise(length, seed | 1)),
    ]
}

fn time() -> impl Strategy<Value = String> {
    (1970..2070, 1..=12, 1..=28, 0..24, 0..1_000_000).prop_map(|(year, month, day, hour, micros)| {
        format!("{year}-{month:02}-{day:02} {hour:02}:04:05.{micros:06}")
    })
}

/// Returns a strategy for JSON of any shape.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        30 => select(JSON.as_flattened()).prop_map(str::to_owned),
        30 => word().prop_map(|word| format!("\"{word}\"")),
        1 => Just(format!("{}{}", "[".repeat(1500), "]".repeat(1500))),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let field = (word(), inner.clone()).prop_map(|(name, value)| format!("\"{name}\": {value}"));
        prop_oneof![
            vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            vec(field, 0..4).prop_map(|fields| format!("{{{}}}", fields.join(", "))),
        ]
    })
}
