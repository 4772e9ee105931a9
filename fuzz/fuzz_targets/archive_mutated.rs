//! See [`fuzz::archives::archive_mutated`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::archives::archive_mutated(bytes));
