//! Entries that are encrypted one by one, as other programs do it: ZipCrypto (APPNOTE 6.1) and WinZip
//! AES (<https://www.winzip.com/en/support/aes-encryption/>). These are read, never written.

use std::io::{self, Read};

use aes::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, Mac};
use rawzip::ZipFileHeaderRecord;
use rawzip::extra_fields::{ExtraFieldId, ExtraFields};
use rawzip::zipcrypto::Decryptor;
use sha1::Sha1;

use crate::error::{Corruption, Lock, into_io};

use super::Entry;

/// How an entry is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cipher {
    /// The last byte of its header tells most wrong passwords: that of the time, or of the CRC-32.
    ZipCrypto { check: [u8; 2] },
    /// With a key of so many bytes. In the second version (AE-2) the CRC-32 is not told.
    Aes { key: usize, version: u8 },
}

impl Cipher {
    pub(super) fn zip_crypto(record: &ZipFileHeaderRecord<'_>) -> Self {
        // With a descriptor behind the entry it should be that of the time; not all programs know.
        let crc = (record.crc32() >> 24) as u8;
        let time = (record.last_modified_dos().packed_time() >> 8) as u8;
        Self::ZipCrypto { check: if record.flags().has_data_descriptor() { [time, crc] } else { [crc, crc] } }
    }

    /// What the extra field of AES says: the cipher, and the method of what is encrypted.
    pub(super) fn aes(fields: ExtraFields<'_>) -> Option<(Self, u16)> {
        let (_, content) = fields.into_iter().find(|(id, _)| *id == ExtraFieldId::AES)?;
        let &[version @ 1..=2, 0, b'A', b'E', strength @ 1..=3, low, high] = content else { return None };
        let key = 8 + 8 * usize::from(strength);
        Some((Self::Aes { key, version }, u16::from_le_bytes([low, high])))
    }

    /// Bytes that the encryption adds.
    pub(super) fn overhead(self) -> u64 {
        const HEADER: u64 = 12;
        match self {
            Self::ZipCrypto { .. } => HEADER,
            Self::Aes { key, .. } => (key / 2 + VERIFIER + PROOF) as u64,
        }
    }

    /// Whether the CRC-32 is that of the content.
    pub(super) fn has_crc(self) -> bool {
        !matches!(self, Self::Aes { version: 2, .. })
    }

    pub(super) fn lock(self) -> Lock {
        match self {
            Self::ZipCrypto { .. } => Lock::ZipCrypto,
            Self::Aes { .. } => Lock::WinZipAes,
        }
    }
}

/// Tells most wrong passwords: one in 65,536 passes.
const VERIFIER: usize = 2;
/// Of the HMAC, at the end.
const PROOF: usize = 10;

/// The packed bytes of an entry, decrypted where they are encrypted.
pub(super) enum Unlocked<R> {
    Clear(R),
    ZipCrypto(Decryptor<R>),
    Aes(Box<Aes<R>>),
}

impl<R: Read> Unlocked<R> {
    /// Nothing when the header of the entry tells that the password is another one.
    pub(super) fn open(mut packed: R, entry: &Entry, password: &[u8]) -> io::Result<Option<Self>> {
        match entry.cipher {
            None => Ok(Some(Self::Clear(packed))),
            Some(Cipher::ZipCrypto { check }) => {
                let body = Decryptor::new(packed, password)?;
                let fits = check.contains(&body.check_byte());
                Ok(fits.then_some(Self::ZipCrypto(body)))
            }
            Some(Cipher::Aes { key, .. }) => {
                let mut salt = vec![0; key / 2];
                packed.read_exact(&mut salt)?;
                let mut verifier = [0; VERIFIER];
                packed.read_exact(&mut verifier)?;
                let body = Aes::new(packed, entry, password, &salt, key, verifier);
                Ok(body.map(|body| Self::Aes(Box::new(body))))
            }
        }
    }

    /// After the last byte: whether all of it is authentic, where that can be told.
    pub(super) fn check_end(&mut self) -> io::Result<()> {
        match self {
            Self::Clear(_) | Self::ZipCrypto(_) => Ok(()),
            Self::Aes(body) => body.check_end(),
        }
    }
}

impl<R: Read> Read for Unlocked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Clear(packed) => packed.read(buffer),
            Self::ZipCrypto(body) => body.read(buffer),
            Self::Aes(body) => body.read(buffer),
        }
    }
}

/// AES in counter mode, of whatever strength.
enum KeyStream {
    Aes128(ctr::Ctr128LE<aes::Aes128>),
    Aes192(ctr::Ctr128LE<aes::Aes192>),
    Aes256(ctr::Ctr128LE<aes::Aes256>),
}

impl KeyStream {
    fn new(key: &[u8]) -> Self {
        // The counter begins with one.
        let first = 1_u128.to_le_bytes();
        let right = "the key has the length of the cipher";
        match key.len() {
            16 => Self::Aes128(KeyIvInit::new_from_slices(key, &first).expect(right)),
            24 => Self::Aes192(KeyIvInit::new_from_slices(key, &first).expect(right)),
            _ => Self::Aes256(KeyIvInit::new_from_slices(key, &first).expect(right)),
        }
    }

    fn apply(&mut self, bytes: &mut [u8]) {
        match self {
            Self::Aes128(stream) => stream.apply_keystream(bytes),
            Self::Aes192(stream) => stream.apply_keystream(bytes),
            Self::Aes256(stream) => stream.apply_keystream(bytes),
        }
    }
}

/// The body of an entry of WinZip AES.
pub(super) struct Aes<R> {
    packed: R,
    left: u64,
    stream: KeyStream,
    mac: Hmac<Sha1>,
    name: String,
}

impl<R: Read> Aes<R> {
    /// Rounds of PBKDF2, fixed by the format.
    const ROUNDS: u32 = 1000;

    /// Nothing when the password is another one.
    fn new(
        packed: R,
        entry: &Entry,
        password: &[u8],
        salt: &[u8],
        key: usize,
        verifier: [u8; VERIFIER],
    ) -> Option<Self> {
        let mut derived = vec![0; 2 * key + VERIFIER];
        pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, Self::ROUNDS, &mut derived);
        if derived[2 * key..] != verifier {
            return None;
        }
        let mac = Hmac::new_from_slice(&derived[key..2 * key]).expect("any length is a key");
        let (stream, left) = (KeyStream::new(&derived[..key]), entry.body());
        Some(Self { packed, left, stream, mac, name: entry.name.clone() })
    }

    fn check_end(&mut self) -> io::Result<()> {
        let mut proof = [0; PROOF];
        self.packed.read_exact(&mut proof)?;
        self.mac.clone().verify_truncated_left(&proof).map_err(|_| {
            let why = "its bytes have been changed or damaged";
            into_io(Corruption::Decrypt { entry: self.name.clone(), why })
        })
    }
}

impl<R: Read> Read for Aes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let n = self.packed.read(&mut buffer[..most])?;
        self.mac.update(&buffer[..n]);
        self.stream.apply(&mut buffer[..n]);
        self.left -= n as u64;
        Ok(n)
    }
}
