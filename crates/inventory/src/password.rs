//! Passwords, hashed as the original does it: passlib's `pbkdf2_sha256`,
//! `$pbkdf2-sha256$ROUNDS$SALT$CHECKSUM`, salt and checksum in base64 without padding and with `.` for `+`
//! (<https://passlib.readthedocs.io/en/stable/lib/passlib.hash.pbkdf2_digest.html>). The original writes 29,000
//! rounds; more are written here, and any number is read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use pbkdf2::pbkdf2_hmac;
use sha2::Sha256;

use crate::{Ambient, Error};

const PREFIX: &str = "$pbkdf2-sha256$";
const SALT: usize = 16;
const CHECKSUM: usize = 32;
/// Longest password hashed, in bytes; longer ones only keep the processor busy.
const LONGEST: usize = 4096;

/// How often the hash is repeated: the price of one guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounds(u32);

impl Rounds {
    /// What OWASP's password storage cheat sheet asks of PBKDF2-HMAC-SHA256.
    pub const DEFAULT: Self = Self(600_000);
    /// The most that is accepted: a stored hash must not stop the server.
    pub const MOST: u32 = 10_000_000;

    /// Another number of rounds, from 1 to [`Rounds::MOST`].
    ///
    /// # Errors
    /// [`Error::Invalid`] outside of that.
    pub fn new(rounds: u32) -> Result<Self, Error> {
        if (1..=Self::MOST).contains(&rounds) {
            Ok(Self(rounds))
        } else {
            Err(Error::invalid("number of rounds", format!("{rounds} is not between 1 and {}", Self::MOST)))
        }
    }
}

impl Default for Rounds {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The hash to store for `password`, with a new salt.
pub fn hash(password: &str, rounds: Rounds, ambient: &Ambient) -> String {
    let salt: [u8; SALT] = ambient.bytes();
    let checksum = derive(password, &salt, rounds);
    format!("{PREFIX}{}${}${}", rounds.0, encode(&salt), encode(&checksum))
}

/// Whether `password` is the one that was hashed. A hash that is no hash matches nothing. The comparison takes the same
/// time wherever the two differ.
pub fn verify(password: &str, hash: &str) -> bool {
    let Some((rounds, salt, expected)) = parse(hash) else { return false };
    if password.len() > LONGEST {
        return false;
    }
    let actual = derive(password, &salt, rounds);
    let differences = actual.iter().zip(&expected).fold(0, |sum, (a, b)| sum | (a ^ b));
    std::hint::black_box(differences) == 0
}

/// Refuses a password that breaks the original's rules: at least 8 characters, an upper-case and a lower-case letter and
/// a digit among them.
///
/// # Errors
/// [`Error::Invalid`], naming the rule; never the password.
pub fn check_rules(password: &str) -> Result<(), Error> {
    let rules = [
        (password.chars().count() >= 8, "it needs at least 8 characters"),
        (password.len() <= LONGEST, "it must not be longer than 4096 bytes"),
        (password.chars().any(char::is_uppercase), "it needs an upper-case letter"),
        (password.chars().any(char::is_lowercase), "it needs a lower-case letter"),
        (password.chars().any(|char| char.is_ascii_digit()), "it needs a digit"),
    ];
    match rules.iter().find(|(kept, _)| !kept) {
        None => Ok(()),
        Some((_, rule)) => Err(Error::invalid("password", *rule)),
    }
}

fn derive(password: &str, salt: &[u8], Rounds(rounds): Rounds) -> [u8; CHECKSUM] {
    let mut checksum = [0; CHECKSUM];
    pbkdf2_hmac::<Sha256>(password.as_bytes(), salt, rounds, &mut checksum);
    checksum
}

fn parse(hash: &str) -> Option<(Rounds, Vec<u8>, [u8; CHECKSUM])> {
    let mut fields = hash.strip_prefix(PREFIX)?.split('$');
    let rounds = Rounds::new(fields.next()?.parse().ok()?).ok()?;
    let salt = decode(fields.next()?)?;
    let checksum = decode(fields.next()?)?.try_into().ok()?;
    fields.next().is_none().then_some((rounds, salt, checksum))
}

fn encode(bytes: &[u8]) -> String {
    STANDARD_NO_PAD.encode(bytes).replace('+', ".")
}

fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text.replace('.', "+")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hash the original wrote, of its documented default password.
    const ORIGINAL: &str =
        "$pbkdf2-sha256$29000$.v9/LwUAgHBubY0xJmSMUQ$Yewfex2nDigRbZHytG37nrgH6bMLKgOKooJvzgmv4gI";

    #[test]
    fn a_hash_of_the_original_is_verified() {
        assert!(verify("Admin123!", ORIGINAL));
        assert!(!verify("Admin123", ORIGINAL));
        assert!(!verify("admin123!", ORIGINAL));
    }

    #[test]
    fn a_new_hash_has_its_own_salt_and_the_original_form() {
        let ambient = Ambient::system();
        let rounds = Rounds::new(2).unwrap();
        let (one, two) = (hash("Pässw0rd", rounds, &ambient), hash("Pässw0rd", rounds, &ambient));
        assert_ne!(one, two);
        assert!(one.starts_with("$pbkdf2-sha256$2$"));
        assert_eq!(one.len(), "$pbkdf2-sha256$2$".len() + 22 + 1 + 43);
        assert!(verify("Pässw0rd", &one) && verify("Pässw0rd", &two) && !verify("Passw0rd", &one));
    }

    #[test]
    fn what_is_no_hash_or_asks_too_much_matches_nothing() {
        let absurd = ORIGINAL.replace("29000", "4000000000");
        let short = &ORIGINAL[..ORIGINAL.len() - 10];
        for hash in ["", "Admin123!", "$pbkdf2-sha256$", "$pbkdf2-sha256$0$$", &absurd, short] {
            assert!(!verify("Admin123!", hash), "{hash}");
        }
    }

    #[test]
    fn weak_passwords_are_refused_without_repeating_them() {
        for weak in ["Short1x", "alllower1", "ALLUPPER1", "NoDigitHere"] {
            let error = check_rules(weak).unwrap_err().to_string();
            assert!(!error.contains(weak), "{error}");
        }
        assert!(check_rules("AdminPass123!").is_ok());
    }
}
