//! Numbers and times as people read them.

use chrono::{DateTime, Datelike, Local, NaiveDate, NaiveDateTime};

/// Returns a whole number with a narrow space between groups of three digits, <https://www.bipm.org/en/publications/si-brochure>,
/// section 5.4.4.
pub(super) fn grouped(number: impl Into<i128>) -> String {
    let number = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "−" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Returns a number and its noun, such as `1 part` and `1 284 parts`.
pub(super) fn counted(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{} {}", grouped(number), durable::plural(noun)) }
}

/// Reads a whole number, with or without spaces between its digits.
pub(super) fn whole_number(text: &str) -> Option<i64> {
    let digits: String = text.chars().filter(|char| !char.is_whitespace()).collect();
    digits.parse().ok()
}

/// Returns an amount of money with two decimals, grouped by three digits.
pub(super) fn amount(value: f64) -> String {
    let cents = (value.abs() * 100.0).round() as i128;
    let sign = if value < 0.0 && cents > 0 { "−" } else { "" };
    format!("{sign}{}.{:02}", grouped(cents / 100), cents % 100)
}

/// Returns a size in bytes with a decimal unit and at most three digits, such as `1.42 GB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let decimals = if value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    format!("{value:.decimals$} {}", UNITS[unit])
}

/// A point in time: the text for people, and the exact time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct When {
    /// Such as `3 hours ago`.
    pub(super) text: String,
    /// RFC 3339, in UTC.
    pub(super) exact: String,
}

impl When {
    /// Describes a time in UTC.
    pub(super) fn new(time: NaiveDateTime, now: NaiveDateTime) -> Self {
        let seconds = (now - time).num_seconds();
        let text = if seconds < 90 * 86_400 { ago(seconds) } else { time.format("%-d %B %Y").to_string() };
        Self { text, exact: time.format("%Y-%m-%dT%H:%M:%SZ").to_string() }
    }

    /// Describes a time in seconds since 1970.
    pub(super) fn of_seconds(seconds: i64, now: NaiveDateTime) -> Self {
        Self::new(DateTime::from_timestamp(seconds, 0).unwrap_or_default().naive_utc(), now)
    }
}

/// A moment in local time, as people say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// Such as `Today, 14:02`.
    pub(super) text: String,
    /// Such as `14:02 today`.
    pub(super) spoken: String,
    /// Local time, as HTML writes it.
    pub(super) exact: String,
}

impl Moment {
    /// Describes a local time.
    pub(super) fn new(time: NaiveDateTime, today: NaiveDate) -> Self {
        let (clock, day) = (time.format("%H:%M"), day(time.date(), today));
        let named = matches!(&*day, "today" | "yesterday");
        let on = if named { "" } else { "on " };
        Self {
            text: format!("{}, {clock}", capitalised(&day)),
            spoken: format!("{clock} {on}{day}"),
            exact: time.format("%Y-%m-%dT%H:%M:%S").to_string(),
        }
    }

    /// Describes a time in seconds since 1970.
    pub(super) fn of_seconds(seconds: i64, today: NaiveDate) -> Self {
        Self::new(local(seconds), today)
    }
}

/// Returns a time in seconds since 1970 as local time.
pub(super) fn local(seconds: i64) -> NaiveDateTime {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().with_timezone(&Local).naive_local()
}

/// Returns a day as people say it, such as `yesterday` or `Sun 22 Nov`.
pub(super) fn day(date: NaiveDate, today: NaiveDate) -> String {
    match (today - date).num_days() {
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        _ if date.year() == today.year() => date.format("%a %-d %b").to_string(),
        _ => date.format("%-d %b %Y").to_string(),
    }
}

/// Returns a text whose first letter is a capital, unless it begins with the name of a file.
pub(super) fn capitalised(text: &str) -> String {
    let first = text.split([' ', ',', ':']).next().unwrap_or_default();
    if !first.chars().all(char::is_alphabetic) {
        return text.to_owned();
    }
    let mut chars = text.chars();
    let first = chars.next().map(|char| char.to_uppercase().to_string()).unwrap_or_default();
    first + chars.as_str()
}

