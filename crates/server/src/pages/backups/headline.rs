//! The sentence of truth: up to when everything can be brought back, and how well that is known.

use inventory::Permission;
use inventory::activity_log::{ActivityFilter, ListActivity};
use inventory::list::{ListQuery, PageNumber, Paging};

use super::archives::{Archive, State};
use crate::app::App;
use crate::pages::error::PageError;
use crate::pages::truth::Backups;
use crate::pages::visitor::Visitor;
use crate::pages::words::{about, ago, counted, grouped};

/// What stands on top of the page of backups.
pub(super) struct Headline {
    /// `good`, `warn` or `bad`.
    pub(super) state: &'static str,
    pub(super) first: String,
    pub(super) second: String,
    pub(super) details: Vec<String>,
    /// The archive to prove next, as part of an address.
    pub(super) to_prove: Option<String>,
}

impl Headline {
    pub(super) async fn new(app: &App, visitor: &Visitor, archives: &[Archive]) -> Result<Self, PageError> {
        let backups = Backups::now(app).await;
        let newest = archives.iter().find(|archive| archive.is_good());
        let is_proven = |archive: &&Archive| archive.is_good() && archive.state == State::Proven;
        let proven = archives.iter().find(is_proven);
        let (first, second) = sentence(backups, newest, proven, app);
        let mut details = Vec::new();
        if let Some(proof) = proven.and_then(|archive| archive.proof.as_ref()) {
            details.push(format!("A restore takes {}.", about(proof.restore_seconds)));
        }
        let is_newer = |newest: &&Archive| proven.is_some_and(|proven| proven.name != newest.name);
        if let Some(newer) = newest.filter(is_newer) {
            details.push(format!("A newer backup, of {}, is verified but not proven.", newer.moment.spoken));
        }
        if let Some(newest) = newest {
            details.extend(changes_since(app, visitor, newest).await?);
        }
        let to_prove = newest.filter(|newest| newest.state == State::Verified && !newest.needs_key);
        let to_prove = to_prove.filter(|_| visitor.may(Permission::BackupRestore));
        Ok(Self {
            state: backups.state(),
            first,
            second,
            details,
            to_prove: to_prove.map(|archive| archive.path.clone()),
        })
    }
}

/// Returns the two halves of the sentence.
fn sentence(
    backups: Backups,
    newest: Option<&Archive>,
    proven: Option<&Archive>,
    app: &App,
) -> (String, String) {
    let moment = |archive: Option<&Archive>| archive.map(|archive| archive.moment.spoken.clone());
    match (backups, moment(newest)) {
        (Backups::Unreadable, _) => (
            "The backups cannot be read.".to_owned(),
            "Check that the backup folder is there, and that the server may read it.".to_owned(),
        ),
        (Backups::None, _) | (_, None) => {
            ("Nothing is backed up yet.".to_owned(), "What is lost now cannot be brought back.".to_owned())
        }
        (Backups::Failed { failure, .. }, Some(newest)) => (
            format!("Nothing since {newest} is backed up."),
            format!("The last attempt failed, {}.", ago(failure)),
        ),
        (Backups::Old(age), Some(newest)) => (
            format!("Nothing since {newest} is backed up."),
            format!("The last backup is {} old.", counted((age / 86_400).unsigned_abs(), "day")),
        ),
        (Backups::Proven(_), Some(newest)) => {
            let proof = proven.and_then(|archive| archive.proof.as_ref());
            let at = proof.map(|proof| ago((app.ambient.utc() - proof.at).num_seconds()));
            (
                format!("Everything up to {} can be brought back.", moment(proven).unwrap_or(newest)),
                format!("Proven by a real restore, {}.", at.unwrap_or_default()),
            )
        }
        (Backups::Verified(_), Some(newest)) => (
            format!("Everything up to {newest} is backed up."),
            "Every byte was read back, but no restore of it has been tried.".to_owned(),
        ),
    }
}

/// Says how much has changed since a backup.
async fn changes_since(app: &App, visitor: &Visitor, newest: &Archive) -> Result<Option<String>, PageError> {
    if !visitor.may(Permission::PartsRead) {
        return Ok(None);
    }
    let count = async |filter: ActivityFilter| -> Result<u64, PageError> {
        let filter = ActivityFilter { from: Some(newest.made_utc.into()), ..filter };
        let paging = Paging::Number(PageNumber { number: 1, size: 1 });
        let query = ListQuery { filter, paging, ..ListQuery::default() };
        Ok(app.query(&visitor.caller, ListActivity(query)).await?.total.unwrap_or_default())
    };
    // Each time somebody signs in, the user is updated. That is nothing to lose.
    let (entity_type, action) = (Some("user".to_owned()), Some("updated".to_owned()));
    let sign_ins = count(ActivityFilter { entity_type, action, ..ActivityFilter::default() }).await?;
    let changes = count(ActivityFilter::default()).await?.saturating_sub(sign_ins);
    Ok(match changes {
        0 => None,
        1 => Some("One change since is in no backup yet.".to_owned()),
        changes => Some(format!("{} changes since are in no backup yet.", grouped(changes))),
    })
}
