//! See [`fuzz::archives::sums`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::archives::sums(bytes));
