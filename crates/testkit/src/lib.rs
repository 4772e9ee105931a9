//! Shared by the tests of all crates: isolated databases and static folders, data generators, a disk
//! that fails on request, and comparison of whole inventories.
//!
//! For tests only. Nothing here changes the environment of the process, so tests can run in parallel.
//! No path outside [`scratch::root`] is accepted, so tests cannot touch production data.

#![expect(clippy::print_stderr, reason = "tests say on standard error what they keep and skip")]
#![expect(clippy::print_stdout, reason = "and on standard output what they measured")]

pub mod any_data;
pub mod engine;
pub mod faulty;
pub mod fixtures;
pub mod generators;
pub mod hostile;
pub mod long_run;
pub mod original;
pub mod samples;
pub mod scratch;
pub mod state;

pub use faulty::{FaultyDisk, Lost};
pub use fixtures::{
    TestDatabase, TestEngine, TestSession, TestStaticFiles, test_db_path, test_db_with_schema, test_engine,
    test_session, test_static_files_dir,
};
pub use generators::populate_test_database;
pub use scratch::TestDbPath;
pub use state::{State, state_of};

/// Reports that a test is skipped, and why.
pub fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
