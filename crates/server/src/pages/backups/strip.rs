//! The last sixty days: one mark for each backup, each failure, and each day without a backup.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::archives::{Archive, State};
use crate::pages::words::{counted, day};

/// The number of days.
const DAYS: u32 = 60;
/// The number of days of a half.
const HALF: u32 = DAYS / 2;
/// The number of days that the label of today takes at most, and half of that of the week before it.
const TODAY: u32 = 5;
/// The number of days that the label of a month takes at most.
const LABEL: u32 = 5;
/// The largest number of marks of a day.
const MAX_MARKS: usize = 3;
/// The height of the lowest mark in pixels from the top.
const BOTTOM: u32 = 58;
/// The distance between two marks in pixels.
const STEP: u32 = 18;

/// The strip of days, in two halves that stand side by side, or one below the other where there is little room.
pub(super) struct Strip {
    pub(super) halves: Vec<Half>,
    /// What the strip shows, in one sentence.
    pub(super) summary: String,
}

/// A half of the days.
pub(super) struct Half {
    pub(super) days: Vec<Day>,
    /// The labels of months and weeks.
    pub(super) labels: Vec<Label>,
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

/// The label of a month, of a week, or of the first day.
pub(super) struct Label {
    /// The position of the beginning of the day in per cent.
    pub(super) x: String,
    /// The position of the middle of the day in per cent.
    pub(super) middle: String,
    pub(super) text: String,
    pub(super) kind: LabelKind,
}

/// What a label belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LabelKind {
    Month,
    /// A month that begins so late that its name stands before it.
    LateMonth,
    Week,
    FirstDay,
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
                x: middle(index % HALF),
                date: date.to_string(),
                text,
                marks: marks.collect(),
                proven,
                verified,
                failed,
                is_today,
            }
        });
        let mut days: Vec<Day> = days.collect();
        let summary = summary(&days);
        let later = days.split_off(HALF as usize);
        let halves =
            [(0, days), (HALF, later)].map(|(first, days)| Half { labels: labels(today, first), days });
        Self { halves: halves.into(), summary }
    }
}

fn middle(index: u32) -> String {
    per_cent(f64::from(index) + 0.5)
}

fn per_cent(days: f64) -> String {
    format!("{:.3}%", days / f64::from(HALF) * 100.0)
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

/// Returns the labels of the half that begins with a day: each month, each Monday, and the first day if no month begins soon.
fn labels(today: NaiveDate, first: u32) -> Vec<Label> {
    let on = |index: u32| today.checked_sub_days(Days::new((DAYS - 1 - first - index).into()));
    let dates = (0..HALF).filter_map(|index| Some((index, on(index)?)));
    let is_said = (0..LABEL).filter_map(on).any(|date| date.day() == 1);
    let label = |(index, date): (u32, NaiveDate)| {
        let (kind, text) = match date.day() {
            1 if index < HALF - LABEL => (LabelKind::Month, date.format("%B").to_string()),
            1 => (LabelKind::LateMonth, date.format("%B").to_string()),
            _ if date.weekday() == Weekday::Mon && first + index < DAYS - TODAY => {
                (LabelKind::Week, date.day().to_string())
            }
            _ => return None,
        };
        Some(Label { x: per_cent(index.into()), middle: middle(index), text, kind })
    };
    let first_day = on(0).filter(|_| !is_said).map(|date| Label {
        x: per_cent(0.0),
        middle: middle(0),
        text: date.format("%-d %b").to_string(),
        kind: LabelKind::FirstDay,
    });
    first_day.into_iter().chain(dates.filter_map(label)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(today: (i32, u32, u32)) -> Vec<Vec<(LabelKind, String, String)>> {
        let today = NaiveDate::from_ymd_opt(today.0, today.1, today.2).unwrap();
        let strip = Strip::new(&[], &[], false, today);
        let months = |half: &Half| {
            let labels = half.labels.iter().filter(|label| label.kind != LabelKind::Week);
            labels.map(|label| (label.kind, label.text.clone(), label.x.clone())).collect()
        };
        strip.halves.iter().map(months).collect()
    }

    #[test]
    fn each_half_begins_with_a_date_or_a_month() {
        use LabelKind::{FirstDay, LateMonth, Month};
        let label = |kind, text: &str, x: &str| (kind, text.to_owned(), x.to_owned());
        let november = named((2026, 11, 26));
        assert_eq!(november[0], [label(Month, "October", "10.000%")]);
        assert_eq!(november[1], [label(Month, "November", "13.333%")]);
        let early = named((2026, 11, 3));
        assert_eq!(early[0], [label(FirstDay, "5 Sep", "0.000%"), label(LateMonth, "October", "86.667%")]);
        assert_eq!(early[1], [label(FirstDay, "5 Oct", "0.000%"), label(LateMonth, "November", "90.000%")]);
    }

    #[test]
    fn today_ends_the_second_half() {
        let strip = Strip::new(&[], &[], false, NaiveDate::from_ymd_opt(2026, 11, 26).unwrap());
        let ends =
            strip.halves.iter().map(|half| (half.days.len(), half.days.iter().any(|day| day.is_today)));
        assert_eq!(ends.collect::<Vec<_>>(), [(30, false), (30, true)]);
        assert_eq!((&*strip.halves[0].days[0].x, &*strip.halves[1].days[29].x), ("1.667%", "98.333%"));
    }
}
