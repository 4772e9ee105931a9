//! The archives in the backup folder, as the pages show them.

use backup::{ListedArchive, NewestChecked, Summary};
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use inventory::entities;

use crate::api::backups::blocking;
use crate::app::App;
use crate::auth::Caller;
use crate::pages::frame::encoded;
use crate::pages::words::{Moment, counted, local, sentence, size};
use crate::problem::Problem;

/// An archive.
pub(in crate::pages) struct Archive {
    pub(in crate::pages) name: String,
    /// The name as part of an address.
    pub(in crate::pages) path: String,
    pub(in crate::pages) state: State,
    pub(in crate::pages) moment: Moment,
    /// When it was made, in local time.
    pub(in crate::pages) made: NaiveDateTime,
    /// When it was made, in UTC.
    pub(in crate::pages) made_utc: NaiveDateTime,
    pub(in crate::pages) holds: String,
    pub(in crate::pages) bytes: u64,
    pub(in crate::pages) size: String,
    pub(in crate::pages) is_encrypted: bool,
    /// Whether looking into it takes a key that has to be entered.
    pub(in crate::pages) needs_key: bool,
    /// Whether it holds what a restore or a migration replaced.
    pub(in crate::pages) is_safety_backup: bool,
    pub(in crate::pages) proof: Option<Proof>,
    /// Why it cannot be read.
    pub(in crate::pages) error: Option<String>,
}

/// A passed drill.
#[derive(Clone, Debug)]
pub(in crate::pages) struct Proof {
    /// When, in UTC.
    pub(in crate::pages) at: NaiveDateTime,
    pub(in crate::pages) restore_seconds: f64,
}

/// What is known about an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pages) enum State {
    Proven,
    Verified,
    /// Neither verified nor proven, or changed since.
    Unchecked,
    /// It was made of a damaged database, and is for rescue only.
    Rescue,
    Unreadable,
}

impl State {
    pub(in crate::pages) fn text(self) -> &'static str {
        match self {
            Self::Proven => "Proven",
            Self::Verified => "Verified",
            Self::Unchecked => "Not checked",
            Self::Rescue => "Damaged",
            Self::Unreadable => "Unreadable",
        }
    }

    /// Returns the name of the mark.
    pub(in crate::pages) fn mark(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Verified => "verified",
            Self::Unchecked => "unchecked",
            Self::Rescue | Self::Unreadable => "failed",
        }
    }
}

impl Archive {
    /// Lists the archives in the backup folder, newest first.
    pub(in crate::pages) async fn list(app: &App, caller: &Caller) -> Result<Vec<Self>, Problem> {
        let ended = app.tasks.ended();
        let listed = blocking(app, caller, |engine, actor| engine.list(actor)).await?;
        // So that the sentence on every page is as new as the list.
        app.backup_ages.remember(NewestChecked::of(&listed), app.now(), ended).await;
        let today = app.ambient.local().date();
        Ok(listed.iter().map(|listed| Self::new(listed, today)).collect())
    }

    pub(super) fn new(listed: &ListedArchive, today: NaiveDate) -> Self {
        let name = listed.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = listed.path.metadata().map_or(0, |found| found.len());
        let seconds = listed.made_at().unwrap_or_default();
        let made = NaiveDateTime::parse_from_str(&listed.created, "%Y-%m-%dT%H:%M:%S%.f");
        let made = made.unwrap_or_else(|_| local(seconds));
        let made_utc = DateTime::from_timestamp(seconds, made.and_utc().timestamp_subsec_nanos());
        let summary = listed.summary.as_ref();
        let status = summary.ok().and_then(|summary| summary.status.as_ref());
        let proof = status.and_then(|status| status.proven.as_ref()).and_then(|proven| {
            let at = DateTime::parse_from_rfc3339(&proven.at).ok()?.naive_utc();
            Some(Proof { at, restore_seconds: proven.restore_seconds })
        });
        let state = match (summary, &proof) {
            (Err(_), _) => State::Unreadable,
            (Ok(_), _) if !listed.is_usable() => State::Rescue,
            (Ok(_), Some(_)) => State::Proven,
            (Ok(_), None) if status.is_some() => State::Verified,
            (Ok(_), None) => State::Unchecked,
        };
        Self {
            path: encoded(&name),
            state,
            moment: Moment::new(made, today),
            made,
            made_utc: made_utc.unwrap_or_default().naive_utc(),
            holds: summary.map(holds).unwrap_or_default(),
            bytes,
            size: size(bytes),
            is_encrypted: summary.is_ok_and(|summary| summary.encryption.is_some()),
            needs_key: summary.is_ok_and(needs_key),
            is_safety_backup: listed.is_safety_backup(),
            proof,
            error: summary.err().map(|error| sentence(&error.to_string())),
            name,
        }
    }

    /// Returns whether the archive is a backup that was verified or proven.
    pub(in crate::pages) fn is_good(&self) -> bool {
        !self.is_safety_backup && matches!(self.state, State::Proven | State::Verified)
    }
}

/// Returns whether looking into an archive takes a key that has to be entered.
pub(in crate::pages) fn needs_key(summary: &Summary) -> bool {
    let is_read = summary.contents.as_ref().is_some_and(|contents| contents.format.is_some());
    summary.encryption.is_some() && !is_read
}

/// Returns what an archive holds, in a few words.
fn holds(summary: &Summary) -> String {
    let Some(contents) = &summary.contents else { return "encrypted".to_owned() };
    let parts =
        entities::counts(&contents.rows).find(|(kind, _)| kind.noun == "part").map(|(_, count)| count);
    let parts = parts.filter(|_| !contents.rows.is_empty()).map(|count| counted(count, "part"));
    let files = counted(contents.datasheets.0 + contents.images.0, "file");
    parts.into_iter().chain([files]).collect::<Vec<_>>().join(", ")
}
