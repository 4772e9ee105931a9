//! Decrypts entries that are encrypted one by one, as other programs do: with ZipCrypto (APPNOTE 6.1)
//! or WinZip AES (<https://www.winzip.com/en/support/aes-encryption/>). Nothing here encrypts.

use std::io::{self, Read};

use aes::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, Mac};
use rawzip::ZipFileHeaderRecord;
use rawzip::extra_fields::{ExtraFieldId, ExtraFields};
use rawzip::zipcrypto::Decryptor;
use sha1::Sha1;

use crate::scheme::EncryptionScheme;

/// How an entry is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cipher {
    /// With ZipCrypto. The last byte of the encryption header must be one of `check`, which reveals
    /// most wrong passwords.
    ZipCrypto { check: [u8; 2] },
    /// With AES and a key of this many bytes. Version 2 (AE-2) leaves out the CRC-32.
    Aes { key_length: u8, version: u8 },
}

impl Cipher {
    pub(super) fn zip_crypto(record: &ZipFileHeaderRecord<'_>) -> Self {
        // The byte is that of the CRC-32, or of the time if the entry has a data descriptor. Some programs
        // use the CRC-32 in either case.
        let crc = (record.crc32() >> 24) as u8;
        let time = (record.last_modified_dos().packed_time() >> 8) as u8;
        Self::ZipCrypto { check: if record.flags().has_data_descriptor() { [time, crc] } else { [crc, crc] } }
    }

    /// Reads the extra field of AES: the cipher, and the compression method of the encrypted data.
    pub(super) fn from_aes_field(fields: ExtraFields<'_>) -> Option<(Self, u16)> {
        let (_, content) = fields.into_iter().find(|(id, _)| *id == ExtraFieldId::AES)?;
        let &[version @ 1..=2, 0, b'A', b'E', strength @ 1..=3, low, high] = content else { return None };
        let key_length = 8 + 8 * strength;
        Some((Self::Aes { key_length, version }, u16::from_le_bytes([low, high])))
    }

    /// Returns the number of bytes that encryption adds to an entry.
    pub(super) fn overhead(self) -> u64 {
        const HEADER: u64 = 12;
        match self {
            Self::ZipCrypto { .. } => HEADER,
            Self::Aes { key_length, .. } => u64::from(key_length / 2) + (VERIFIER + TAG) as u64,
        }
    }

    /// Returns whether the headers state the CRC-32 of the content.
    pub(super) fn has_crc(self) -> bool {
        !matches!(self, Self::Aes { version: 2, .. })
    }

    pub(super) fn scheme(self) -> EncryptionScheme {
        match self {
            Self::ZipCrypto { .. } => EncryptionScheme::ZipCrypto,
            Self::Aes { .. } => EncryptionScheme::WinZipAes,
        }
    }
}

/// The length of the value in the header that reveals all but one in 65,536 wrong passwords.
const VERIFIER: usize = 2;
/// The length of the truncated HMAC at the end.
const TAG: usize = 10;

/// The compressed bytes of an entry, decrypted if they are encrypted.
pub(super) enum Decrypted<R> {
    Plain(R),
    ZipCrypto(Decryptor<R>),
    Aes(Box<Aes<R>>),
}

impl<R: Read> Decrypted<R> {
    /// Reads the encryption header of an entry, whose body is `length` bytes long. Returns nothing when
    /// the header shows that the password is wrong.
    pub(super) fn open(
        packed: R,
        cipher: Option<Cipher>,
        length: u64,
        password: &[u8],
    ) -> io::Result<Option<Self>> {
        match cipher {
            None => Ok(Some(Self::Plain(packed))),
            Some(Cipher::ZipCrypto { check }) => {
                let body = Decryptor::new(packed, password)?;
                let fits = check.contains(&body.check_byte());
                Ok(fits.then_some(Self::ZipCrypto(body)))
            }
            Some(Cipher::Aes { key_length, .. }) => {
                let body = Aes::open(packed, key_length.into(), length, password)?;
                Ok(body.map(|body| Self::Aes(Box::new(body))))
            }
        }
    }

    /// Returns whether the bytes that were read are authentic. Call it after the last byte. Only AES
    /// authenticates; the others always return true.
    pub(super) fn is_authentic(&mut self) -> io::Result<bool> {
        match self {
            Self::Plain(_) | Self::ZipCrypto(_) => Ok(true),
            Self::Aes(body) => body.is_authentic(),
        }
    }
}

impl<R: Read> Read for Decrypted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(packed) => packed.read(buffer),
            Self::ZipCrypto(body) => body.read(buffer),
            Self::Aes(body) => body.read(buffer),
        }
    }
}

/// AES in counter mode, with a key of any of the three lengths.
enum KeyStream {
    Aes128(ctr::Ctr128LE<aes::Aes128>),
    Aes192(ctr::Ctr128LE<aes::Aes192>),
    Aes256(ctr::Ctr128LE<aes::Aes256>),
}

impl KeyStream {
    fn new(key: &[u8]) -> Self {
        // The counter starts at one.
        let first = 1_u128.to_le_bytes();
        let valid = "the key has the length that the cipher needs";
        match key.len() {
            16 => Self::Aes128(KeyIvInit::new_from_slices(key, &first).expect(valid)),
            24 => Self::Aes192(KeyIvInit::new_from_slices(key, &first).expect(valid)),
            _ => Self::Aes256(KeyIvInit::new_from_slices(key, &first).expect(valid)),
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

/// The body of an entry that is encrypted with WinZip AES.
pub(super) struct Aes<R> {
    packed: R,
    remaining: u64,
    stream: KeyStream,
    mac: Hmac<Sha1>,
}

impl<R: Read> Aes<R> {
    /// The rounds of PBKDF2, which the format fixes.
    const ROUNDS: u32 = 1000;

    /// Returns nothing when the verifier shows that the password is wrong.
    fn open(mut packed: R, key_length: usize, length: u64, password: &[u8]) -> io::Result<Option<Self>> {
        let mut salt = vec![0; key_length / 2];
        packed.read_exact(&mut salt)?;
        let mut verifier = [0; VERIFIER];
        packed.read_exact(&mut verifier)?;
        let mut derived = vec![0; 2 * key_length + VERIFIER];
        pbkdf2::pbkdf2_hmac::<Sha1>(password, &salt, Self::ROUNDS, &mut derived);
        if derived[2 * key_length..] != verifier {
            return Ok(None);
        }
        let mac = Hmac::new_from_slice(&derived[key_length..2 * key_length]).expect("any length is valid");
        Ok(Some(Self { packed, remaining: length, stream: KeyStream::new(&derived[..key_length]), mac }))
    }

    fn is_authentic(&mut self) -> io::Result<bool> {
        let mut tag = [0; TAG];
        self.packed.read_exact(&mut tag)?;
        Ok(self.mac.clone().verify_truncated_left(&tag).is_ok())
    }
}

impl<R: Read> Read for Aes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let limit = buffer.len().min(usize::try_from(self.remaining).unwrap_or(usize::MAX));
        let n = self.packed.read(&mut buffer[..limit])?;
        self.mac.update(&buffer[..n]);
        self.stream.apply(&mut buffer[..n]);
        self.remaining -= n as u64;
        Ok(n)
    }
}
