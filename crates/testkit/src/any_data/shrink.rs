//! From a random inventory in which something fails to a small one in which it still does: first
//! whole halves of its rows and files go, then smaller and smaller parts of them, then values become
//! empty, then long ones short. (The same shrinks to a page what one row after another would shrink
//! to nothing in an hour: each try is a backup and a restore.)

use std::ops::Range;

use proptest::strategy::ValueTree;

use super::cell::Cell;
use super::{AnyInventory, Circumstances};

/// What is tried to be made less, in this order.
const STAGES: [Stage; 4] = [Stage::Items, Stage::Cells, Stage::Lengths, Stage::Circumstances];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Remove rows and files.
    Items,
    /// Empty values, and point references at the first row.
    Cells,
    /// Halve texts, blobs and files.
    Lengths,
    /// As our own program makes a database.
    Circumstances,
}

/// An inventory, and how to make it smaller.
#[derive(Debug)]
pub struct Shrinking {
    now: AnyInventory,
    /// The one before the present try, which fails for sure.
    before: Option<AnyInventory>,
    stage: usize,
    /// How many things are made less at once, and which is the first.
    span: usize,
    at: usize,
    /// Whether anything succeeded since the first stage began.
    progress: bool,
}

impl Shrinking {
    pub(super) fn new(whole: AnyInventory) -> Self {
        let span = count(&whole, STAGES[0]);
        Self { now: whole, before: None, stage: 0, span, at: 0, progress: false }
    }

    /// Makes the next try. False when there is none.
    fn attempt(&mut self) -> bool {
        loop {
            let stage = STAGES[self.stage];
            let count = count(&self.now, stage);
            if self.at < count {
                let before = self.now.clone();
                lessen(&mut self.now, stage, self.at..usize::min(self.at + self.span, count));
                self.before = Some(before);
                return true;
            }
            self.at = 0;
            if self.span > 1 {
                self.span = usize::min(self.span, count).div_ceil(2);
                continue;
            }
            if self.stage + 1 < STAGES.len() {
                self.stage += 1;
            } else if self.progress {
                (self.stage, self.progress) = (0, false);
            } else {
                return false;
            }
            self.span = self::count(&self.now, STAGES[self.stage]);
        }
    }
}

impl ValueTree for Shrinking {
    type Value = AnyInventory;

    fn current(&self) -> AnyInventory {
        self.now.clone()
    }

    fn simplify(&mut self) -> bool {
        // It still fails. What was made less is no longer among what can be, so `at` stays.
        self.progress |= self.before.take().is_some();
        self.attempt()
    }

    fn complicate(&mut self) -> bool {
        let Some(before) = self.before.take() else { return false };
        self.now = before;
        self.at += self.span;
        // Even without a next try it is another one than before: the one that fails.
        self.attempt();
        true
    }
}

/// How many things could be made less.
fn count(of: &AnyInventory, stage: Stage) -> usize {
    let mut of = of.clone();
    let mut count = 0;
    each(&mut of, stage, &mut |_| {
        count += 1;
        false
    });
    count
}

fn lessen(of: &mut AnyInventory, stage: Stage, which: Range<usize>) {
    each(of, stage, &mut |index| which.contains(&index));
}

/// Walks over what can be made less, and makes less what `chosen` says.
fn each(of: &mut AnyInventory, stage: Stage, chosen: &mut dyn FnMut(usize) -> bool) {
    let mut next = 0;
    let mut chosen = || {
        next += 1;
        chosen(next - 1)
    };
    match stage {
        Stage::Items => {
            of.rows.retain(|_| !chosen());
            of.files.retain(|_| !chosen());
        }
        Stage::Cells => {
            for row in &mut of.rows {
                let columns = &of.schema.tables[row.table].columns;
                for (cell, column) in row.cells.iter_mut().zip(columns) {
                    let least = if column.required { Cell::Text(Vec::new()) } else { Cell::Null };
                    if *cell != least && chosen() {
                        *cell = least;
                    }
                }
                for parent in &mut row.parents {
                    if parent.is_some_and(|parent| parent > 0) && chosen() {
                        *parent = Some(0);
                    }
                    if *parent == Some(0) && chosen() {
                        *parent = None;
                    }
                }
            }
        }
        Stage::Lengths => {
            let cells = of.rows.iter_mut().flat_map(|row| &mut row.cells).filter_map(Cell::bytes_mut);
            for bytes in cells.chain(of.files.iter_mut().map(|file| &mut file.content)) {
                if !bytes.is_empty() && chosen() {
                    bytes.truncate(bytes.len() / 2);
                }
            }
        }
        Stage::Circumstances => {
            let (usual, now) = (Circumstances::USUAL, &mut of.circumstances);
            if now.page_size != usual.page_size && chosen() {
                now.page_size = usual.page_size;
            }
            if now.wal != usual.wal && chosen() {
                now.wal = usual.wal;
            }
            if now.encoding != usual.encoding && chosen() {
                now.encoding = usual.encoding;
            }
            if now.own_tables != usual.own_tables && chosen() {
                now.own_tables = usual.own_tables;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::strategy::Strategy;
    use proptest::test_runner::{Config, TestRng, TestRunner};

    use super::super::any_inventory;
    use super::super::schema::Schema;
    use super::*;

    /// Shrinks a random inventory as long as it is found `bad`.
    fn shrunk(bad: impl Fn(&AnyInventory) -> bool) -> (AnyInventory, usize) {
        let config = Config { failure_persistence: None, ..Config::default() };
        let rng = TestRng::deterministic_rng(config.rng_algorithm);
        let mut runner = TestRunner::new_with_rng(config, rng);
        let any = any_inventory(&Arc::new(Schema::current()));
        let mut tree = any.new_tree(&mut runner).expect("anything goes");
        while !bad(&tree.current()) {
            tree = any.new_tree(&mut runner).expect("anything goes");
        }
        let (mut tries, mut more) = (0, tree.simplify());
        while more {
            tries += 1;
            more = if bad(&tree.current()) { tree.simplify() } else { tree.complicate() };
        }
        assert!(bad(&tree.current()));
        (tree.current(), tries)
    }

    #[test]
    fn one_value_among_thousands_is_found_with_few_tries() {
        let infinity = Cell::real(f64::INFINITY);
        let has = |of: &AnyInventory| of.rows.iter().any(|row| row.cells.contains(&infinity));
        let (small, tries) = shrunk(has);
        assert_eq!((small.rows.len(), small.files.len()), (1, 0), "{small:?}");
        let least = |cell: &&Cell| !matches!(cell, Cell::Null) && **cell != Cell::Text(Vec::new());
        assert_eq!(small.rows[0].cells.iter().filter(least).count(), 1, "{small:?}");
        assert!(tries < 300, "{tries}");
    }

    #[test]
    fn what_needs_two_things_keeps_two() {
        let long = |of: &AnyInventory| {
            of.files.iter().any(|file| file.content.len() > 1000) && of.rows.iter().any(|row| row.table == 5)
        };
        let (small, tries) = shrunk(long);
        assert_eq!((small.rows.len(), small.files.len()), (1, 1), "{small:?}");
        assert!((1000..=2002).contains(&small.files[0].content.len()), "{small:?}");
        assert!(tries < 300, "{tries}");
    }
}
