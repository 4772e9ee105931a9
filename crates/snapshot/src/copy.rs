//! Copying whole databases with SQLite's online backup: out of the live one as of one moment, and
//! into the live one as one transaction.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::Error;

use crate::connection::{BUSY_TIMEOUT, create_copy, explain, open_copy, open_live_reader, open_live_writer};

/// Pages copied at a time: enough that the calls do not show, few enough that progress does.
const STEP: i32 = 2_000;
/// How long to wait before asking again when another program holds a lock.
const RETRY: Duration = Duration::from_millis(5);

/// Called with the pages copied so far, and all of them.
pub type Progress<'a> = dyn FnMut(u64, u64) + 'a;

/// What a snapshot did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Pages copied.
    pub pages: u64,
    /// How often it had to begin again because the source changed under it. With a pinned
    /// snapshot always 0.
    pub restarts: u32,
}

/// Copies the database in use at `source` into the new file `target`, as of one moment, while
/// others read and write. The copy is one self-contained file (journal mode DELETE).
///
/// The moment is pinned by a read transaction held throughout: without it, each commit by somebody
/// else would make the copy begin again, and under steady writing it would never end.
pub fn snapshot(source: &Path, target: &Path, progress: &mut Progress<'_>) -> Result<Copied, Error> {
    let source_connection = open_live_reader(source)?;
    let failed = |error| explain(source, error);
    source_connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema").map_err(failed)?;
    let copied = copy_into_new(&source_connection, target, progress)?;
    source_connection.execute_batch("COMMIT").map_err(failed)?;
    seal(target)?;
    Ok(copied)
}

/// Copies what pages there are of a database that fails its checks, so that it can be examined
/// later. The copy is as damaged as the source.
pub fn salvage(source: &Path, target: &Path) -> Result<(), Error> {
    let source_connection = open_live_reader(source)?;
    copy_into_new(&source_connection, target, &mut |_, _| {})?;
    Ok(())
}

fn copy_into_new(source: &Connection, target: &Path, progress: &mut Progress<'_>) -> Result<Copied, Error> {
    let failed = |error| explain(target, error);
    let mut target_connection = create_copy(target)?;
    let backup = Backup::new(source, &mut target_connection).map_err(failed)?;
    let mut copied = Copied { pages: 0, restarts: 0 };
    run(target, || {
        let step = backup.step(STEP)?;
        let at = backup.progress();
        let (total, left) = (u64::from(at.pagecount.unsigned_abs()), u64::from(at.remaining.unsigned_abs()));
        let done = total.saturating_sub(left);
        copied.restarts += u32::from(done < copied.pages);
        copied.pages = done;
        progress(done, total);
        Ok(step)
    })?;
    Ok(copied)
}

/// Repeats `step` until the copy is complete, waiting for locks up to the busy timeout.
fn run(path: &Path, mut step: impl FnMut() -> rusqlite::Result<StepResult>) -> Result<(), Error> {
    let mut waiting_since: Option<Instant> = None;
    loop {
        match step().map_err(|error| explain(path, error))? {
            StepResult::Done => return Ok(()),
            StepResult::More => waiting_since = None,
            StepResult::Busy | StepResult::Locked | _ => {
                let since = *waiting_since.get_or_insert_with(Instant::now);
                if since.elapsed() > BUSY_TIMEOUT {
                    return Err(Error::Busy { path: path.to_owned() });
                }
                thread::sleep(RETRY);
            }
        }
    }
}

/// Makes a copy self-contained: whatever the journal mode of its source was, it becomes DELETE.
pub(crate) fn seal(copy: &Path) -> Result<(), Error> {
    let connection = open_copy(copy)?;
    let failed = |error| explain(copy, error);
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0))
        .map_err(failed)?;
    if mode != "delete" {
        return Err(Error::Damaged {
            path: copy.to_owned(),
            findings: vec![format!("its journal mode stays {mode}")],
        });
    }
    Ok(())
}

/// Sees whether anybody has written to a database since it was made.
pub struct Watch {
    connection: Connection,
    version: i64,
}

