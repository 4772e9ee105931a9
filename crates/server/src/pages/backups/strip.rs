//! The last sixty days: one mark for each backup, each failure, and each day without a backup.

use chrono::{Datelike, Days, NaiveDate};

use super::archives::{Archive, State};
use crate::pages::words::{counted, day};

/// The number of days.
const DAYS: u32 = 60;
/// The largest number of marks of a day.
const MAX_MARKS: usize = 3;
/// The height of the lowest mark in pixels from the top.
const BOTTOM: u32 = 58;
/// The distance between two marks in pixels.
const STEP: u32 = 18;

/// The strip of days.
pub(super) struct Strip {
    pub(super) days: Vec<Day>,
    /// The labels of months and weeks.
    pub(super) labels: Vec<Label>,
    /// What the strip shows, in one sentence.
    pub(super) summary: String,
}

/// A day.
pub(super) struct Day {
    /// The position of its middle in per cent.
    pub(super) x: String,
    pub(super) date: String,
    pub(super) text: String,
    pub(super) marks: Vec<Mark>,
    pub(super) proven: u32,
    pub(super) verified: u32,
    pub(super) failed: u32,
    pub(super) is_today: bool,
}

/// A mark of a day.
pub(super) struct Mark {
    pub(super) y: u32,
    pub(super) name: &'static str,
}

/// The label of a month or a week.
pub(super) struct Label {
    /// The position of the beginning of the day in per cent.
    pub(super) x: String,
    /// The position of the middle of the day in per cent.
    pub(super) middle: String,
    pub(super) text: String,
    pub(super) is_month: bool,
}

impl Strip {
    /// Puts archives and failures on their days. `failures` and `today` are local dates.
    pub(super) fn new(
        archives: &[Archive],
        failures: &[NaiveDate],
        is_running: bool,
        today: NaiveDate,
    ) -> Self {
        let backups = || archives.iter().filter(|archive| !archive.is_safety_backup);
        let first = backups().map(|archive| archive.made.date()).chain(failures.iter().copied()).min();
        let dates = (0..DAYS).filter_map(|back| today.checked_sub_days(Days::new((DAYS - 1 - back).into())));
        let days = (0..).zip(dates).map(|(index, date)| {
            let states = backups().filter(|archive| archive.made.date() == date).map(|archive| archive.state);
            let mut names: Vec<&str> = states.map(State::mark).collect();
            names.reverse();
            names.extend(failures.iter().filter(|failure| **failure == date).map(|_| "failed"));
            let is_today = date == today;
            let is_missing = names.is_empty() && !is_today && first.is_some_and(|first| first < date);
            let count = |wanted: &str| names.iter().filter(|name| **name == wanted).count() as u32;
            let (proven, verified, failed) = (count("proven"), count("verified"), count("failed"));
            let text = said(&names, date, today, is_missing);
            names.extend(is_missing.then_some("missing"));
            // What does not fit is told by the figures; the newest marks are shown.
            let hidden = names.len().saturating_sub(MAX_MARKS - usize::from(is_today && is_running));
            names.drain(..hidden);
            names.extend((is_today && is_running).then_some("running"));
            let marks = (0..).zip(names).map(|(at, name)| Mark { y: BOTTOM - STEP * at, name });
            Day {
                x: middle(index),
                date: date.to_string(),
                text,
                marks: marks.collect(),
                proven,
                verified,
                failed,
                is_today,
            }
        });
        let days: Vec<Day> = days.collect();
        Self { labels: labels(today), summary: summary(&days), days }
    }
}

fn middle(index: u32) -> String {
    per_cent(f64::from(index) + 0.5)
}

fn per_cent(days: f64) -> String {
    format!("{:.3}%", days / f64::from(DAYS) * 100.0)
}

/// Returns what happened on a day, in words.
fn said(names: &[&str], date: NaiveDate, today: NaiveDate, is_missing: bool) -> String {
    let count = |wanted: &str| names.iter().filter(|name| **name == wanted).count();
    let kinds = ["proven", "verified", "unchecked", "failed"].map(|kind| (count(kind), kind));
    let kinds = kinds.iter().filter(|(count, _)| *count > 0);
    let kinds: Vec<String> = kinds.map(|(count, kind)| format!("{count} {kind}")).collect();
    let what = match kinds.is_empty() {
        false => kinds.join(", "),
        true if is_missing => "no backup".to_owned(),
        true => "nothing".to_owned(),
    };
    format!("{}: {what}", day(date, today))
}

fn summary(days: &[Day]) -> String {
    let sum = |of: fn(&Day) -> u32| days.iter().map(|day| u64::from(of(day))).sum::<u64>();
    let missing = days.iter().filter(|day| day.marks.iter().any(|mark| mark.name == "missing")).count();
    format!(
        "The last {DAYS} days: {} proven, {} verified, {} failed, {} without a backup",
        sum(|day| day.proven),
        sum(|day| day.verified),
        sum(|day| day.failed),
        counted(missing as u64, "day"),
    )
}

/// Returns the labels: each month, each Monday, and the first day.
fn labels(today: NaiveDate) -> Vec<Label> {
    let label = |index: u32| {
        let date = today.checked_sub_days(Days::new((DAYS - 1 - index).into()))?;
        let is_month = date.day() == 1;
        let text = match () {
            () if is_month => date.format("%B").to_string(),
            () if date.weekday() == chrono::Weekday::Mon && index < DAYS - 3 => date.day().to_string(),
            () => return None,
        };
        Some(Label { x: per_cent(f64::from(index)), middle: middle(index), text, is_month })
    };
    (0..DAYS).filter_map(label).collect()
}
