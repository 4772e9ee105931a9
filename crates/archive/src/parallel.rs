//! Works on many items with several threads, and hands over the results in the order of the items.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// The largest number of threads that work at the same time.
pub const MAX_THREADS: usize = 8;

/// Returns how many threads work: one for each core, and at most [`MAX_THREADS`].
pub fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS)
}

/// Calls `work` for each item on several threads, and `take` for each result on this thread, in the order of the items. At most `ahead`
/// items are being worked on or have results that wait, which bounds the memory. Each thread makes a state for itself with `state`. This
/// thread works, too, whenever there is no result to take, so all is done even if no other thread can be started.
///
/// # Errors
/// The first error of `take`, which ends the work.
///
/// # Panics
/// Passes a panic of `work` on, in the order of the items.
pub fn in_order<I: Send, S, T: Send, E>(
    items: impl Iterator<Item = I> + Send,
    ahead: usize,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, I) -> T + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let queue = Queue::new(items, ahead.max(1));
    thread::scope(|scope| {
        // Ends the other threads however this block is left.
        let _stop = StopOnDrop(&queue);
        for _ in 1..threads() {
            let run = || {
                let mut state = state();
                while let Some((number, item)) = queue.wait_for_item() {
                    queue.finish(number, catch_unwind(AssertUnwindSafe(|| work(&mut state, item))));
                }
            };
            if thread::Builder::new().spawn_scoped(scope, run).is_err() {
                break;
            }
        }
        let mut own = None;
        loop {
            match queue.wait_for_result() {
                Turn::Take(Ok(result)) => take(result)?,
                Turn::Take(Err(panic)) => resume_unwind(panic),
                Turn::Work(number, item) => {
                    let own = own.get_or_insert_with(&state);
                    queue.finish(number, catch_unwind(AssertUnwindSafe(|| work(own, item))));
                }
                Turn::Done => return Ok(()),
            }
        }
    })
}

/// What the thread that takes the results does next.
enum Turn<I, T> {
    Take(thread::Result<T>),
    Work(usize, I),
    Done,
}

/// The items that are left, and the results that wait.
struct Queue<Items, T> {
    state: Mutex<State<Items, T>>,
    /// The most items between the first whose result has not been taken and the last that has been begun.
    ahead: usize,
    /// There is room for another item, or the work has ended.
    room: Condvar,
    /// Another result has come.
    result: Condvar,
}

struct State<Items, T> {
    /// `None` once there are no more.
    items: Option<Items>,
    /// The number of results that have been taken.
    taken: usize,
    /// The results of the items that have been begun and not been taken, oldest first.
    results: VecDeque<Option<thread::Result<T>>>,
}

impl<I, Items: Iterator<Item = I>, T> State<Items, T> {
    /// Returns the next item and its number, if there is one.
    fn begin(&mut self) -> Option<(usize, I)> {
        let Some(item) = self.items.as_mut()?.next() else {
            self.items = None;
            return None;
        };
        self.results.push_back(None);
        Some((self.taken + self.results.len() - 1, item))
    }
}

impl<I, Items: Iterator<Item = I>, T> Queue<Items, T> {
    fn new(items: Items, ahead: usize) -> Self {
        let state = State { items: Some(items), taken: 0, results: VecDeque::with_capacity(ahead) };
        Self { state: Mutex::new(state), ahead, room: Condvar::new(), result: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State<Items, T>> {
        // Nothing is left half done by a panic: the only foreign code that runs under the lock is that of the iterator.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until another item may be begun. Returns `None` when there are no more.
    fn wait_for_item(&self) -> Option<(usize, I)> {
        let is_full =
            |state: &mut State<Items, T>| state.items.is_some() && state.results.len() == self.ahead;
        let waited = self.room.wait_while(self.lock(), is_full);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        let next = state.begin();
        if next.is_none() {
            // This thread may have been the only one to be told.
            self.room.notify_all();
            self.result.notify_one();
        }
        next
    }

    /// Records the result of an item.
    fn finish(&self, number: usize, result: thread::Result<T>) {
        let mut state = self.lock();
        let index = number - state.taken;
        state.results[index] = Some(result);
        drop(state);
        self.result.notify_one();
    }

    /// Waits for the oldest result. Returns an item instead if there is time to work on one.
    fn wait_for_result(&self) -> Turn<I, T> {
        let mut state = self.lock();
        loop {
            if state.results.front().is_some_and(Option::is_some) {
                let result = state.results.pop_front().flatten().expect("has just been seen");
                state.taken += 1;
                drop(state);
                self.room.notify_one();
                return Turn::Take(result);
            }
            if state.results.len() < self.ahead
                && let Some((number, item)) = state.begin()
            {
                return Turn::Work(number, item);
            }
            if state.results.is_empty() && state.items.is_none() {
                return Turn::Done;
            }
            state = self.result.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Ends the work of the other threads.
struct StopOnDrop<'a, I, Items: Iterator<Item = I>, T>(&'a Queue<Items, T>);

impl<I, Items: Iterator<Item = I>, T> Drop for StopOnDrop<'_, I, Items, T> {
    fn drop(&mut self) {
        self.0.lock().items = None;
        self.0.room.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn squares(ahead: usize, count: u64) -> Vec<u64> {
        let mut all = Vec::new();
        let taken = in_order(
            0..count,
            ahead,
            || (),
            |(), n| n * n,
            |square| {
                all.push(square);
                Ok::<_, ()>(())
            },
        );
        assert_eq!(taken, Ok(()));
        all
    }

    #[test]
    fn results_come_in_the_order_of_the_items() {
        for ahead in [0, 1, 2, 7, 1000] {
            for count in [0, 1, 2, 500] {
                assert_eq!(
                    squares(ahead, count),
                    (0..count).map(|n| n * n).collect::<Vec<_>>(),
                    "{ahead} {count}"
                );
            }
        }
    }

    #[test]
    fn no_more_items_are_begun_than_may_wait() {
        let begun = AtomicUsize::new(0);
        let mut taken = 0;
        let work = |(): &mut (), ()| {
            begun.fetch_add(1, Ordering::SeqCst);
        };
        let took = in_order(
            std::iter::repeat_n((), 300),
            5,
            || (),
            work,
            |()| {
                // This item is taken, and no longer waits.
                assert!(begun.load(Ordering::SeqCst) <= taken + 1 + 5);
                taken += 1;
                Ok::<_, ()>(())
            },
        );
        assert_eq!((took, taken), (Ok(()), 300));
    }

    #[test]
    fn an_error_ends_the_work() {
        let begun = AtomicUsize::new(0);
        let work = |(): &mut (), n: u32| {
            begun.fetch_add(1, Ordering::SeqCst);
            n
        };
        let take = |n| if n == 3 { Err("three") } else { Ok(()) };
        assert_eq!(in_order(0..1_000_000, 4, || (), work, take), Err("three"));
        assert!(begun.load(Ordering::SeqCst) < 100);
    }

    #[test]
    #[should_panic(expected = "seven")]
    fn a_panic_is_passed_on() {
        let work = |(): &mut (), n: u32| assert!(n != 7, "seven");
        let _ = in_order(0..100, 4, || (), work, |()| Ok::<_, ()>(()));
    }
}
