//! Copies whole databases with SQLite's online backup: a consistent snapshot of the live database, and
//! back into the live database as one transaction.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode};

use crate::Error;

use crate::connection::{
    BUSY_TIMEOUT, create_copy, open_copy, open_live_reader, open_live_writer, sqlite_error,
};

/// The number of pages copied per step: large enough for speed, small enough to report progress.
const PAGES_PER_STEP: i32 = 2_000;
/// The time between two attempts to take a lock that another program holds.
const RETRY_INTERVAL: Duration = Duration::from_millis(5);

/// A callback that receives the number of copied pages and the total number of pages.
pub type Progress<'a> = dyn FnMut(u64, u64) + 'a;

/// The result of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyReport {
    /// The number of copied pages.
    pub pages: u64,
    /// The number of times the copy restarted because the source changed. Always 0 with a pinned snapshot.
    pub restarts: u32,
}

/// Copies a consistent snapshot of the database at `source` into the new file `target`, while other programs
/// read and write. The copy is a single self-contained file (journal mode DELETE).
///
/// A read transaction pins the snapshot for the whole copy. Without it, each commit of another program would
/// restart the copy, and under steady writing the copy would never end.
pub fn snapshot(source: &Path, target: &Path, progress: &mut Progress<'_>) -> Result<CopyReport, Error> {
    let source_connection = open_live_reader(source)?;
    let failed = |error| sqlite_error(source, error);
    source_connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema").map_err(failed)?;
    let copied = copy_into_new(&source_connection, target, progress)?;
    source_connection.execute_batch("COMMIT").map_err(failed)?;
    make_self_contained(target)?;
    Ok(copied)
}

/// Copies the pages of a damaged database, so that the copy can be examined later. The copy is as damaged
/// as the source.
pub fn salvage(source: &Path, target: &Path) -> Result<(), Error> {
    let source_connection = open_live_reader(source)?;
    copy_into_new(&source_connection, target, &mut |_, _| {})?;
    Ok(())
}

fn copy_into_new(
    source: &Connection,
    target: &Path,
    progress: &mut Progress<'_>,
) -> Result<CopyReport, Error> {
    let failed = |error| sqlite_error(target, error);
    let mut target_connection = create_copy(target)?;
    let backup = Backup::new(source, &mut target_connection).map_err(failed)?;
    let mut copied = CopyReport { pages: 0, restarts: 0 };
    run_to_completion(target, || {
        let step = backup.step(PAGES_PER_STEP)?;
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

/// Repeats `step` until the copy is complete. Waits for locks up to the busy timeout.
fn run_to_completion(path: &Path, step: impl FnMut() -> rusqlite::Result<StepResult>) -> Result<(), Error> {
    run_while(path, step, &mut || {})
}

/// Repeats `step` like [`run_to_completion`]. Calls `on_wait` whenever another connection holds a lock.
fn run_while(
    path: &Path,
    mut step: impl FnMut() -> rusqlite::Result<StepResult>,
    on_wait: &mut dyn FnMut(),
) -> Result<(), Error> {
    let mut waiting_since: Option<Instant> = None;
    loop {
        match step().map_err(|error| sqlite_error(path, error))? {
            StepResult::Done => return Ok(()),
            StepResult::More => waiting_since = None,
            StepResult::Busy | StepResult::Locked | _ => {
                let since = *waiting_since.get_or_insert_with(Instant::now);
                if since.elapsed() > BUSY_TIMEOUT {
                    return Err(Error::Busy { path: path.to_owned() });
                }
                on_wait();
                thread::sleep(RETRY_INTERVAL);
            }
        }
    }
}

/// Makes a copy self-contained by setting its journal mode to DELETE.
pub(crate) fn make_self_contained(copy: &Path) -> Result<(), Error> {
    let connection = open_copy(copy)?;
    let failed = |error| sqlite_error(copy, error);
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

/// Detects whether another connection has written to a database since the detector was created.
pub struct ChangeDetector {
    connection: Connection,
    version: i64,
}

impl ChangeDetector {
    /// Starts to detect changes.
    pub fn new(live: &Path) -> Result<Self, Error> {
        let connection = open_live_reader(live)?;
        let version = data_version(&connection).map_err(|error| sqlite_error(live, error))?;
        Ok(Self { connection, version })
    }

    /// Returns whether another connection has committed a change. Returns `None` if another connection still
    /// prevents reading after the busy timeout.
    pub fn changed(&self) -> Option<bool> {
        self.changed_within(BUSY_TIMEOUT)
    }

    fn changed_within(&self, timeout: Duration) -> Option<bool> {
        self.connection.busy_timeout(timeout).ok()?;
        Some(data_version(&self.connection).ok()? != self.version)
    }
}

impl std::fmt::Debug for ChangeDetector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChangeDetector").field("version", &self.version).finish_non_exhaustive()
    }
}

fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "data_version", |row| row.get(0))
}

