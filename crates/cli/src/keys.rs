//! Keys and passphrases: from files, or asked for on the terminal. Never from arguments or the
//! environment, where other users and crash reports see them.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::Path;
use std::str::FromStr;

use archive::keys::{ExposeSecret, SecretString};
use archive::{EncryptionMethod, Identity, KeyFault, Keys, Recipient};
use backup::{EncryptionChoice, Engine, Error};
use durable::regular_file;

use crate::args;
use crate::exit::Failure;
use crate::signals;

/// The keys in hand, and what has been asked for beside them.
pub(crate) struct KeyRing {
    keys: Keys,
    asked: u32,
}

impl KeyRing {
    /// How often a wrong answer is asked for again.
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

    /// The engine with these keys.
    pub(crate) fn give(&self, engine: &Engine) -> Engine {
        engine.clone().with_keys(self.keys.clone())
    }

    /// Does something with an archive. Where it takes a key that is not in hand, and there is somebody
    /// to ask, asks and does it again.
    pub(crate) fn unlock<T>(
        &mut self,
        engine: &Engine,
        mut work: impl FnMut(&Engine) -> Result<T, Error>,
    ) -> Result<Result<T, Error>, Failure> {
        loop {
            let done = work(&self.give(engine));
            let Some(fault) = done.as_ref().err().and_then(Error::key_fault) else { return Ok(done) };
            let again = match fault {
                KeyFault::Missing(_) => self.asked < Self::MAX_ATTEMPTS,
                // Those from files do not get better by asking.
                KeyFault::Wrong(_) => (1..Self::MAX_ATTEMPTS).contains(&self.asked),
            };
            if !again || !can_ask() {
                return Ok(done);
            }
            if let KeyFault::Wrong(_) = fault {
                crate::output::ask_again("That was not it.");
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

/// Does something with one archive, asking for its key where it has to.
pub(crate) fn unlocking<T>(
    engine: &Engine,
    args: &args::Keys,
    work: impl FnMut(&Engine) -> Result<T, Error>,
) -> Result<T, Failure> {
    Ok(KeyRing::new(args)?.unlock(engine, work)??)
}

/// How a backup is to be encrypted, by its arguments.
pub(crate) fn encrypt(args: &args::EncryptionChoice) -> Result<EncryptionChoice, Failure> {
    if args.no_encryption {
        return Ok(EncryptionChoice::Not);
    }
    if let Some(path) = &args.passphrase_file {
        return Ok(EncryptionChoice::With(EncryptionMethod::Passphrase(passphrase_of(path)?)));
    }
    if args.passphrase {
        return Ok(EncryptionChoice::With(EncryptionMethod::Passphrase(ask_for_a_new_passphrase()?)));
    }
    let mut recipients = Vec::new();
    for text in &args.recipient {
        // The text is not repeated: it may be what should not have been typed.
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

/// The secret keys in a file, one a line, between comments.
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

/// Returns a line of a file of keys without its comment: no key has a # in it.
fn without_comment(line: &str) -> &str {
    line.split_once('#').map_or(line, |(before, _)| before).trim()
}

/// Returns a text without the byte order mark that some editors begin it with.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Returns what a file holds, but for a byte order mark and the end of its last line. A passphrase of several lines
/// is one passphrase; one that begins with such a mark itself is written with two.
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
    // A pipe without a name comes from a shell, `<(…)`, or is standard input: somebody writes to it.
    let is_named = path.canonicalize().is_ok();
    let bytes = if is_named { regular_file::read(path) } else { fs::read(path) };
    let bytes = bytes.map_err(|source| match source.kind() {
        // Not repeated: it may be the key or the passphrase itself.
        io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename => Failure::not_found(
            "there is no file of the name given for a key or passphrase. It takes the name of a file, never the key or \
             passphrase itself: other users can see the arguments of a command.",
        ),
        _ => Error::Storage { doing: "read", path: path.to_owned(), source }.into(),
    })?;
    let text = String::from_utf8(bytes);
    let text = text.map_err(|_| Failure::usage(format!("{} is not text in UTF-8", path.display())))?;
    Ok(SecretString::from(text))
}

fn ask_for_a_new_passphrase() -> Result<SecretString, Failure> {
    if !can_ask() {
        let why = "there is no terminal to ask for a passphrase on. Use --passphrase-file FILE.";
        return Err(Failure::usage(why));
    }
    let passphrase = ask("Passphrase for the archive: ")?;
    if passphrase.expose_secret().is_empty() {
        return Err(Failure::usage("an empty passphrase protects nothing"));
    }
    let again = ask("The same again: ")?;
    if passphrase.expose_secret() != again.expose_secret() {
        return Err(Failure::usage("the two are not the same; nothing was written"));
    }
    Ok(passphrase)
}

fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks without showing what is typed.
fn ask(question: &str) -> Result<SecretString, Failure> {
    let answer = signals::while_asking(|| rpassword::prompt_password(question));
    answer
        .map(SecretString::from)
        .map_err(|error| Failure::usage(format!("nothing could be read from the terminal: {error}")))
}
