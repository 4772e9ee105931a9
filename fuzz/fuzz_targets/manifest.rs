//! See [`fuzz::archives::manifest`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::archives::manifest(bytes));
