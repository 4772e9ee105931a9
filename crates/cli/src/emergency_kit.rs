//! The emergency kit: a page to print, with everything needed to open the backups without the computer and without
//! MakerMatrix.

use archive::Identity;
use archive::keys::ExposeSecret;
use qrcode::QrCode;
use qrcode::render::{svg, unicode};

use crate::exit::Failure;

/// The content of the page.
pub(crate) struct Kit<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) made: &'a str,
}

const WHAT_IT_IS: [&str; 3] = [
    "This page opens the backups of a MakerMatrix parts inventory. Print it, and keep it where you keep important papers, \
     away from the computer.",
    "Anyone who has this page can read the backups. Without this page and without the file with the secret key, \
    nobody can.",
    "Prove once in a while that it works: makermatrix key check FILE-WITH-THE-KEY",
];
const WITH: &str = "makermatrix restore --create --identity key.txt NAME.zip.age";
const WITHOUT: [(&str, &str); 4] = [
    ("Write the secret key into a file, key.txt: one line, typed or scanned.", ""),
    (
        "Decrypt, with the program age (https://age-encryption.org; the package is called age):",
        "age -d -i key.txt -o backup.zip NAME.zip.age",
    ),
    (
        "Unpack, and check that every file is intact:",
        "unzip -q backup.zip -d backup && cd backup && sha256sum -c SHA256SUMS",
    ),
    (
        "The inventory is an SQLite database, makers_matrix.db; the files are in datasheets and images:",
        "sqlite3 makers_matrix.db 'select part_name, part_number from partmodel'",
    ),
];

impl Kit<'_> {
    /// Returns the kit as text. For a dark terminal the QR code is inverted, so that scanners can read it.
    pub(crate) fn text(&self, dark: bool) -> Result<String, Failure> {
        let secret = self.identity.to_text();
        let code = self.code()?;
        let mut renderer = code.render::<unicode::Dense1x2>();
        if dark {
            renderer.dark_color(unicode::Dense1x2::Light).light_color(unicode::Dense1x2::Dark);
        } else {
            renderer.dark_color(unicode::Dense1x2::Dark).light_color(unicode::Dense1x2::Light);
        }
        let code = renderer.build();
        let mut text = format!("MakerMatrix emergency kit, made {}\n\n", self.made);
        for paragraph in WHAT_IT_IS {
            text.push_str(&format!("{paragraph}\n\n"));
        }
        text.push_str(&format!("Secret key\n\n  {}\n\n{code}\n", secret.expose_secret()));
        text.push_str(&format!(
            "\nPublic key (no secret: backups are encrypted for it)\n\n  {}\n",
            self.identity.recipient()
        ));
        text.push_str(&format!("\nTo restore with MakerMatrix\n\n  {WITH}\n\nWithout MakerMatrix\n\n"));
        for (number, (what, command)) in WITHOUT.iter().enumerate() {
            text.push_str(&format!("  {}. {what}\n", number + 1));
            if !command.is_empty() {
                text.push_str(&format!("     {command}\n"));
            }
        }
        Ok(text)
    }

    /// Returns the kit as an HTML page that fits on a sheet of paper.
    pub(crate) fn page(&self) -> Result<String, Failure> {
        let secret = self.identity.to_text();
        let code = self.code()?.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
        // Omit the XML declaration, which is not allowed inside HTML.
        let code = code.split_once("?>").map_or(code.as_str(), |(_, svg)| svg);
        let paragraphs: String =
            WHAT_IT_IS.iter().map(|text| format!("<p>{}</p>\n", escaped(text))).collect();
        let steps: String = WITHOUT
            .iter()
            .map(|(what, command)| match *command {
                "" => format!("<li>{}</li>\n", escaped(what)),
                command => format!("<li>{}<pre>{}</pre></li>\n", escaped(what), escaped(command)),
            })
            .collect();
        Ok(format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>MakerMatrix emergency kit</title>\n\
             <style>body{{font:11pt sans-serif;max-width:44em;margin:2em auto;padding:0 1em}}\
             pre,code{{font:10pt monospace;white-space:pre-wrap;overflow-wrap:anywhere}}\
             pre{{border-left:3px solid #999;padding-left:.6em}}svg{{width:5cm;height:5cm}}</style>\n\
             <h1>MakerMatrix emergency kit</h1>\n<p>Made {made}</p>\n{paragraphs}\
             <h2>Secret key</h2>\n<p><code>{secret}</code></p>\n{code}\n\
             <h2>Public key</h2>\n<p>No secret: backups are encrypted for it.</p>\n<p><code>{recipient}</code></p>\n\
             <h2>To restore with MakerMatrix</h2>\n<pre>{with}</pre>\n\
             <h2>Without MakerMatrix</h2>\n<ol>\n{steps}</ol>\n</html>\n",
            made = self.made,
            secret = secret.expose_secret(),
            recipient = self.identity.recipient(),
            with = escaped(WITH),
        ))
    }

    fn code(&self) -> Result<QrCode, Failure> {
        QrCode::new(self.identity.to_text().expose_secret()).map_err(Failure::internal)
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