impl Watch {
    /// Watches from now on. The database is put into WAL mode first if nobody is in its way: only
    /// there can it be watched to the last moment.
    pub fn new(live: &Path) -> Result<Self, Error> {
        const PATIENCE: Duration = Duration::from_secs(5);
        let writer = open_live_writer(live)?;
        prefer_wal(&writer, PATIENCE).map_err(|error| explain(live, error))?;
        let connection = open_live_reader(live)?;
        let version = data_version(&connection).map_err(|error| explain(live, error))?;
        Ok(Self { connection, version })
    }

    /// Whether anybody has written. `None` when that cannot be told because somebody is writing.
    pub fn changed(&self) -> Option<bool> {
        // No waiting: it is asked while the answer must not change.
        self.connection.busy_timeout(Duration::ZERO).ok()?;
        Some(data_version(&self.connection).ok()? != self.version)
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("version", &self.version).finish_non_exhaustive()
    }
}

fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "data_version", |row| row.get(0))
}

/// How replacing went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// The content is in place.
    Done,
    /// Somebody has written since the watch began, so nothing was done.
    ChangedMeanwhile,
}

/// Puts the content of `copy` in place of the live database, as one transaction: every reader sees
/// all of the old or all of the new, connections of other programs stay open and valid, and a crash
/// at any moment leaves one of the two. Both must have the same page size.
///
/// With a `watch`, only if nobody has written since it was made, which is decided while nobody can.
///
/// # Errors
/// On any error the live database is as it was, unless the marker in it says otherwise.
pub fn replace(live: &Path, copy: &Path, watch: Option<&Watch>) -> Result<Replaced, Error> {
    let copy_connection = open_copy(copy)?;
    let mut live_connection = open_live_writer(live)?;
    let failed = |error| explain(live, error);
    let changed = || watch.is_some_and(|watch| watch.changed() != Some(false));
    let in_wal_mode = prefer_wal(&live_connection, Duration::ZERO).map_err(failed)?;
    // Outside WAL mode not even reading is possible once the lock is held, so there it is asked
    // before, and having to wait for the lock means that somebody else had it, and wrote.
    if !in_wal_mode && changed() {
        return Ok(Replaced::ChangedMeanwhile);
    }
    {
        let backup = Backup::new(&copy_connection, &mut live_connection).map_err(failed)?;
        // No pages, but the lock: from here on nobody else writes.
        let mut waited = false;
        run(live, || {
            let step = backup.step(0)?;
            waited |= matches!(step, StepResult::Busy | StepResult::Locked);
            Ok(until_locked(step))
        })?;
        let unsure = if in_wal_mode { changed() } else { waited && watch.is_some() };
        if unsure {
            return Ok(Replaced::ChangedMeanwhile);
        }
        run(live, || backup.step(-1))?;
    }
    // Only tidies up, so it waits for nobody: what is in the WAL is already durable.
    let _ = live_connection.busy_timeout(Duration::ZERO);
    let _ = live_connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    Ok(Replaced::Done)
}

/// Puts the database into WAL mode, where readers and a writer leave each other alone. Says whether
/// it is: where others keep it busy for longer than `patience` it stays in its mode.
fn prefer_wal(connection: &Connection, patience: Duration) -> rusqlite::Result<bool> {
    connection.busy_timeout(patience)?;
    let switched = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))
        .is_ok_and(|mode| mode == "wal");
    // Without a busy handler: waiting for a lock is left to `run`, which can tell that it waited.
    connection.busy_timeout(if switched { BUSY_TIMEOUT } else { Duration::ZERO })?;
    Ok(switched)
}

fn until_locked(step: StepResult) -> StepResult {
    match step {
        StepResult::More => StepResult::Done,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_sees_writes_of_others_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let writer = Connection::open(&path).unwrap();
        writer.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a)").unwrap();
        let watch = Watch::new(&path).unwrap();
        assert_eq!(watch.changed(), Some(false));
        snapshot(&path, &folder.path().join("copy.db"), &mut |_, _| {}).unwrap();
        assert_eq!(watch.changed(), Some(false), "a snapshot is no write");
        writer.execute_batch("INSERT INTO t VALUES (1)").unwrap();
        assert_eq!(watch.changed(), Some(true));
        assert_eq!(watch.changed(), Some(true), "it stays so");
        let watch = Watch::new(&path).unwrap();
        writer.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert_eq!(watch.changed(), Some(false), "asking needs no lock");
    }
}
