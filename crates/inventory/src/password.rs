//! Password hashes in the format of the original, passlib's `pbkdf2_sha256`:
//! `$pbkdf2-sha256$ROUNDS$SALT$CHECKSUM`, with salt and checksum in base64 without padding and with `.` for `+`
//! (<https://passlib.readthedocs.io/en/stable/lib/passlib.hash.pbkdf2_digest.html>). The original uses 29,000
//! rounds. This program uses more, and reads hashes with up to [`Rounds::MAX`] rounds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use pbkdf2::pbkdf2_hmac;
use sha2::Sha256;

use crate::fields::{Fields, Problem};
use crate::{Ambient, Error};

const PREFIX: &str = "$pbkdf2-sha256$";
const SALT: usize = 16;
const CHECKSUM: usize = 32;
/// The largest length of a password in bytes. Longer passwords are rejected without hashing, to save processor time.
const MAX_PASSWORD: usize = 4096;
/// The smallest number of characters in a password.
const MIN_PASSWORD: usize = 8;

/// The password that the original gives its first user.
pub(crate) const DEFAULT: &str = "Admin123!";

/// Returns whether a password is the published default of the original.
pub fn is_default(password: &str) -> bool {
    password == DEFAULT
}

/// The number of hash iterations, which determines the cost of a guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounds(u32);

impl Rounds {
    /// The number that OWASP's password storage cheat sheet recommends for PBKDF2-HMAC-SHA256.
    pub const DEFAULT: Self = Self(600_000);
    /// The largest accepted number. The limit prevents a stored hash from blocking the server.
    pub const MAX: u32 = 10_000_000;

    /// Creates a number of rounds, from 1 to [`Rounds::MAX`].
    ///
    /// # Errors
    /// [`Error::Invalid`] outside of that range.
    pub fn new(rounds: u32) -> Result<Self, Error> {
        if (1..=Self::MAX).contains(&rounds) {
            Ok(Self(rounds))
        } else {
            Err(Error::invalid(
                "rounds",
                if rounds == 0 {
                    Problem::TooSmall { min: 1 }
                } else {
                    Problem::TooLarge { max: i64::from(Self::MAX) }
                },
            ))
        }
    }
}

