//! Compares the pages that show commands and their output with what the program prints.

use std::fs;

use testkit::samples::sample;
use testkit::scratch::copy_tree;

#[cfg(unix)]
use crate::serve::Serving;
use crate::support::{Shop, write};
use crate::transcript::{assert_page_is_true, assert_page_is_true_with, original_of};

#[test]
fn the_tour_shows_what_the_program_prints() {
    assert_page_is_true("tour.md", &Shop::new());
}

#[test]
fn moving_over_shows_what_the_program_prints() {
    let Some(tiny) = sample("tiny") else { return };
    let shop = Shop::new();
    let original = original_of(&shop);
    fs::create_dir_all(original.join("database")).unwrap();
    fs::copy(tiny.join("database/makermatrix.db"), original.join("database/makermatrix.db")).unwrap();
    copy_tree(&tiny.join("static"), &original.join("static"));
    write(&original.join(".env"), b"MOUSER_API_KEY=secret");
    assert_page_is_true("from-the-original.md", &shop);
}

#[cfg(unix)]
#[test]
fn the_tour_of_the_api_shows_what_the_server_answers() {
    let shop = Shop::new();
    let server = Serving::start(&shop, &["--create"]);
    let url = server.printed["url"].as_str().unwrap();
    let words = [("http://127.0.0.1:8080", url), ("TOKEN", server.setup_token())];
    assert_page_is_true_with("api.md", &shop, &words);
}
