//! Tests that the binary prints completions and manual pages without an inventory.

use std::fs;

use crate::support::Shop;

#[test]
fn each_shell_gets_a_script_that_knows_the_commands() {
    let shop = Shop::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = shop.run(&["completions", shell]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{shell}");
        assert!(ran.out.contains("makermatrix"), "{shell}");
        for word in ["restore", "undo", "allow-violations"] {
            assert!(ran.out.contains(word), "{shell}: {word}");
        }
    }
    let script = shop.folder.join("completions.bash");
    fs::write(&script, shop.run(&["completions", "bash"]).out).unwrap();
    let checked = std::process::Command::new("bash").arg("-n").arg(&script).status().unwrap();
    assert!(checked.success(), "bash accepts the script");
    assert_eq!(shop.run(&["completions", "tcsh"]).code, 2);
    assert!(!shop.data().exists(), "no inventory is needed");
}

#[test]
fn there_is_a_manual_page_for_the_program_and_for_each_command() {
    let shop = Shop::new();
    let page = shop.run(&["man"]);
    assert_eq!(page.code, 0);
    assert!(page.out.contains(".TH makermatrix 1") && page.out.contains("Exit codes"), "{}", page.out);
    let ran = shop.run(&["man", "--output", "pages"]);
    assert_eq!((ran.code, ran.err.contains("no such folder")), (3, true), "{}", ran.err);
    fs::create_dir(shop.folder.join("pages")).unwrap();
    let made = shop.json(&["man", "--output", "pages"]);
    let pages: Vec<&str> =
        made["pages"].as_array().unwrap().iter().map(|page| page.as_str().unwrap()).collect();
    for name in ["makermatrix.1", "makermatrix-restore.1", "makermatrix-undo.1", "makermatrix-key-new.1"] {
        assert!(pages.contains(&name), "{pages:?}");
    }
    assert_eq!(fs::read_dir(shop.folder.join("pages")).unwrap().count(), pages.len());
    let restore = fs::read_to_string(shop.folder.join("pages/makermatrix-restore.1")).unwrap();
    assert!(restore.contains("makermatrix\\-restore") && restore.contains("\\-\\-create"), "{restore}");
}
