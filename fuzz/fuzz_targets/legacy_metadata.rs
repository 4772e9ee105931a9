//! See [`fuzz::archives::legacy_metadata`].

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::archives::legacy_metadata(bytes));
