//! Copying whole databases with SQLite's online backup: out of the live one as of one moment, and
//! into the live one as one transaction.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode};

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
pub struct CopyReport {
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
pub fn snapshot(source: &Path, target: &Path, progress: &mut Progress<'_>) -> Result<CopyReport, Error> {
    let source_connection = open_live_reader(source)?;
    let failed = |error| explain(source, error);
    source_connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema").map_err(failed)?;
    let copied = copy_into_new(&source_connection, target, progress)?;
    source_connection.execute_batch("COMMIT").map_err(failed)?;
    make_self_contained(target)?;
    Ok(copied)
}

/// Copies what pages there are of a database that fails its checks, so that it can be examined
/// later. The copy is as damaged as the source.
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
    let failed = |error| explain(target, error);
    let mut target_connection = create_copy(target)?;
    let backup = Backup::new(source, &mut target_connection).map_err(failed)?;
    let mut copied = CopyReport { pages: 0, restarts: 0 };
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
fn run(path: &Path, step: impl FnMut() -> rusqlite::Result<StepResult>) -> Result<(), Error> {
    run_while(path, step, &mut || {})
}

/// As [`run`]; `waiting` is called whenever another connection holds a lock.
fn run_while(
    path: &Path,
    mut step: impl FnMut() -> rusqlite::Result<StepResult>,
    waiting: &mut dyn FnMut(),
) -> Result<(), Error> {
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
                waiting();
                thread::sleep(RETRY);
            }
        }
    }
}

