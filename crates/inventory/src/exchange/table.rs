//! Reads a CSV file.

use csv::{ReaderBuilder, StringRecord};

use super::cell;
use super::columns::{Mapping, Target};

/// The largest size of a file in bytes.
pub const MAX_BYTES: usize = 16 << 20;
/// The largest number of rows, without the headers. Other changes wait while an import writes.
pub const MAX_ROWS: usize = 20_000;
/// The largest number of columns.
pub const MAX_COLUMNS: usize = 128;

/// Why a file cannot be read as a table of parts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// There are more bytes than allowed.
    #[error("the file has more than {} MiB", MAX_BYTES >> 20)]
    TooLarge,
    /// The text is not UTF-8.
    #[error("line {line} is not UTF-8 text; save the file as \"CSV UTF-8\"")]
    NotUtf8 {
        /// The line.
        line: usize,
    },
    /// The text holds a NUL character, which PostgreSQL cannot store.
    #[error("line {line} holds a NUL character; save the file as \"CSV UTF-8\"")]
    Nul {
        /// The line.
        line: usize,
    },
    /// There are no headers.
    #[error("the file has no line with the headers of its columns")]
    Empty,
    /// A cell that begins with a quotation mark has no end.
    #[error("the quotation mark at the beginning of a cell in line {line} has no counterpart")]
    OpenQuote {
        /// The line in which the cell begins.
        line: usize,
    },
    /// There are more rows than allowed.
    #[error("the file has more than {MAX_ROWS} rows")]
    TooManyRows,
    /// There are more columns than allowed.
    #[error("the file has more than {MAX_COLUMNS} columns")]
    TooManyColumns,
    /// Two columns mean the same.
    #[error(
        "columns {first:?} and {second:?} are both \"{target}\"; map one of them to something else, or to \"ignore\""
    )]
    SameTarget {
        /// The header of the first column.
        first: String,
        /// The header of the second column.
        second: String,
        /// What both mean.
        target: String,
    },
    /// The mapping names a column that the file does not have.
    #[error("there is no column {header:?} to map")]
    NoSuchColumn {
        /// The header.
        header: String,
    },
    /// The mapping names a field that does not exist.
    #[error(
        "column {header:?} cannot be mapped to {target:?}, which is neither a field, nor property:NAME, nor ignore"
    )]
    UnknownTarget {
        /// The header.
        header: String,
        /// The name of the field.
        target: String,
    },
    /// The text is not CSV.
    #[error("the file is not CSV: {0}")]
    Syntax(String),
}

/// The rows of a file, and what its columns mean.
#[derive(Clone, Debug)]
pub struct ImportTable {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
}

/// A column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) header: String,
    /// `None` if the header is not known.
    pub(super) target: Option<Target>,
}

/// A row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The line in which the row begins, counted from 1.
    pub(super) line: u64,
    cells: StringRecord,
}

impl Row {
    /// Returns the text in a column, or `None` if the cell is empty.
    pub(super) fn text(&self, column: usize) -> Option<&str> {
        self.cells.get(column).map(cell::text).filter(|text| !text.is_empty())
    }

    /// Returns whether the row has a text behind the last column.
    pub(super) fn is_longer_than(&self, columns: usize) -> bool {
        self.cells.iter().skip(columns).any(|cell| !cell.trim().is_empty())
    }
}

/// Reads a CSV file: UTF-8, with or without a byte order mark, with `,`, `;` or a tab between cells, and headers in the first line.
///
/// # Errors
/// [`TableError`].
pub fn read_table(file: &[u8], mapping: &Mapping) -> Result<ImportTable, TableError> {
    if file.len() > MAX_BYTES {
        return Err(TableError::TooLarge);
    }
    let line_at = |at: usize| 1 + file[..at].iter().filter(|byte| **byte == b'\n').count();
    let text = std::str::from_utf8(file);
    let text = text.map_err(|error| TableError::NotUtf8 { line: line_at(error.valid_up_to()) })?;
    if let Some(at) = text.find('\0') {
        return Err(TableError::Nul { line: line_at(at) });
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let delimiter = delimiter(text);
    check_quotes(text, delimiter)?;
    let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let syntax = |error: csv::Error| TableError::Syntax(error.to_string());
    let headers: Vec<String> =
        reader.headers().map_err(syntax)?.iter().map(|header| cell::text(header).to_owned()).collect();
    if headers.iter().all(String::is_empty) {
        return Err(TableError::Empty);
    }
    if headers.len() > MAX_COLUMNS {
        return Err(TableError::TooManyColumns);
    }
    let targets = mapping.targets(&headers)?;
    let mut rows = Vec::new();
    for cells in reader.into_records() {
        let cells = cells.map_err(syntax)?;
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() == MAX_ROWS {
            return Err(TableError::TooManyRows);
        }
        rows.push(Row { line: line_of(&cells, text), cells });
    }
    let columns = headers.into_iter().zip(targets).map(|(header, target)| Column { header, target });
    Ok(ImportTable { columns: columns.collect(), rows })
}

/// Returns the line in which a record begins. Its position is before the empty lines that the reader has skipped.
fn line_of(cells: &StringRecord, text: &str) -> u64 {
    let Some(position) = cells.position() else { return 0 };
    let from = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let skipped = text.as_bytes().get(from..).unwrap_or_default();
    let skipped = skipped.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + skipped.filter(|byte| **byte == b'\n').count() as u64
}

/// Returns the delimiter that is the most frequent one in the line of the headers.
fn delimiter(text: &str) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut is_quoted = false;
    for byte in text.bytes() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' | b'\r' if !is_quoted => break,
            _ if is_quoted => {}
            byte => {
                counts
                    .iter_mut()
                    .filter(|(delimiter, _)| *delimiter == byte)
                    .for_each(|(_, count)| *count += 1);
            }
        }
    }
    // The first of equal counts.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| *delimiter)
}