/// The outcome of a replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplaceOutcome {
    /// The content has been replaced.
    Done,
    /// Another program has written since the change detector was created. Nothing was replaced.
    ChangedMeanwhile,
}

/// Replaces the content of the live database with that of `copy` in one transaction. Every reader sees either
/// the old or the new content, connections of other programs stay valid, and a crash leaves one of the two.
/// Both databases must have the same page size. The journal mode does not change: a program that copies only the
/// database file must find all data in it.
///
/// With a `detector`, replaces the content only if no other program has written since the detector was created. The
/// check runs while no other program can write.
///
/// # Errors
/// After an error the live database is unchanged, unless it holds the restore marker.
pub fn replace(live: &Path, copy: &Path, detector: Option<&ChangeDetector>) -> Result<ReplaceOutcome, Error> {
    replace_while(live, copy, detector, &mut || {})
}

/// Replaces the content like [`replace`]. Calls `on_wait` whenever another connection holds a lock.
fn replace_while(
    live: &Path,
    copy: &Path,
    detector: Option<&ChangeDetector>,
    on_wait: &mut dyn FnMut(),
) -> Result<ReplaceOutcome, Error> {
    let copy_connection = open_copy(copy)?;
    let mut live_connection = open_live_writer(live)?;
    let failed = |error| sqlite_error(live, error);
    // Needs no waiting: no other program can write at this point, so the answer cannot change.
    let changed = || detector.is_some_and(|detector| detector.changed_within(Duration::ZERO) != Some(false));
    let in_wal_mode = journal_mode(&live_connection).map_err(failed)? == "wal";
    if !in_wal_mode {
        // With a rollback journal nobody can read once the copy has begun. So take the write lock first, under which
        // others can still read. The exclusive locking mode keeps the lock after the transaction.
        lock_for_writing(live, &live_connection, on_wait)?;
        let changed = changed();
        // COMMIT takes the exclusive lock, so it waits for readers.
        retry_while_busy(live, &live_connection, "COMMIT", on_wait)?;
        if changed {
            release_lock(&live_connection).map_err(failed)?;
            return Ok(ReplaceOutcome::ChangedMeanwhile);
        }
    }
    {
        let backup = Backup::new(&copy_connection, &mut live_connection).map_err(failed)?;
        // A step of 0 pages only takes the lock. From here on no other program can write.
        run_while(live, || backup.step(0).map(stop_once_locked), on_wait)?;
        if in_wal_mode && changed() {
            return Ok(ReplaceOutcome::ChangedMeanwhile);
        }
        run_while(live, || backup.step(-1), on_wait)?;
    }
    // The rest is cleanup and waits for nobody: the new content is already durable.
    let _ = live_connection.busy_timeout(Duration::ZERO);
    if in_wal_mode {
        let _ = live_connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    } else if release_lock(&live_connection).is_err() {
        // A connection that has cached the previous encoding cannot read the new content.
        drop(live_connection);
        let _ = open_live_writer(live).map(|connection| {
            let _ = connection.pragma_update(None, "journal_mode", "PERSIST");
            let _ = connection.pragma_update(None, "journal_mode", "DELETE");
        });
    }
    Ok(ReplaceOutcome::Done)
}

/// Begins a transaction under which others can read but not write. The connection keeps the lock after the
/// transaction.
fn lock_for_writing(live: &Path, connection: &Connection, on_wait: &mut dyn FnMut()) -> Result<(), Error> {
    let failed = |error| sqlite_error(live, error);
    // In any other mode, the journal would be left behind when the lock is released.
    connection.pragma_update(None, "journal_mode", "PERSIST").map_err(failed)?;
    // `run_while` waits instead, since it calls `on_wait`.
    connection.busy_timeout(Duration::ZERO).map_err(failed)?;
    retry_while_busy(live, connection, "BEGIN IMMEDIATE", on_wait)?;
    // Set only now: a waiting connection that keeps its locks would prevent the other from committing.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE").map_err(failed)
}

