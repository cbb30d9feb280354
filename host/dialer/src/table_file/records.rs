//! A text as records: where each one ends, and what separates its fields.
//!
//! A quote that is opened by mistake would swallow the rows after it. A record therefore extends over several lines only
//! if the quotes in it are closed, each closing quote ends its field, and it has as many fields as most records have.
//! Otherwise its line stands alone, and is in doubt.

/// The longest record of several lines: twice the 32,767 characters that a spreadsheet's cell can have.
const RECORD_BYTES_MAX: usize = 64 << 10;

/// How many records tell the delimiter.
const SAMPLE_RECORDS: usize = 50;

/// What separates fields, in the order in which it is chosen where several would do: a comma may be part of a name.
const DELIMITERS: [u8; 4] = [b'\t', b';', b'|', b','];

/// A record of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record<'t> {
    /// Its first line in the text, from 1, as an editor counts them: they end in `\n`, `\r\n` or `\r`.
    pub(super) line: u64,
    pub(super) text: &'t str,
    /// Whether its last field has an opening quote and no closing one.
    pub(super) is_quote_open: bool,
}

/// How records are divided into fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Division {
    pub(super) delimiter: u8,
    /// The fields that most records have, if that is known.
    pub(super) usual_fields: Option<usize>,
}

/// The records of a text that are not blank.
pub(super) struct Records<'t> {
    rest: &'t str,
    line: u64,
    division: Division,
    /// Bytes that may still be read twice in search of a closing quote: reading stays linear in the text's length.
    rereadable: usize,
}

impl<'t> Records<'t> {
    pub(super) fn of(text: &'t str, division: Division) -> Self {
        Records { rest: text, line: 1, division, rereadable: text.len() }
    }

    fn next_record(&mut self) -> Option<Record<'t>> {
        if self.rest.is_empty() {
            return None;
        }
        let line_end = self.rest.find(['\n', '\r']).unwrap_or(self.rest.len());
        let whole = self.whole_record(line_end);
        let (text, after) = self.rest.split_at(whole.unwrap_or(line_end));
        let is_quote_open = whole.is_none() && leaves_quote_open(text, self.division.delimiter);
        let record = Record { line: self.line, text, is_quote_open };
        self.line += 1 + line_ends(text);
        self.rest = after.strip_prefix("\r\n").or(after.strip_prefix(['\n', '\r'])).unwrap_or(after);
        Some(record)
    }

    /// Where the record ends if its quotes allow no doubt.
    fn whole_record(&mut self, line_end: usize) -> Option<usize> {
        if !self.rest[..line_end].contains('"') {
            return Some(line_end);
        }
        let bytes = self.rest.as_bytes();
        let limit = bytes.len().min(line_end + RECORD_BYTES_MAX.min(self.rereadable));
        match end_of_record(&bytes[..limit], self.division.delimiter) {
            Ok(end) if end <= line_end => Some(end),
            Ok(end) if (end < limit || limit == bytes.len()) && self.division.is_usual(&self.rest[..end]) => Some(end),
            Ok(end) | Err(end) => {
                self.rereadable -= end.saturating_sub(line_end);
                None
            }
        }
    }
}

impl<'t> Iterator for Records<'t> {
    type Item = Record<'t>;

    fn next(&mut self) -> Option<Record<'t>> {
        loop {
            let record = self.next_record()?;
            if !record.text.trim().is_empty() {
                return Some(record);
            }
        }
    }
}

/// Where a record ends; or, as an error, where its quotes turn out not to be those of a field.
fn end_of_record(bytes: &[u8], delimiter: u8) -> Result<usize, usize> {
    #[derive(PartialEq)]
    enum At {
        FieldStart,
        Plain,
        Quoted,
        ClosingQuote,
    }
    let mut at = At::FieldStart;
    for (place, byte) in bytes.iter().enumerate() {
        at = match (at, *byte) {
            (At::Quoted, b'"') => At::ClosingQuote,
            (At::Quoted, _) => At::Quoted,
            (_, b'\n' | b'\r') => return Ok(place),
            (_, byte) if byte == delimiter => At::FieldStart,
            (At::FieldStart | At::ClosingQuote, b'"') => At::Quoted,
            (At::ClosingQuote, b' ' | b'\t') => At::ClosingQuote,
            (At::ClosingQuote, _) => return Err(place),
            (At::FieldStart | At::Plain, _) => At::Plain,
        };
    }
    if at == At::Quoted { Err(bytes.len()) } else { Ok(bytes.len()) }
}

/// Reads quotes as the csv crate does: one opens a field only as its first character, and two inside mean one.
fn leaves_quote_open(line: &str, delimiter: u8) -> bool {
    let mut bytes = line.bytes().peekable();
    let mut is_quoted = false;
    let mut is_field_start = true;
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if is_quoted => is_quoted = bytes.next_if(|next| *next == b'"').is_some(),
            b'"' if is_field_start => is_quoted = true,
            _ => {}
        }
        is_field_start = !is_quoted && byte == delimiter;
    }
    is_quoted
}

fn line_ends(text: &str) -> u64 {
    let single = text.bytes().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
    (single - text.matches("\r\n").count()) as u64
}

/// A first line such as `sep=;`, by which spreadsheets learn the delimiter: its number, and the delimiter.
pub(super) fn separator_line(text: &str) -> Option<(u64, u8)> {
    let start = text.len() - text.trim_start_matches(['\r', '\n', ' ']).len();
    let line_end = text[start..].find(['\n', '\r']).map_or(text.len(), |length| start + length);
    let line = text[start..line_end].trim_matches(['"', ' ']);
    let (name, delimiter) = line.split_at_checked(4)?;
    let delimiter = u8::try_from(delimiter.chars().next()?).ok().filter(u8::is_ascii)?;
    let is_hint =
        name.eq_ignore_ascii_case("sep=") && delimiter != b'"' && line[4..].trim_end_matches([',', ';']).len() <= 1;
    is_hint.then(|| (1 + line_ends(&text[..start]), delimiter))
}

