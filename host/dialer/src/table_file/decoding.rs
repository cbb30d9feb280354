//! The bytes of a file as text.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;

/// How many bytes tell UTF-16 without a byte-order mark from other encodings.
const SAMPLE_BYTES: usize = 4096;

/// Why a file is not a table at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotATable {
    /// The file of a spreadsheet program.
    #[error("is a workbook or an archive; open it in a spreadsheet program and save it as CSV")]
    Workbook,
    /// HTML or XML. A download that failed often leaves such a file.
    #[error("is a web page, not a table; download it again and look at what the site says")]
    WebPage,
    /// Bytes that are no text in any encoding.
    #[error("is not text; save it as CSV in UTF-8")]
    Binary,
}

/// A file's text and the encoding that it was in.
///
/// Bytes that mean nothing in the encoding become [`char::REPLACEMENT_CHARACTER`].
pub(super) fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, &'static str), NotATable> {
    if [&b"PK\x03\x04"[..], b"\xD0\xCF\x11\xE0", b"\x1F\x8B"].iter().any(|magic| bytes.starts_with(magic)) {
        return Err(NotATable::Workbook);
    }
    let encoding = encoding_of(bytes);
    let (text, encoding, _) = encoding.decode(bytes);
    if text.contains('\0') || text.starts_with("%PDF") || text.starts_with("{\\rtf") {
        return Err(NotATable::Binary);
    }
    if text.trim_start().starts_with('<') && !text.trim_start().starts_with("<tel:") {
        return Err(NotATable::WebPage);
    }
    Ok((text, encoding.name()))
}

fn encoding_of(bytes: &[u8]) -> &'static Encoding {
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    marked.or_else(|| utf_16_without_mark(bytes)).unwrap_or_else(|| match is_mostly_utf_8(bytes) {
        true => UTF_8,
        false => WINDOWS_1252,
    })
}

/// In UTF-16 one byte of each ASCII character is zero: the second in little-endian order, the first in big-endian.
fn utf_16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let (pairs, _) = bytes[..bytes.len().min(SAMPLE_BYTES)].as_chunks::<2>();
    let zeros = |place: usize| pairs.iter().filter(|pair| pair[place] == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    match pairs.len() / 2 {
        half if second > half && first == 0 => Some(UTF_16LE),
        half if first > half && second == 0 => Some(UTF_16BE),
        _ => None,
    }
}

/// Whether the text is UTF-8 but for a few damaged bytes. Every byte means something in Windows-1252, so that encoding is
/// left for files in which UTF-8 explains less than half of the characters outside ASCII.
fn is_mostly_utf_8(bytes: &[u8]) -> bool {
    let mut explained = 0;
    let mut unexplained = 0;
    for chunk in bytes.utf8_chunks() {
        explained += chunk.valid().chars().filter(|character| !character.is_ascii()).count();
        unexplained += chunk.invalid().len();
    }
    explained >= unexplained
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_recognized() {
        let little = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let big = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
        let scenarios: [(&str, Vec<u8>, &str, &str); 10] = [
            ("ASCII", b"number".to_vec(), "number", "UTF-8"),
            ("nothing", Vec::new(), "", "UTF-8"),
            ("UTF-8", "Ñ,310".into(), "Ñ,310", "UTF-8"),
            ("UTF-8 with a mark", "\u{FEFF}number".into(), "number", "UTF-8"),
            ("UTF-8 with a damaged byte", b"\xC3\x91,\xC3\xB3,\xFF".to_vec(), "Ñ,ó,\u{FFFD}", "UTF-8"),
            ("Windows-1252", b"310\x96555,Ca\xF1on".to_vec(), "310–555,Cañon", "windows-1252"),
            ("UTF-16 with a mark", [vec![0xFF, 0xFE], little("né,1")].concat(), "né,1", "UTF-16LE"),
            ("UTF-16, big end first, with a mark", [vec![0xFE, 0xFF], big("né,1")].concat(), "né,1", "UTF-16BE"),
            ("UTF-16 without a mark", little("number\t1"), "number\t1", "UTF-16LE"),
            ("UTF-16, big end first", big("number\t1"), "number\t1", "UTF-16BE"),
        ];
        for (name, bytes, text, encoding) in scenarios {
            assert_eq!(decode(&bytes), Ok((text.into(), encoding)), "{name}");
        }
    }

    #[test]
    fn what_is_no_table_is_named() {
        let scenarios = [
            (&b"PK\x03\x04\x14"[..], NotATable::Workbook),
            (b"\xD0\xCF\x11\xE0\xA1", NotATable::Workbook),
            (b"\x1F\x8B\x08", NotATable::Workbook),
            (b"\n <!DOCTYPE html>", NotATable::WebPage),
            (b"<?xml version=\"1.0\"?>", NotATable::WebPage),
            (b"%PDF-1.7", NotATable::Binary),
            (b"number\n\0\0\0\0", NotATable::Binary),
        ];
        for (bytes, expected) in scenarios {
            assert_eq!(decode(bytes), Err(expected), "{bytes:?}");
        }
    }
}
