//! The cost of backups for concurrent writers: figures, not a promise.

use std::time::Duration;

use testkit::long_run::figure;

/// Reports the duration of each move and of all moves together, without backups and with them.
pub(super) fn tell(mut without: (Vec<Duration>, Duration), mut with: (Vec<Duration>, Duration)) {
    without.0.sort();
    with.0.sort();
    let [alone, beside] = [&without, &with].map(|(waits, lasted)| waits.len() as f64 / lasted.as_secs_f64());
    figure(
        "Moves of those writers in a second, without backups and with one after another, each verified twice",
        &format!("{alone:.0} and {beside:.0}: {:.2} times", beside / alone),
    );
    for (percent, which) in [(50, "p50"), (99, "p99"), (100, "longest")] {
        // Connections poll for SQLite's lock and get it in no order, so a few wait long.
        let at =
            |waits: &[Duration]| waits.get(usize::min(waits.len() * percent / 100, waits.len() - 1)).copied();
        let [alone, beside] = [&without.0, &with.0].map(|waits| at(waits).expect("there were moves"));
        figure(
            &format!("A writer's wait for its move, {which}, without backups and with one after another"),
            &format!("{alone:.1?} and {beside:.1?}: {:.2} times", beside.as_secs_f64() / alone.as_secs_f64()),
        );
    }
}