/// Returns a text without spaces around it; `None` if nothing is left.
pub(super) fn given(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Returns a text as a sentence.
pub(super) fn sentence(text: &str) -> String {
    format!("{}.", capitalised(text.trim_end_matches('.')))
}

/// Returns how long something took or is expected to take, such as `8 seconds` or `3 minutes`.
pub(super) fn duration(seconds: f64) -> String {
    match seconds.max(0.0) {
        seconds if seconds < 0.95 => "less than a second".to_owned(),
        seconds if seconds < 90.0 => counted(seconds.round() as u64, "second"),
        seconds if seconds < 5400.0 => counted((seconds / 60.0).round() as u64, "minute"),
        seconds => counted((seconds / 3600.0).round() as u64, "hour"),
    }
}

/// Returns how long something is expected to take in a sentence, such as `about 8 seconds`.
pub(super) fn about(seconds: f64) -> String {
    match duration(seconds) {
        less if less.starts_with("less") => less,
        more => format!("about {more}"),
    }
}

/// Returns how long ago something was.
pub(super) fn ago(seconds: i64) -> String {
    let (number, unit) = match seconds {
        ..60 => return "just now".to_owned(),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{number} {unit}{} ago", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn numbers_are_grouped_by_three_digits() {
        let texts = [0, 999, 1000, 4850, -12_345, 1_234_567].map(grouped);
        let spaced = texts.map(|text| text.replace('\u{202f}', " "));
        assert_eq!(spaced, ["0", "999", "1 000", "4 850", "−12 345", "1 234 567"]);
    }

    #[test]
    fn amounts_have_two_decimals() {
        assert_eq!([0.0, 2.845, -0.001, 1234.5].map(amount), ["0.00", "2.85", "0.00", "1\u{202f}234.50"]);
    }

    #[test]
    fn sizes_have_three_digits() {
        let texts = [0, 999, 1000, 12_345, 999_499, 999_500, 1_420_000_000].map(size);
        assert_eq!(texts, ["0 B", "999 B", "1.00 kB", "12.3 kB", "999 kB", "1.00 MB", "1.42 GB"]);
    }

    #[test]
    fn moments_are_told_by_their_day() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 26).unwrap();
        let at = |days: i64| Moment::new(today.and_hms_opt(6, 5, 0).unwrap() - TimeDelta::days(days), today);
        let texts = [0, 1, 4, 400].map(|days| at(days).text);
        assert_eq!(texts, ["Today, 06:05", "Yesterday, 06:05", "Sun 22 Nov, 06:05", "22 Oct 2025, 06:05"]);
        assert_eq!((&*at(1).spoken, &*at(4).spoken), ("06:05 yesterday", "06:05 on Sun 22 Nov"));
        assert_eq!(at(0).exact, "2026-11-26T06:05:00");
    }

    #[test]
    fn sentences_begin_with_a_capital_but_names_of_files_stay_as_they_are() {
        let texts = ["the disk is full", "first.zip exists.", "/srv/a: no", "units: 1 before"].map(sentence);
        assert_eq!(texts, ["The disk is full.", "first.zip exists.", "/srv/a: no.", "Units: 1 before."]);
    }

    #[test]
    fn durations_have_one_unit() {
        let texts = [0.2, 1.0, 8.4, 95.0, 3600.0, 7200.0].map(duration);
        let expected = ["less than a second", "1 second", "8 seconds", "2 minutes", "60 minutes", "2 hours"];
        assert_eq!(texts, expected);
        assert_eq!([0.2, 8.4].map(about), ["less than a second", "about 8 seconds"]);
    }

    #[test]
    fn times_are_told_by_their_distance() {
        let texts = [-5, 59, 60, 119, 7200, 86_399, 86_400, 30 * 86_400].map(ago);
        let expected = [
            "just now",
            "just now",
            "1 minute ago",
            "1 minute ago",
            "2 hours ago",
            "23 hours ago",
            "1 day ago",
            "30 days ago",
        ];
        assert_eq!(texts, expected);
    }
}