/// Refuses a cell in quotation marks without an end, which would swallow all rows behind it.
fn check_quotes(text: &str, delimiter: u8) -> Result<(), TableError> {
    let mut bytes = text.bytes().peekable();
    let (mut line, mut is_start) = (1, true);
    while let Some(byte) = bytes.next() {
        if byte == b'"' && is_start {
            let began = line;
            loop {
                match bytes.next() {
                    None => return Err(TableError::OpenQuote { line: began }),
                    Some(b'"') if bytes.next_if_eq(&b'"').is_none() => break,
                    Some(b'\n') => line += 1,
                    Some(_) => {}
                }
            }
            is_start = false;
            continue;
        }
        line += usize::from(byte == b'\n');
        is_start = byte == delimiter || matches!(byte, b'\n' | b'\r');
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ImportTable, TableError> {
        read_table(text.as_bytes(), &Mapping::default())
    }

    #[test]
    fn the_delimiter_is_the_one_of_the_headers() {
        for text in ["name,number\nR,1,5\n", "\u{feff}name;number\r\nR;1,5\r\n", "name\tnumber\nR\t1,5\n"] {
            let table = read(text).unwrap();
            assert_eq!(table.columns.len(), 2, "{text}");
            assert_eq!(table.rows[0].text(0), Some("R"), "{text}");
        }
        assert_eq!(read("\"a;b\",name\nx,R\n").unwrap().rows[0].text(1), Some("R"));
    }

    #[test]
    fn rows_have_the_lines_of_the_file() {
        let text = "name,description\n\n\nR,\"two\nlines\"\n,\nS,\n";
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            let table = read(&text).unwrap();
            let lines: Vec<u64> = table.rows.iter().map(|row| row.line).collect();
            assert_eq!(lines, [4, 7], "{text:?}");
            assert_eq!(
                table.rows[0].text(1).map(|text| text.replace('\r', "")).as_deref(),
                Some("two\nlines")
            );
            assert_eq!(table.rows[1].text(1), None);
        }
    }

    #[test]
    fn what_is_not_a_table_is_refused_with_its_line() {
        let error = |text: &str| read(text).unwrap_err();
        assert_eq!(
            read_table(b"name\nR\n\xff\n", &Mapping::default()).unwrap_err(),
            TableError::NotUtf8 { line: 3 }
        );
        assert_eq!(error("name\nR\0\n"), TableError::Nul { line: 2 });
        assert_eq!(error(""), TableError::Empty);
        assert_eq!(error("name,number\nR,\"1\nS,2\n"), TableError::OpenQuote { line: 2 });
        assert_eq!(error(&"name,".repeat(200)), TableError::TooManyColumns);
        assert!(matches!(error("name,Part name\n"), TableError::SameTarget { .. }));
        assert_eq!(error(&format!("name\n{}", "R\n".repeat(MAX_ROWS + 1))), TableError::TooManyRows);
        let large = vec![b'a'; MAX_BYTES + 1];
        assert_eq!(read_table(&large, &Mapping::default()).unwrap_err(), TableError::TooLarge);
    }

    #[test]
    fn a_mapping_overrides_headers_and_must_fit_the_file() {
        let map = |header: &str, target: &str| {
            let columns = [(header.to_owned(), target.to_owned())].into();
            let mapping = Mapping { columns, ..Mapping::default() };
            read_table(b"name,Part name,Mine\nR,S,T\n", &mapping)
        };
        assert_eq!(map("Part name", "ignore").unwrap().columns[1].target, Some(Target::Ignored));
        assert_eq!(map("Part name", "property:p").unwrap().columns[2].target, None);
        assert!(matches!(map("Mine", "nme"), Err(TableError::UnknownTarget { .. })));
        assert!(matches!(map("mine", "name"), Err(TableError::NoSuchColumn { .. })));
    }
}