/// Retries a statement while another connection holds the lock, up to the busy timeout.
fn retry_while_busy(
    live: &Path,
    connection: &Connection,
    sql: &str,
    on_wait: &mut dyn FnMut(),
) -> Result<(), Error> {
    let step = || match connection.execute_batch(sql) {
        Err(error) if is_busy(&error) => Ok(StepResult::Busy),
        other => other.map(|()| StepResult::Done),
    };
    run_while(live, step, on_wait)
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Releases the lock of [`lock_for_writing`] and removes the journal.
fn release_lock(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "locking_mode", "NORMAL")?;
    connection.pragma_update(None, "journal_mode", "DELETE")?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

fn journal_mode(connection: &Connection) -> rusqlite::Result<String> {
    connection.pragma_query_value(None, "journal_mode", |row| row.get(0))
}

/// Sets the journal mode of a database that nobody else uses to WAL, in which readers and a writer do not block each
/// other. Only for databases that this program creates: an existing database keeps its mode.
///
/// # Errors
/// [`Error::Busy`], [`Error::Io`], [`Error::NotADatabase`].
pub fn use_wal(path: &Path) -> Result<(), Error> {
    let connection = open_live_writer(path)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(|error| sqlite_error(path, error))
}

fn stop_once_locked(step: StepResult) -> StepResult {
    match step {
        StepResult::More => StepResult::Done,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn run_on(path: &Path, sql: &str) -> Connection {
        let connection = Connection::open(path).unwrap();
        connection.execute_batch(sql).unwrap();
        connection
    }

    #[test]
    fn o2_a_replaced_database_keeps_its_journal_mode_and_leaves_no_log() {
        for mode in ["delete", "wal", "truncate"] {
            let folder = tempfile::tempdir().unwrap();
            let (live, copy) = (folder.path().join("live.db"), folder.path().join("copy.db"));
            run_on(&live, &format!("PRAGMA journal_mode = {mode}; CREATE TABLE old (a)"));
            run_on(&copy, "CREATE TABLE new (a); INSERT INTO new VALUES (1)");
            let detector = ChangeDetector::new(&live).unwrap();
            assert_eq!(replace(&live, &copy, Some(&detector)).unwrap(), ReplaceOutcome::Done, "{mode}");
            drop(detector);
            let mut names: Vec<_> =
                std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            assert_eq!(names, ["copy.db", "live.db"], "{mode}");
            // Like a program that copies only the database file.
            let taken = folder.path().join("taken.db");
            std::fs::copy(&live, &taken).unwrap();
            let taken = run_on(&taken, "SELECT a FROM new");
            let stored = if mode == "wal" { "wal" } else { "delete" };
            assert_eq!(journal_mode(&taken).unwrap(), stored);
        }
    }

    #[test]
    fn no_journal_stays_behind_when_the_encoding_changes() {
        let folder = tempfile::tempdir().unwrap();
        let (live, copy) = (folder.path().join("live.db"), folder.path().join("copy.db"));
        run_on(&live, "PRAGMA journal_mode = DELETE; CREATE TABLE old (a)");
        run_on(&copy, "PRAGMA encoding = 'UTF-16le'; CREATE TABLE new (a)");
        let detector = ChangeDetector::new(&live).unwrap();
        assert_eq!(replace(&live, &copy, Some(&detector)).unwrap(), ReplaceOutcome::Done);
        drop(detector);
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["copy.db", "live.db"]);
        run_on(&live, "INSERT INTO new VALUES (1)");
    }

    #[test]
    fn a_lock_without_a_write_is_not_a_change_in_any_journal_mode() {
        for mode in ["DELETE", "WAL"] {
            let folder = tempfile::tempdir().unwrap();
            let (live, copy) = (folder.path().join("live.db"), folder.path().join("copy.db"));
            let other = run_on(&live, &format!("PRAGMA journal_mode = {mode}; CREATE TABLE old (a)"));
            run_on(&copy, "CREATE TABLE new (a)");
            let detector = ChangeDetector::new(&live).unwrap();
            let (held, holds) = std::sync::mpsc::channel();
            let holder = thread::spawn(move || {
                other.execute_batch("BEGIN IMMEDIATE").unwrap();
                held.send(()).unwrap();
                // The transaction ends while `replace` waits for the lock, or before that: both must work.
                other.execute_batch("ROLLBACK").unwrap();
                other
            });
            holds.recv().unwrap();
            assert_eq!(replace(&live, &copy, Some(&detector)).unwrap(), ReplaceOutcome::Done, "{mode}");
            let other = holder.join().unwrap();
            other.execute_batch("INSERT INTO new VALUES (1)").unwrap();
            assert_eq!(
                replace(&live, &copy, Some(&detector)).unwrap(),
                ReplaceOutcome::ChangedMeanwhile,
                "{mode}"
            );
        }
    }

    #[test]
    fn a_change_detector_reports_writes_of_others_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let writer = Connection::open(&path).unwrap();
        writer.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a)").unwrap();
        let detector = ChangeDetector::new(&path).unwrap();
        assert_eq!(detector.changed(), Some(false));
        snapshot(&path, &folder.path().join("copy.db"), &mut |_, _| {}).unwrap();
        assert_eq!(detector.changed(), Some(false), "a snapshot is not a write");
        writer.execute_batch("INSERT INTO t VALUES (1)").unwrap();
        assert_eq!(detector.changed(), Some(true));
        assert_eq!(detector.changed(), Some(true), "the answer does not change");
        let detector = ChangeDetector::new(&path).unwrap();
        writer.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert_eq!(detector.changed(), Some(false), "the check needs no lock");
    }

    /// Creates a database in journal mode DELETE with one row, the copy that replaces it, and another connection that
    /// prevents a change of the journal mode.
    fn in_delete_mode(folder: &Path) -> (PathBuf, PathBuf, Connection) {
        let (live, copy) = (folder.join("x.db"), folder.join("copy.db"));
        let other = Connection::open(&live).unwrap();
        other
            .execute_batch("PRAGMA journal_mode = DELETE; CREATE TABLE t (a); INSERT INTO t VALUES (1)")
            .unwrap();
        Connection::open(&copy)
            .unwrap()
            .execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (2)")
            .unwrap();
        (live, copy, other)
    }

    fn rows(live: &Path) -> Vec<i64> {
        let connection = Connection::open(live).unwrap();
        let mut statement = connection.prepare("SELECT a FROM t ORDER BY a").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    /// Guards against the message "somebody wrote" when `replace` only had to wait for another connection.
    #[rstest::rstest]
    #[case::rolled_back("BEGIN IMMEDIATE; INSERT INTO t VALUES (3)", "ROLLBACK", ReplaceOutcome::Done, &[2])]
    #[case::nothing_written("BEGIN IMMEDIATE", "COMMIT", ReplaceOutcome::Done, &[2])]
    #[case::only_read("BEGIN; SELECT * FROM t", "COMMIT", ReplaceOutcome::Done, &[2])]
    #[case::committed("BEGIN IMMEDIATE; INSERT INTO t VALUES (3)", "COMMIT", ReplaceOutcome::ChangedMeanwhile, &[1, 3])]
    fn after_waiting_for_a_connection_only_its_commit_counts_as_a_change(
        #[case] begin: &str,
        #[case] end: &str,
        #[case] expected: ReplaceOutcome,
        #[case] left: &[i64],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (live, copy, other) = in_delete_mode(folder.path());
        // The state after a safety backup during which another connection prevented the change of mode.
        let connection = open_live_reader(&live).unwrap();
        let version = data_version(&connection).unwrap();
        let detector = ChangeDetector { connection, version };
        let mut reading = None;
        for statement in begin.split(';') {
            if statement.trim_start().starts_with("SELECT") {
                let mut select = other.prepare(statement).unwrap();
                assert!(select.query([]).unwrap().next().unwrap().is_some());
                reading = Some(());
            } else {
                other.execute_batch(statement).unwrap();
            }
        }
        let mut waits = 0;
        let mut on_wait = || {
            if waits == 0 {
                other.execute_batch(end).unwrap();
            }
            waits += 1;
        };
        let replaced = replace_while(&live, &copy, Some(&detector), &mut on_wait);
        assert_eq!(replaced.unwrap(), expected, "{reading:?}");
        assert!(waits > 0, "replace did not wait");
        assert_eq!(rows(&live), left);
    }

    #[test]
    fn a_write_just_before_the_lock_is_detected() {
        let folder = tempfile::tempdir().unwrap();
        let (live, copy, other) = in_delete_mode(folder.path());
        let detector = ChangeDetector::new(&live).unwrap();
        other.execute_batch("INSERT INTO t VALUES (3)").unwrap();
        assert_eq!(replace(&live, &copy, Some(&detector)).unwrap(), ReplaceOutcome::ChangedMeanwhile);
        assert_eq!(rows(&live), [1, 3]);
        let detector = ChangeDetector::new(&live).unwrap();
        assert_eq!(replace(&live, &copy, Some(&detector)).unwrap(), ReplaceOutcome::Done);
        assert_eq!(rows(&live), [2]);
    }
}