impl Default for Rounds {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Returns the hash to store for `password`, with a new salt.
pub fn hash(password: &str, rounds: Rounds, ambient: &Ambient) -> String {
    let salt: [u8; SALT] = ambient.bytes();
    let checksum = derive(password, &salt, rounds);
    format!("{PREFIX}{}${}${}", rounds.0, encode(&salt), encode(&checksum))
}

/// Returns whether `password` matches `hash`. A malformed hash matches no password. The comparison takes constant time.
pub fn verify(password: &str, hash: &str) -> bool {
    parse(hash).is_some_and(|hash| hash.matches(password))
}

/// Returns whether `password` matches `hash`. Always computes at least `usual` rounds, even if the hash has fewer rounds, is
/// malformed, or is missing, so that the duration of a sign-in does not reveal which users exist. Only a hash with more
/// rounds takes longer.
pub(crate) fn verify_at_equal_cost(password: &str, hash: Option<&str>, usual: Rounds) -> bool {
    if password.len() > MAX_PASSWORD {
        return false;
    }
    let stored = hash.and_then(parse);
    if let Some(more) = padding(stored.as_ref(), usual) {
        std::hint::black_box(derive(password, &[0; SALT], more));
    }
    stored.is_some_and(|stored| stored.matches(password))
}

/// Returns the number of rounds to add to reach `usual` rounds.
fn padding(stored: Option<&Hash>, usual: Rounds) -> Option<Rounds> {
    let done = stored.map_or(0, |stored| stored.rounds.0);
    Some(usual.0.saturating_sub(done)).filter(|&more| more > 0).map(Rounds)
}

/// Returns whether the number of rounds of a hash differs from `usual`, so that the hash should be replaced at sign-in.
pub(crate) fn is_outdated(hash: &str, usual: Rounds) -> bool {
    parse(hash).is_none_or(|hash| hash.rounds.0 < usual.0)
}

/// Records each rule of the original that a password breaks: at least 8 characters, among them an upper-case letter, a
/// lower-case letter and a digit; and not the default one. Never repeats the password.
pub(crate) fn validate(field: &'static str, password: &str, fields: &mut Fields) {
    for (holds, problem) in [
        (password.chars().count() >= MIN_PASSWORD, Problem::TooShort { min: MIN_PASSWORD }),
        (password.len() <= MAX_PASSWORD, Problem::TooLong { max: MAX_PASSWORD }),
        (password.chars().any(char::is_uppercase), Problem::NoUpperCase),
        (password.chars().any(char::is_lowercase), Problem::NoLowerCase),
        (password.chars().any(|char| char.is_ascii_digit()), Problem::NoDigit),
        (!is_default(password), Problem::DefaultPassword),
    ] {
        fields.require(field, holds, problem);
    }
}

/// A parsed hash.
struct Hash {
    rounds: Rounds,
    salt: Vec<u8>,
    checksum: [u8; CHECKSUM],
}

impl Hash {
    fn matches(&self, password: &str) -> bool {
        if password.len() > MAX_PASSWORD {
            return false;
        }
        let actual = derive(password, &self.salt, self.rounds);
        let differences = actual.iter().zip(&self.checksum).fold(0, |sum, (a, b)| sum | (a ^ b));
        std::hint::black_box(differences) == 0
    }
}

fn derive(password: &str, salt: &[u8], Rounds(rounds): Rounds) -> [u8; CHECKSUM] {
    let mut checksum = [0; CHECKSUM];
    pbkdf2_hmac::<Sha256>(password.as_bytes(), salt, rounds, &mut checksum);
    checksum
}

fn parse(hash: &str) -> Option<Hash> {
    let mut fields = hash.strip_prefix(PREFIX)?.split('$');
    let rounds = Rounds::new(fields.next()?.parse().ok()?).ok()?;
    let salt = decode(fields.next()?)?;
    let checksum = decode(fields.next()?)?.try_into().ok()?;
    fields.next().is_none().then_some(Hash { rounds, salt, checksum })
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

    /// A hash of the documented default password, written by the original.
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
    fn a_malformed_hash_or_one_with_too_many_rounds_matches_nothing() {
        let absurd = ORIGINAL.replace("29000", "4000000000");
        let short = &ORIGINAL[..ORIGINAL.len() - 10];
        for hash in ["", "Admin123!", "$pbkdf2-sha256$", "$pbkdf2-sha256$0$$", &absurd, short] {
            assert!(!verify("Admin123!", hash), "{hash}");
        }
    }

    #[test]
    fn a_password_that_is_too_long_matches_nothing() {
        let long = "Ab1".repeat(MAX_PASSWORD);
        let rounds = Rounds::new(2).unwrap();
        let of_nothing = hash("", rounds, &Ambient::system());
        assert!(!verify(&long, &hash("Ab1Ab1Ab1", rounds, &Ambient::system())));
        assert!(!verify(&long, &of_nothing));
    }

    #[test]
    fn an_unknown_user_costs_as_many_rounds_as_a_known_one() {
        let cost = |hash: Option<&str>| {
            let stored = hash.and_then(parse);
            stored.as_ref().map_or(0, |stored| stored.rounds.0)
                + padding(stored.as_ref(), Rounds::DEFAULT).map_or(0, |more| more.0)
        };
        let current = ORIGINAL.replace("29000", "600000");
        let costs = [None, Some(ORIGINAL), Some(current.as_str()), Some("no hash")].map(cost);
        assert_eq!(costs, [Rounds::DEFAULT.0; 4]);
        let usual = Rounds::new(29_010).unwrap();
        assert!(verify_at_equal_cost("Admin123!", Some(ORIGINAL), usual));
        assert!(!verify_at_equal_cost("admin123!", Some(ORIGINAL), usual));
        assert!(!verify_at_equal_cost("Admin123!", None, usual));
    }

    #[test]
    fn hashes_of_the_original_are_outdated() {
        assert!(is_outdated(ORIGINAL, Rounds::DEFAULT));
        assert!(!is_outdated(ORIGINAL, Rounds::new(29_000).unwrap()));
    }

    #[test]
    fn every_rule_that_a_password_breaks_is_named() {
        let problems = |password: &str| {
            let mut fields = Fields::default();
            validate("password", password, &mut fields);
            fields.into_errors().into_iter().map(|field| field.problem).collect::<Vec<_>>()
        };
        assert_eq!(problems("short"), [Problem::TooShort { min: 8 }, Problem::NoUpperCase, Problem::NoDigit]);
        assert_eq!(problems("ALLUPPER1"), [Problem::NoLowerCase]);
        assert_eq!(problems("Admin123!"), [Problem::DefaultPassword]);
        assert_eq!(problems("AdminPass123!"), []);
    }
}
