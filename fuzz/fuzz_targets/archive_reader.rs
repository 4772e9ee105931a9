//! See [`fuzz::archives::archive_reader`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::archives::archive_reader(bytes));