/// Makes a copy self-contained: whatever the journal mode of its source was, it becomes DELETE.
pub(crate) fn make_self_contained(copy: &Path) -> Result<(), Error> {
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
    /// Watches from now on.
    pub fn new(live: &Path) -> Result<Self, Error> {
        let connection = open_live_reader(live)?;
        let version = data_version(&connection).map_err(|error| explain(live, error))?;
        Ok(Self { connection, version })
    }

    /// Returns whether anybody has written, and committed it. `None` when that cannot be told because
    /// another connection keeps everybody from reading, and has not stopped after the busy timeout.
    pub fn changed(&self) -> Option<bool> {
        self.changed_within(BUSY_TIMEOUT)
    }

    fn changed_within(&self, patience: Duration) -> Option<bool> {
        self.connection.busy_timeout(patience).ok()?;
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
pub enum ReplaceOutcome {
    /// The content is in place.
    Done,
    /// Somebody has written since the watch began, so nothing was done.
    ChangedMeanwhile,
}

/// Puts the content of `copy` in place of the live database, as one transaction: every reader sees
/// all of the old or all of the new, connections of other programs stay open and valid, and a crash
/// at any moment leaves one of the two. Both must have the same page size. The journal mode stays the one it
/// was: a program that copies the file as it is must find everything in it.
///
/// With a `watch`, only if nobody has written since it was made, which is decided while nobody can.
///
/// # Errors
/// On any error the live database is as it was, unless the marker in it says otherwise.
pub fn replace(live: &Path, copy: &Path, watch: Option<&Watch>) -> Result<ReplaceOutcome, Error> {
    replace_while(live, copy, watch, &mut || {})
}

/// As [`replace`]; `waiting` is called whenever another connection is waited for.
fn replace_while(
    live: &Path,
    copy: &Path,
    watch: Option<&Watch>,
    waiting: &mut dyn FnMut(),
) -> Result<ReplaceOutcome, Error> {
    let copy_connection = open_copy(copy)?;
    let mut live_connection = open_live_writer(live)?;
    let failed = |error| explain(live, error);
    // No waiting: asked while nobody else can write, so the answer cannot change.
    let changed = || watch.is_some_and(|watch| watch.changed_within(Duration::ZERO) != Some(false));
    let in_wal_mode = journal_mode(&live_connection).map_err(failed)? == "wal";
    if !in_wal_mode {
        // There, nobody can read any more once the copying has begun. So the write lock comes first, under
        // which others can still read, and is kept: in this locking mode no lock is given back.
        lock_for_writing(live, &live_connection, waiting)?;
        let changed = changed();
        // Waits for those who read, since it takes the exclusive lock.
        retry_while_busy(live, &live_connection, "COMMIT", waiting)?;
        if changed {
            give_back(&live_connection).map_err(failed)?;
            return Ok(ReplaceOutcome::ChangedMeanwhile);
        }
    }
    {
        let backup = Backup::new(&copy_connection, &mut live_connection).map_err(failed)?;
        // No pages, but the lock: from here on nobody else writes.
        run_while(live, || backup.step(0).map(until_locked), waiting)?;
        if in_wal_mode && changed() {
            return Ok(ReplaceOutcome::ChangedMeanwhile);
        }
        run_while(live, || backup.step(-1), waiting)?;
    }
    // Only tidies up, so it waits for nobody: what decided is already durable.
    let _ = live_connection.busy_timeout(Duration::ZERO);
    if in_wal_mode {
        let _ = live_connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    } else if give_back(&live_connection).is_err() {
        // A connection that knows the former encoding cannot read the new content.
        drop(live_connection);
        let _ = open_live_writer(live).map(|connection| {
            let _ = connection.pragma_update(None, "journal_mode", "PERSIST");
            let _ = connection.pragma_update(None, "journal_mode", "DELETE");
        });
    }
    Ok(ReplaceOutcome::Done)
}

/// Begins a transaction under which others can read and not write. When it ends, the connection keeps the lock.
fn lock_for_writing(live: &Path, connection: &Connection, waiting: &mut dyn FnMut()) -> Result<(), Error> {
    let failed = |error| explain(live, error);
    // A journal of another mode that stays with the lock would remain behind when the lock is given back.
    connection.pragma_update(None, "journal_mode", "PERSIST").map_err(failed)?;
    // Waiting is left to the loop, which can tell that it waits.
    connection.busy_timeout(Duration::ZERO).map_err(failed)?;
    retry_while_busy(live, connection, "BEGIN IMMEDIATE", waiting)?;
    // Only now: a connection that keeps its locks while it waits would keep the other from committing.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE").map_err(failed)
}

/// Runs a statement as often as another connection keeps it from being done, up to the busy timeout.
fn retry_while_busy(
    live: &Path,
    connection: &Connection,
    sql: &str,
    waiting: &mut dyn FnMut(),
) -> Result<(), Error> {
    let step = || match connection.execute_batch(sql) {
        Err(error) if is_busy(&error) => Ok(StepResult::Busy),
        other => other.map(|()| StepResult::Done),
    };
    run_while(live, step, waiting)
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Gives back what [`lock_for_writing`] took, and removes the journal.
fn give_back(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "locking_mode", "NORMAL")?;
    connection.pragma_update(None, "journal_mode", "DELETE")?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

fn journal_mode(connection: &Connection) -> rusqlite::Result<String> {
    connection.pragma_query_value(None, "journal_mode", |row| row.get(0))
}

/// Puts a database that nobody else uses into WAL mode, where readers and a writer leave each other alone. For databases
/// that this program makes; one that is found keeps its mode.
///
/// # Errors
/// [`Error::Busy`], [`Error::Io`], [`Error::NotADatabase`].
pub fn use_wal(path: &Path) -> Result<(), Error> {
    let connection = open_live_writer(path)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(|error| explain(path, error))
}

fn until_locked(step: StepResult) -> StepResult {
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
            let watch = Watch::new(&live).unwrap();
            assert_eq!(replace(&live, &copy, Some(&watch)).unwrap(), ReplaceOutcome::Done, "{mode}");
            drop(watch);
            let mut names: Vec<_> =
                std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            assert_eq!(names, ["copy.db", "live.db"], "{mode}");
            // As a program does that copies the file, and nothing beside it.
            let taken = folder.path().join("taken.db");
            std::fs::copy(&live, &taken).unwrap();
            let taken = run_on(&taken, "SELECT a FROM new");
            let stored = if mode == "wal" { "wal" } else { "delete" };
            assert_eq!(journal_mode(&taken).unwrap(), stored);
        }
    }

    #[test]
    fn no_journal_stays_behind_where_the_encoding_changes() {
        let folder = tempfile::tempdir().unwrap();
        let (live, copy) = (folder.path().join("live.db"), folder.path().join("copy.db"));
        run_on(&live, "PRAGMA journal_mode = DELETE; CREATE TABLE old (a)");
        run_on(&copy, "PRAGMA encoding = 'UTF-16le'; CREATE TABLE new (a)");
        let watch = Watch::new(&live).unwrap();
        assert_eq!(replace(&live, &copy, Some(&watch)).unwrap(), ReplaceOutcome::Done);
        drop(watch);
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["copy.db", "live.db"]);
        run_on(&live, "INSERT INTO new VALUES (1)");
    }

    #[test]
    fn a_lock_that_somebody_only_held_is_no_write_in_any_journal_mode() {
        for mode in ["DELETE", "WAL"] {
            let folder = tempfile::tempdir().unwrap();
            let (live, copy) = (folder.path().join("live.db"), folder.path().join("copy.db"));
            let other = run_on(&live, &format!("PRAGMA journal_mode = {mode}; CREATE TABLE old (a)"));
            run_on(&copy, "CREATE TABLE new (a)");
            let watch = Watch::new(&live).unwrap();
            let (held, holds) = std::sync::mpsc::channel();
            let holder = thread::spawn(move || {
                other.execute_batch("BEGIN IMMEDIATE").unwrap();
                held.send(()).unwrap();
                // Ends while the other side waits for the lock, or before it asks: both must do.
                other.execute_batch("ROLLBACK").unwrap();
                other
            });
            holds.recv().unwrap();
            assert_eq!(replace(&live, &copy, Some(&watch)).unwrap(), ReplaceOutcome::Done, "{mode}");
            let other = holder.join().unwrap();
            other.execute_batch("INSERT INTO new VALUES (1)").unwrap();
            assert_eq!(
                replace(&live, &copy, Some(&watch)).unwrap(),
                ReplaceOutcome::ChangedMeanwhile,
                "{mode}"
            );
        }
    }

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

    /// A database in journal mode DELETE with one row, what is to replace it, and a connection of somebody
    /// else that keeps it from changing its mode.
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

    /// "Somebody wrote", although nobody did: there was only somebody to wait for.
    #[rstest::rstest]
    #[case::rolled_back("BEGIN IMMEDIATE; INSERT INTO t VALUES (3)", "ROLLBACK", ReplaceOutcome::Done, &[2])]
    #[case::nothing_written("BEGIN IMMEDIATE", "COMMIT", ReplaceOutcome::Done, &[2])]
    #[case::only_read("BEGIN; SELECT * FROM t", "COMMIT", ReplaceOutcome::Done, &[2])]
    #[case::committed("BEGIN IMMEDIATE; INSERT INTO t VALUES (3)", "COMMIT", ReplaceOutcome::ChangedMeanwhile, &[1, 3])]
    fn whether_somebody_wrote_is_found_out_where_somebody_had_to_be_waited_for(
        #[case] begin: &str,
        #[case] end: &str,
        #[case] expected: ReplaceOutcome,
        #[case] left: &[i64],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (live, copy, other) = in_delete_mode(folder.path());
        // As after a safety backup during which somebody kept the mode from being changed.
        let connection = open_live_reader(&live).unwrap();
        let version = data_version(&connection).unwrap();
        let watch = Watch { connection, version };
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
        let mut waited = 0;
        let mut waiting = || {
            if waited == 0 {
                other.execute_batch(end).unwrap();
            }
            waited += 1;
        };
        let replaced = replace_while(&live, &copy, Some(&watch), &mut waiting);
        assert_eq!(replaced.unwrap(), expected, "{reading:?}");
        assert!(waited > 0, "nobody was waited for");
        assert_eq!(rows(&live), left);
    }

    #[test]
    fn a_write_just_before_the_lock_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let (live, copy, other) = in_delete_mode(folder.path());
        let watch = Watch::new(&live).unwrap();
        other.execute_batch("INSERT INTO t VALUES (3)").unwrap();
        assert_eq!(replace(&live, &copy, Some(&watch)).unwrap(), ReplaceOutcome::ChangedMeanwhile);
        assert_eq!(rows(&live), [1, 3]);
        let watch = Watch::new(&live).unwrap();
        assert_eq!(replace(&live, &copy, Some(&watch)).unwrap(), ReplaceOutcome::Done);
        assert_eq!(rows(&live), [2]);
    }
}