impl Division {
    /// How most records have the same number of fields, more than one; otherwise one field a record.
    pub(super) fn of(text: &str) -> Self {
        // Of several that are as good, the last one is the maximum.
        let by_preference = DELIMITERS.iter().rev().filter_map(|delimiter| Division::by(text, *delimiter));
        let best = by_preference.max_by_key(|(_, even_records)| *even_records);
        best.map_or(Division { delimiter: b',', usual_fields: Some(1) }, |(division, _)| division)
    }

    /// The usual fields by a delimiter that is known.
    pub(super) fn with(text: &str, delimiter: u8) -> Self {
        let alone = Division { delimiter, usual_fields: Some(1) };
        Division::by(text, delimiter).map_or(alone, |(division, _)| division)
    }

    /// The usual number of fields by this delimiter if it is more than one, and how many of the first records have it.
    fn by(text: &str, delimiter: u8) -> Option<(Self, usize)> {
        let mut records_by_fields = std::collections::BTreeMap::new();
        for record in Records::of(text, Division { delimiter, usual_fields: None }).take(SAMPLE_RECORDS) {
            *records_by_fields.entry(fields_in(record.text, delimiter)).or_insert(0) += 1;
        }
        let all: usize = records_by_fields.values().sum();
        let several = records_by_fields.into_iter().filter(|(fields, _)| *fields > 1);
        let (fields, records) = several.max_by_key(|(_, records)| *records)?;
        // A tab before one number guards it against formulas.
        (delimiter == b',' || records * 2 >= all)
            .then_some((Division { delimiter, usual_fields: Some(fields) }, records))
    }

    fn is_usual(self, record: &str) -> bool {
        self.usual_fields.is_none_or(|usual| fields_in(record, self.delimiter) == usual)
    }
}

fn fields_in(record: &str, delimiter: u8) -> usize {
    let mut is_quoted = false;
    let is_delimiter = |byte: &u8| {
        is_quoted ^= *byte == b'"';
        !is_quoted && *byte == delimiter
    };
    1 + record.bytes().filter(is_delimiter).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str) -> Vec<String> {
        let mark = |open: bool| if open { " open" } else { "" };
        let note = |record: Record| format!("{} {:?}{}", record.line, record.text, mark(record.is_quote_open));
        Records::of(text, Division::of(text)).map(note).collect()
    }

    #[test]
    fn records_are_lines_unless_quotes_span_them() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "", " \t", "\"1", "2\",3", "", "4"].join(end);
            let expected = ["1 \"a,b\"".to_owned(), format!("4 {:?}", format!("\"1{end}2\",3")), "7 \"4\"".to_owned()];
            assert_eq!(records(&text), expected, "{end:?}");
        }
        assert_eq!(records(""), Vec::<String>::new());
    }

    #[test]
    fn a_quote_in_doubt_costs_its_line_and_no_other() {
        let scenarios: [(&str, &[&str]); 5] = [
            ("1,\"2\n3,4", &["1 \"1,\\\"2\" open", "2 \"3,4\""]),
            ("1,\"2\n3,\"4\"\n5", &["1 \"1,\\\"2\" open", "2 \"3,\\\"4\\\"\"", "3 \"5\""]),
            ("\"5\" pipe\",1\n2", &["1 \"\\\"5\\\" pipe\\\",1\"", "2 \"2\""]),
            ("5\" pipe,1\n2", &["1 \"5\\\" pipe,1\"", "2 \"2\""]),
            ("\"a \"\"b\"\"\nc\" ,1\n2", &["1 \"\\\"a \\\"\\\"b\\\"\\\"\\nc\\\" ,1\"", "3 \"2\""]),
        ];
        for (text, expected) in scenarios {
            assert_eq!(records(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_file_of_open_quotes_is_read_in_linear_time() {
        let text = "a\"\"\",\"\n".repeat(200_000);
        assert!(Records::of(&text, Division { delimiter: b',', usual_fields: None }).count() <= 200_000);
    }

    #[test]
    fn the_delimiter_is_what_divides_records_evenly() {
        let scenarios = [
            ("number,name\n1,Smith; Ann\n2,Ben", b','),
            ("number;name\n1;\"a;b\"\n2;Smith, Ann", b';'),
            ("SID\tNumber\tName\na\t1\tSmith, Ann\nb\t2\tBen, Cem", b'\t'),
            ("1|West\n2|East", b'|'),
            ("number\n1\n2", b','),
            ("1,2,3", b','),
            ("number ,name\n1,West\n 2\t,East", b','),
            ("", b','),
        ];
        for (text, expected) in scenarios {
            assert_eq!(char::from(Division::of(text).delimiter), char::from(expected), "{text:?}");
        }
    }

    #[test]
    fn a_first_line_may_name_the_delimiter() {
        assert_eq!(separator_line("\nsep=;\r\na;b"), Some((2, b';')));
        assert_eq!(separator_line("\"SEP=|\"\na"), Some((1, b'|')));
        assert_eq!(separator_line("sep=\t\na"), Some((1, b'\t')));
        for text in ["", "sep", "sep=", "sep=many\n", "separate,1\n", "number\nsep=;"] {
            assert_eq!(separator_line(text), None, "{text:?}");
        }
    }
}
