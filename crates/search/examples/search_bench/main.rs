//! Measures the search index: builds it for synthetic parts, and prints times, disk and memory.
//!
//! Of each query the shortest of some runs counts, in processor time, so that other programs on the machine count little.
//! A query uses one thread.
//!
//! `cargo run --release -p makermatrix-search --example search_bench -- 1000000 /tmp/index`

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program that measures and prints")]

mod parts;
mod queries;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use durable::Disk;
use search::{Changes, Index, Query, Request};

use parts::{Random, part};

const BATCH: usize = 20_000;
const UPDATES: usize = 300;
const RUNS: usize = 3;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let count: usize = arguments.next().map_or(1_000_000, |count| count.parse().unwrap());
    let folder = PathBuf::from(arguments.next().expect("the folder of the index"));
    let (index, content) = Index::open(&Disk::real(), &folder).unwrap();
    if index.len() != count {
        println!("{content:?}");
        build(&index, count);
    }
    let started = Instant::now();
    index.compact().unwrap();
    println!(
        "compacted in {:.1} s, processor {:.1} s altogether",
        started.elapsed().as_secs_f64(),
        process_time()
    );
    println!("disk {} MB, peak memory {} MB", disk_use(&folder) >> 20, peak_memory() >> 10);
    let started = Instant::now();
    drop(index);
    let index = Index::open(&Disk::real(), &folder).unwrap().0;
    println!("opened anew in {:.1} s", started.elapsed().as_secs_f64());
    let fresh = measure_queries(&index);
    measure_hashes(&index);
    measure_updates(&index, count);
    let updated = measure_queries(&index);
    println!("\n| query | parts found | p50 | p99 | p50 after {UPDATES} updates | p99 |");
    println!("|---|---|---|---|---|---|");
    for (fresh, updated) in fresh.iter().zip(&updated) {
        println!(
            "| {} | {} | {} | {} | {} | {} |",
            fresh.name, fresh.found, fresh.p50, fresh.p99, updated.p50, updated.p99
        );
    }
    println!("\npeak memory {} MB, disk {} MB", peak_memory() >> 10, disk_use(&folder) >> 20);
}

fn build(index: &Index, count: usize) {
    let started = Instant::now();
    for start in (0..count).step_by(BATCH) {
        let upserts = (start..count.min(start + BATCH)).map(part).collect();
        index.apply(&Changes { upserts, ..Changes::default() }).unwrap();
    }
    println!(
        "{count} parts added in {:.1} s, processor {:.1} s",
        started.elapsed().as_secs_f64(),
        process_time()
    );
}

struct Figures {
    name: &'static str,
    found: usize,
    p50: String,
    p99: String,
}

fn measure_queries(index: &Index) -> Vec<Figures> {
    queries::classes()
        .into_iter()
        .map(|class| {
            let mut times = Vec::new();
            let mut found = Vec::new();
            for request in &class.requests {
                let run = || {
                    let parsed = Request { query: Query::parse(&request.text), ..request.request.clone() };
                    let results = index.search(&parsed).unwrap();
                    if class.suggests {
                        index.suggest(&parsed.query).unwrap();
                    }
                    results.total
                };
                found.push(run());
                let timed = || {
                    let started = processor_time();
                    run();
                    processor_time() - started
                };
                times.extend((0..RUNS).map(|_| timed()).min());
            }
            found.sort_unstable();
            let (p50, p99) = percentiles(&mut times);
            println!("{}: p50 {p50} ms, p99 {p99} ms", class.name);
            Figures { name: class.name, found: found[found.len() / 2], p50, p99 }
        })
        .collect()
}

fn measure_hashes(index: &Index) {
    let started = Instant::now();
    let mut sum = 0u64;
    index.for_each_hash(|id, hash| sum = sum.wrapping_add(hash ^ id.len() as u64)).unwrap();
    println!("read all hashes in {:.2} s ({sum:x})", started.elapsed().as_secs_f64());
}

fn measure_updates(index: &Index, count: usize) {
    let mut random = Random(99);
    let mut times = Vec::new();
    let started = processor_time();
    for _ in 0..UPDATES {
        let mut changed = part(random.below(count));
        changed.stock += 1;
        let changes = Changes { upserts: vec![changed], ..Changes::default() };
        let started = Instant::now();
        index.apply(&changes).unwrap();
        times.push(started.elapsed());
    }
    let (p50, p99) = percentiles(&mut times);
    let each = (processor_time() - started).as_secs_f64() * 1000.0 / UPDATES as f64;
    println!(
        "one part changed, visible: p50 {p50} ms, p99 {p99} ms; of which {each:.2} ms processor time here"
    );
}

/// Returns for how long this thread has been running.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap(), u32::try_from(time.tv_nsec).unwrap())
}

/// Returns for how many seconds all threads of the process have been running.
fn process_time() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn percentiles(times: &mut [Duration]) -> (String, String) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize].as_secs_f64() * 1000.0;
    (format!("{:.2}", at(0.5)), format!("{:.2}", at(0.99)))
}

fn disk_use(folder: &Path) -> u64 {
    folder.read_dir().unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

/// Returns the most memory that the process has used, in kilobytes.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().to_owned();
    line.split_whitespace().nth(1).and_then(|size| size.parse().ok()).unwrap_or(0)
}
