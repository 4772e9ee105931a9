//! Makes a large inventory for measurements: `large_inventory DATA_DIR PARTS PDFS IMAGES IMAGE_BYTES`. The
//! files resemble real ones: generated names, PDFs of compressed streams with some text between, images
//! that do not compress further. `scripts/measure.sh` has the numbers for common sizes.

use std::path::{Path, PathBuf};

use inventory::{Ambient, Inventory};
use testkit::generators::{add_many_parts, noise};

/// The average size of a PDF in bytes.
const PDF: usize = 300_000;
const USAGE: &str = "usage: large_inventory DATA_DIR PARTS PDFS IMAGES IMAGE_BYTES";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let folder = PathBuf::from(args.first().expect(USAGE));
    let number = |index: usize| args.get(index).expect(USAGE).parse::<u32>().expect("a number");
    let (parts, pdfs, images, image) = (number(1), number(2), number(3), number(4) as usize);
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
        let length = image / 2 + image * (index as usize % 11) / 10;
        let name = format!("static/images/{:02}/{index:08x}-5a17-4c0d-9b1e-{index:012x}.jpg", index % 100);
        write(&folder.join(name), &noise(length, u64::from(index) + 1));
    }
}

fn write(path: &Path, content: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("in a folder")).expect("writable");
    std::fs::write(path, content).expect("writable");
}
