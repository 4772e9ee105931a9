//! Reads keys and passphrases from files or from the terminal. Never from arguments or the environment, where
//! other users and crash reports can see them.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::str::FromStr;

use archive::keys::{ExposeSecret, SecretString};
use archive::{EncryptionMethod, Identity, KeyFault, Keys, Recipient};
use backup::{EncryptionChoice, Engine, Error};
use durable::regular_file;

use crate::args;
use crate::exit::{Code, Failure};
use crate::{hidden_answer, signals};

/// The known keys, and the number of questions asked for more.
pub(crate) struct KeyRing {
    keys: Keys,
    asked: u32,
}

impl KeyRing {
    /// The largest number of attempts to enter a key or passphrase.
    const MAX_ATTEMPTS: u32 = 3;

    pub(crate) fn new(args: &args::Keys) -> Result<Self, Failure> {
        let mut keys = Keys::default();
        for path in &args.identity {
            keys.identities.extend(identities(path)?);
        }
        if let Some(path) = &args.passphrase_file {
            keys.passphrase = Some(passphrase_of(path)?);
        }
        Ok(Self { keys, asked: 0 })
    }

    /// Returns the engine with these keys.
    pub(crate) fn apply_to(&self, engine: &Engine) -> Engine {
        engine.clone().with_keys(self.keys.clone())
    }

    /// Runs `work` on an archive. If a key is missing and there is a terminal, asks for the key and runs `work`
    /// again.
    pub(crate) fn unlock<T>(
        &mut self,
        engine: &Engine,
        mut work: impl FnMut(&Engine) -> Result<T, Error>,
    ) -> Result<Result<T, Error>, Failure> {
        loop {
            let done = work(&self.apply_to(engine));
            let Some(fault) = done.as_ref().err().and_then(Error::key_fault) else { return Ok(done) };
            let again = match fault {
                KeyFault::Missing(_) => self.asked < Self::MAX_ATTEMPTS,
                // Asking does not help if a key from a file is wrong.
                KeyFault::Wrong(_) => (1..Self::MAX_ATTEMPTS).contains(&self.asked),
            };
            if !again || !can_ask() {
                return Ok(done);
            }
            if let KeyFault::Wrong(_) = fault {
                crate::output::ask_again("That is not correct.");
            }
            self.asked += 1;
            if fault.scheme().takes_passphrase() {
                self.keys.passphrase = Some(ask("Passphrase of the archive: ")?);
            } else {
                let text = ask("Secret key (AGE-SECRET-KEY-1…), as on the emergency kit: ")?;
                match Identity::from_str(text.expose_secret().trim()) {
                    Ok(identity) => self.keys.identities.push(identity),
                    Err(fault) => return Err(Failure::usage(fault.to_string())),
                }
            }
        }
    }
}

/// Runs `work` on one archive, and asks for its key if necessary.
pub(crate) fn with_keys<T>(
    engine: &Engine,
    args: &args::Keys,
    work: impl FnMut(&Engine) -> Result<T, Error>,
) -> Result<T, Failure> {
    Ok(KeyRing::new(args)?.unlock(engine, work)??)
}

/// Returns how a backup is encrypted, from the arguments.
pub(crate) fn encrypt(args: &args::EncryptionChoice) -> Result<EncryptionChoice, Failure> {
    if args.no_encryption {
        return Ok(EncryptionChoice::Not);
    }
    if let Some(path) = &args.passphrase_file {
        return Ok(EncryptionChoice::With(EncryptionMethod::Passphrase(passphrase_of(path)?)));
    }
    if args.passphrase {
        return Ok(EncryptionChoice::With(EncryptionMethod::Passphrase(ask_for_new(&ARCHIVE_PASSPHRASE)?)));
    }
    let mut recipients = Vec::new();
    for text in &args.recipient {
        // The message does not repeat the text, which may be a secret.
        let parsed = Recipient::from_str(text.trim());
        recipients.push(parsed.map_err(|fault| Failure::usage(format!("--recipient: {fault}")))?);
    }
    for path in &args.recipients_file {
        recipients.extend(keys_of(path)?);
    }
    Ok(if recipients.is_empty() {
        EncryptionChoice::AsConfigured
    } else {
        EncryptionChoice::AlsoFor(recipients)
    })
}

