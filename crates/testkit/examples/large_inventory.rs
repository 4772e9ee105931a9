//! Makes a large inventory to measure on: `large_inventory DATA_DIR [PARTS PDFS IMAGES]`, by default
//! 20,000 parts, 1,500 PDFs and 3,000 images, about 600 MB. The files are as real ones are: PDFs of
//! mostly packed streams with some text between, images that do not shrink.

use std::path::{Path, PathBuf};

use inventory::{Ambient, Inventory};
use testkit::generators::{add_many_parts, noise};

/// Bytes of a PDF and of an image, on average.
const PDF: usize = 300_000;
const IMAGE: usize = 50_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let folder = PathBuf::from(args.first().expect("usage: large_inventory DATA_DIR [PARTS PDFS IMAGES]"));
    let number =
        |index: usize, default| args.get(index).map_or(default, |arg| arg.parse().expect("a number"));
    let (parts, pdfs, images) = (number(1, 20_000), number(2, 1_500), number(3, 3_000));
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let database = folder.join(archive::DATABASE);
    let inventory = Inventory::create(&database, Ambient::system()).await.expect("the folder is empty");
    inventory.close().await.expect("nobody else uses it");
    add_many_parts(&database, parts);
    for index in 0..pdfs {
        let mut content = b"%PDF-1.4\n".to_vec();
        let length = PDF / 2 + PDF * (index as usize % 11) / 10;
        while content.len() < length {
            content.extend(b"obj << /Type /Page /Parent 2 0 R /Resources << /Font 5 0 R >> >>\n".repeat(30));
            content.extend(noise(20_000, u64::from(index) + content.len() as u64));
        }
        write(&folder.join(format!("static/datasheets/{:02}/{index}.pdf", index % 20)), &content);
    }
    for index in 0..images {
        let length = IMAGE / 2 + IMAGE * (index as usize % 11) / 10;
        write(&folder.join(format!("static/images/{index}.jpg")), &noise(length, u64::from(index) + 1));
    }
}

fn write(path: &Path, content: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("in a folder")).expect("writable");
    std::fs::write(path, content).expect("writable");
}
