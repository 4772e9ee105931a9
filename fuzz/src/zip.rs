//! Makes zips that our own writer does not make and that a reader must accept: with sizes in the local
//! headers, or with zip64 throughout.

use archive::Sha256Hex;

/// A zip of stored entries.
pub struct Zip<'a> {
    files: Vec<(&'a str, &'a [u8])>,
    /// Whether sizes and offsets are in zip64 fields although they would fit without.
    pub wide: bool,
    /// The comment at the end.
    pub comment: &'a [u8],
    /// The flags of every entry, such as 1 for encrypted.
    pub flags: u16,
    /// The Unix mode of every entry.
    pub mode: u32,
}

impl<'a> Zip<'a> {
    /// Returns a plain zip of these files.
    pub fn of(files: &[(&'a str, &'a [u8])]) -> Self {
        Self { files: files.to_vec(), wide: false, comment: b"", flags: 0, mode: 0o100_644 }
    }

    /// Returns the bytes of the archive.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut directory = Vec::new();
        let version: u16 = if self.wide { 45 } else { 20 };
        for (name, content) in &self.files {
            let offset = out.len() as u64;
            let size = content.len() as u64;
            let narrow = |value: u64| if self.wide { u32::MAX } else { value as u32 };
            let extra = |with_offset: bool| {
                let fields: &[u64] = if with_offset { &[size, size, offset] } else { &[size, size] };
                let mut extra = Vec::new();
                if self.wide {
                    put(&mut extra, &[&1_u16.to_le_bytes(), &(fields.len() as u16 * 8).to_le_bytes()]);
                    fields.iter().for_each(|field| extra.extend(field.to_le_bytes()));
                }
                extra
            };
            let mut common = Vec::new();
            // Flags, method, time, date, CRC-32, sizes, length of the name.
            put(&mut common, &[&self.flags.to_le_bytes(), &[0; 2], &[0; 2], &[0x21, 0]]);
            put(&mut common, &[&crc32fast::hash(content).to_le_bytes()]);
            put(&mut common, &[&narrow(size).to_le_bytes(), &narrow(size).to_le_bytes()]);
            put(&mut common, &[&(name.len() as u16).to_le_bytes()]);
            let (local, listed) = (extra(false), extra(true));
            put(&mut out, &[b"PK\x03\x04", &version.to_le_bytes(), &common]);
            put(&mut out, &[&(local.len() as u16).to_le_bytes(), name.as_bytes(), &local, content]);
            put(&mut directory, &[b"PK\x01\x02", &[version as u8, 3], &version.to_le_bytes(), &common]);
            put(&mut directory, &[&(listed.len() as u16).to_le_bytes(), &[0; 2], &[0; 2], &[0; 2]]);
            put(&mut directory, &[&(self.mode << 16).to_le_bytes(), &narrow(offset).to_le_bytes()]);
            put(&mut directory, &[name.as_bytes(), &listed]);
        }
        let (start, length, count) = (out.len() as u64, directory.len() as u64, self.files.len() as u64);
        out.extend(directory);
        if self.wide {
            let end = out.len() as u64;
            put(&mut out, &[b"PK\x06\x06", &44_u64.to_le_bytes(), &[45, 3, 45, 0], &[0; 8]]);
            [count, count, length, start].iter().for_each(|field| out.extend(field.to_le_bytes()));
            put(&mut out, &[b"PK\x06\x07", &[0; 4], &end.to_le_bytes(), &1_u32.to_le_bytes()]);
        }
        let few = |value: u64| if self.wide { u16::MAX } else { value as u16 };
        let narrow = |value: u64| if self.wide { u32::MAX } else { value as u32 };
        put(&mut out, &[b"PK\x05\x06", &[0; 4], &few(count).to_le_bytes(), &few(count).to_le_bytes()]);
        put(&mut out, &[&narrow(length).to_le_bytes(), &narrow(start).to_le_bytes()]);
        put(&mut out, &[&(self.comment.len() as u16).to_le_bytes(), self.comment]);
        out
    }
}

fn put(out: &mut Vec<u8>, parts: &[&[u8]]) {
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

/// Returns a manifest of format 3.0 that lists these files.
pub fn manifest_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let listed = files.iter().map(|(path, content)| {
        let hash = Sha256Hex::of(content);
        format!(r#"{{"path":"{path}","size":{},"sha256":"{hash}"}}"#, content.len())
    });
    let listed = listed.collect::<Vec<_>>().join(",");
    let hash = Sha256Hex::of(b"");
    format!(
        r#"{{"backup_name":"b","created_at":"2026-11-22T14:03:24.617125","makermatrix_version":"0.1.0",
"schema_version":"1.0.0","backup_format_version":"2.0","python_version":"","password_protected":false,
"credential_storage":"plain_text_in_database","credential_protection":"os_file_permissions",
"database_included":true,"datasheets_included":true,"images_included":true,"env_included":false,
"database_size_mb":0.01,"datasheets_count":0,"datasheets_size_mb":0.0,"images_count":0,
"images_size_mb":0.0,"env_size_kb":0.0,"total_size_mb":0,"database_path":"makers_matrix.db",
"datasheets_path":"datasheets/","images_path":"images/","env_path":".env","format_version":"3.0",
"created_at_utc":"2026-11-22T13:03:24.617125Z","source_engine":"sqlite","source_engine_version":"3.51.3",
"migrations":["m0001_original_schema"],"tables":{{"partmodel":{{"rows":0,"digest":"{hash}"}}}},
"foreign_key_violations":0,"dangling":["images/gone"],"left_out":[{{"what":"view v","why":"code"}}],
"files":[{listed}]}}"#
    )
    .into_bytes()
}
