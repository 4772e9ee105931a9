//! Runs the seeds of the fuzz target `database` through the same function as the fuzzer.

use std::fs;
use std::path::Path;

#[path = "../../../fuzz/src/databases.rs"]
#[expect(unreachable_pub, reason = "the file is also part of the fuzz crate, where it is reachable")]
mod databases;

#[test]
fn any_bytes_as_a_database() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/database");
    let (mut seeds, mut sound) = (0, 0);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        let bytes = fs::read(&path).unwrap();
        databases::database(&bytes);
        let scratch = databases::Scratch::new(&bytes);
        seeds += 1;
        sound += u32::from(databases::went_through(&scratch.0).is_ok());
    }
    assert_eq!((seeds, sound), (11, 10), "all seeds except the truncated one can be restored");
}