/// Reads the secret keys in a file: one per line, with comments.
pub(crate) fn identities(path: &Path) -> Result<Vec<Identity>, Failure> {
    keys_of(path)
}

fn keys_of<K: FromStr<Err: std::fmt::Display>>(path: &Path) -> Result<Vec<K>, Failure> {
    let text = read(path)?;
    let lines = without_mark(text.expose_secret()).lines().map(without_comment).enumerate();
    let keys = lines.filter(|(_, line)| !line.is_empty()).map(|(index, line)| {
        let fault = |fault| Failure::usage(format!("{}, line {}: {fault}", path.display(), index + 1));
        line.parse().map_err(fault)
    });
    let keys = keys.collect::<Result<Vec<K>, Failure>>()?;
    if keys.is_empty() {
        return Err(Failure::usage(format!("{} holds no key", path.display())));
    }
    Ok(keys)
}

/// Removes the comment from a line of a key file. No key contains a #.
fn without_comment(line: &str) -> &str {
    line.split_once('#').map_or(line, |(before, _)| before).trim()
}

/// Removes the byte order mark that some editors write.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Returns the content of a passphrase file without a byte order mark and without the final line break. A passphrase may
/// have several lines. A file for a passphrase that begins with a byte order mark must begin with two.
fn passphrase_of(path: &Path) -> Result<SecretString, Failure> {
    let text = read(path)?;
    let text = without_mark(text.expose_secret());
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    if text.is_empty() {
        return Err(Failure::usage(format!("{} is empty: no passphrase", path.display())));
    }
    Ok(SecretString::from(text.to_owned()))
}

fn read(path: &Path) -> Result<SecretString, Failure> {
    // An anonymous pipe comes from a shell, `<(…)`, or is standard input, so it has a writer.
    let is_named = path.canonicalize().is_ok();
    let bytes = if is_named { regular_file::read(path) } else { fs::read(path) };
    let bytes = bytes.map_err(|source| match source.kind() {
        // The message does not repeat the name, which may be the key or the passphrase itself.
        io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename => Failure::not_found(
            "the file for a key or passphrase does not exist. The option takes the name of a file, never the key or \
            passphrase itself: other users can see the arguments of a command.",
        ),
        _ => Error::Storage { doing: "read", path: path.to_owned(), source }.into(),
    })?;
    let text = String::from_utf8(bytes);
    let text = text.map_err(|_| Failure::usage(format!("{} is not text in UTF-8", path.display())))?;
    Ok(SecretString::from(text))
}

/// The words of a question for a new secret.
struct NewSecret {
    question: &'static str,
    again: &'static str,
    noun: &'static str,
    option: &'static str,
}

const ARCHIVE_PASSPHRASE: NewSecret = NewSecret {
    question: "Passphrase for the archive: ",
    again: "Repeat the passphrase: ",
    noun: "passphrase",
    option: "--passphrase-file",
};

const PASSWORD: NewSecret = NewSecret {
    question: "New password: ",
    again: "Repeat the password: ",
    noun: "password",
    option: "--password-file",
};

/// Returns the new password of a user, from a file or from the terminal.
pub(crate) fn new_password(file: Option<&Path>) -> Result<SecretString, Failure> {
    file.map_or_else(|| ask_for_new(&PASSWORD), passphrase_of)
}

fn ask_for_new(secret: &NewSecret) -> Result<SecretString, Failure> {
    let NewSecret { question, again, noun, option } = secret;
    if !can_ask() {
        let why = format!("there is no terminal to ask for a {noun} on. Use {option} FILE.");
        return Err(Failure::usage(why));
    }
    let first = ask(question)?;
    if first.expose_secret().is_empty() {
        return Err(Failure::usage(format!("an empty {noun} protects nothing")));
    }
    if first.expose_secret() != ask(again)?.expose_secret() {
        return Err(Failure::usage(format!("the {noun}s differ; nothing was written")));
    }
    Ok(first)
}

fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks a question without echoing the answer.
fn ask(question: &str) -> Result<SecretString, Failure> {
    match signals::while_asking(|| hidden_answer::ask(question)) {
        Ok(answer) => Ok(SecretString::from(answer)),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {
            Err(Failure::new(Code::Interrupted, "interrupted"))
        }
        Err(error) => Err(Failure::usage(format!("nothing could be read from the terminal: {error}"))),
    }
}
