//! Which column of a table has the phone numbers.
//!
//! The name decides, in the vocabulary of telephony programs and spreadsheets; the content decides where the name leaves it
//! open, or where the named column has no numbers: a column `Number` often only counts.

use super::{NumberFileError, ReadOptions};
use crate::phone::{PhoneNumber, Region};
use crate::table_file::{HEADER_ROWS_MAX, Row, column_key};

/// Rows by which a column is judged.
const SAMPLE_ROWS: usize = 200;

/// Columns that can have the numbers: as many as a spreadsheet has. A line of commas has millions.
const COLUMNS_MAX: usize = 16_384;

/// The shortest local numbers.
const NUMBER_DIGITS_MIN: usize = 7;

/// Names of a column with phone numbers, by [`column_key`], in the order of preference. From the exports of Twilio,
/// Telnyx, Bandwidth, VICIdial, FusionPBX, FreePBX, Yeastar, Sangoma, Hiya and of contact and dialing programs.
const NUMBER_NAMES: [&str; 38] = [
    "phonenumber",
    "phonenumbere164",
    "phonenumbers",
    "e164",
    "e164number",
    "telephonenumber",
    "telephone",
    "didnumber",
    "did",
    "dids",
    "didpattern",
    "ddi",
    "ani",
    "tn",
    "fullnumber",
    "msisdn",
    "destinationnumber",
    "calleridnumber",
    "callerid",
    "outboundcallerid",
    "outboundcid",
    "calleridnum",
    "cidnumber",
    "cidnum",
    "cid",
    "phone",
    "phoneno",
    "phonenum",
    "tel",
    "telno",
    "mobile",
    "mobilenumber",
    "cell",
    "cellphone",
    "contactnumber",
    "fromnumber",
    "number",
    "numbers",
];

/// Parts of such names, as in `Business phone #2`.
const NUMBER_NAME_PARTS: [&str; 5] = ["phone", "number", "callerid", "mobile", "did"];

/// Names of a column with the country or its calling code.
const COUNTRY_NAMES: [&str; 9] = [
    "countrycode",
    "phonecode",
    "dialcode",
    "dialingcode",
    "callingcode",
    "countrycallingcode",
    "isocountry",
    "country",
    "cc",
];

/// Countries that files write out, by [`column_key`].
const COUNTRIES_NAMED: [(&str, &str); 6] = [
    ("usa", "US"),
    ("unitedstates", "US"),
    ("unitedstatesofamerica", "US"),
    ("canada", "CA"),
    ("unitedkingdom", "GB"),
    ("uk", "GB"),
];

/// Where the numbers are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// How many rows come before the first number: titles and the header.
    pub(super) rows_before: usize,
    pub(super) header: Option<Vec<String>>,
    pub(super) numbers: Numbers,
    pub(super) country: Option<usize>,
    /// How many columns the first rows have.
    pub(super) width: usize,
    /// Other columns that have numbers.
    pub(super) others: Vec<usize>,
}

/// The fields of a row that are numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    /// One column.
    Column(usize),
    /// Every field: numbers pasted in a line, with commas between them.
    EveryField,
}

impl Layout {
    pub(super) fn of(rows: impl Iterator<Item = Row>, options: &ReadOptions) -> Result<Self, NumberFileError> {
        let rows: Vec<Row> = rows.take(SAMPLE_ROWS + HEADER_ROWS_MAX).collect();
        let first_line = rows.first().ok_or(NumberFileError::Empty)?.line;
        let sample = Sample { rows: &rows, options };
        if let Some(name) = &options.column {
            return sample.with_column(name);
        }
        let layout = match sample.header() {
            Some(header) => sample.below(header),
            None => sample.without_known_names(),
        };
        layout.ok_or(NumberFileError::NoColumn(first_line))
    }
}

/// The first rows of a table.
struct Sample<'r> {
    rows: &'r [Row],
    options: &'r ReadOptions,
}

/// How much of a column is numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Share {
    None,
    LessThanHalf,
    Half,
}

impl Sample<'_> {
    /// The row that names the columns: the last one with a known name before the first row that has a number.
    fn header(&self) -> Option<usize> {
        let before_numbers = self.rows.iter().take(HEADER_ROWS_MAX).take_while(|row| !self.has_number(row)).enumerate();
        let named = |row: &Row| are_names(row) && row.fields.iter().any(|name| preference(name).is_some());
        before_numbers.filter(|(_, row)| named(row)).last().map(|(place, _)| place)
    }

    fn below(&self, header: usize) -> Option<Layout> {
        let names = self.names(header);
        let shares = self.shares(header + 1);
        let known = (0..names.len()).filter_map(|place| Some((place, preference(&names[place])?)));
        let named = known.min_by_key(|(place, preference)| (shares[*place] == Share::None, *preference, *place));
        let by_content = fullest(&shares, Share::Half);
        let place = match (named, by_content) {
            (Some((named, _)), Some(other)) if shares[named] == Share::None => other,
            (Some((named, _)), _) => named,
            (None, other) => other?,
        };
        Some(Layout::new(header + 1, Some(names), place, &shares))
    }

    /// By content alone, below a first row of unknown names if it has no number.
    fn without_known_names(&self) -> Option<Layout> {
        let shares = self.shares(usize::from(self.rows.first().is_some_and(are_names)));
        let place = fullest(&shares, Share::LessThanHalf).or_else(|| self.meant_as_numbers())?;
        let header = self.first_row_names(place);
        let rows_before = usize::from(header.is_some());
        if header.is_none() && shares.len() > 1 && self.is_list() {
            let numbers = Numbers::EveryField;
            return Some(Layout {
                rows_before,
                header,
                numbers,
                country: None,
                width: shares.len(),
                others: Vec::new(),
            });
        }
        Some(Layout::new(rows_before, header, place, &shares))
    }

    /// The first row if it is names. Digits alone, where the numbers are, name nothing: they are a number in doubt.
    fn first_row_names(&self, numbers: usize) -> Option<Vec<String>> {
        let is_name = |field: &str| digits_in(field) == 0 || field.contains(char::is_alphabetic);
        let row = self.rows.first().filter(|row| are_names(row) && row.fields.get(numbers).is_none_or(is_name));
        row.map(|_| self.names(0))
    }

    /// The column that a person named, by its header or, from 1, by its place, as in `2` or `column 2`.
    fn with_column(&self, name: &str) -> Result<Layout, NumberFileError> {
        let key = column_key(name);
        let is_asked = |field: &str| !key.is_empty() && column_key(field) == key;
        let in_row = |row: &Row| row.fields.iter().take(COLUMNS_MAX).position(is_asked);
        let found = self.rows.iter().take(HEADER_ROWS_MAX).enumerate();
        let found = found.filter(|(_, row)| are_names(row)).find_map(|(row, fields)| Some((row, in_row(fields)?)));
        if let Some((row, place)) = found {
            return Ok(Layout::new(row + 1, Some(self.names(row)), place, &self.shares(row + 1)));
        }
        let unknown = || NumberFileError::NoSuchColumn {
            asked: name.to_owned(),
            columns: self.names(self.header().unwrap_or(0)),
        };
        let place = name
            .trim()
            .trim_start_matches("column ")
            .parse::<usize>()
            .ok()
            .filter(|place| (1..=self.width()).contains(place));
        let place = place.ok_or_else(unknown)? - 1;
        let header = self.header().or(self.first_row_names(place).map(|_| 0));
        let rows_before = header.map_or(0, |row| row + 1);
        Ok(Layout::new(rows_before, header.map(|row| self.names(row)), place, &self.shares(rows_before)))
    }

    /// Whether every field could be a number, as in numbers pasted with commas between them.
    fn is_list(&self) -> bool {
        let mut fields = self.rows.iter().flat_map(|row| row.fields.iter()).filter(|field| !field.is_empty());
        fields.all(may_be_number)
    }

    /// The first column that has as many digits as a number somewhere: its rows are refused, each for its own reason.
    fn meant_as_numbers(&self) -> Option<usize> {
        let is_meant = |place: usize| self.rows.iter().filter_map(|row| row.fields.get(place)).any(may_be_number);
        (0..self.width()).find(|place| is_meant(*place))
    }

    fn shares(&self, rows_before: usize) -> Vec<Share> {
        (0..self.width()).map(|place| self.share(rows_before, place)).collect()
    }

    fn share(&self, rows_before: usize, place: usize) -> Share {
        let fields = self.rows.iter().skip(rows_before).filter_map(|row| row.fields.get(place));
        let filled: Vec<&str> = fields.filter(|field| !field.is_empty()).collect();
        match filled.iter().filter(|field| self.is_number(field)).count() {
            0 => Share::None,
            some if some * 2 < filled.len() => Share::LessThanHalf,
            _ => Share::Half,
        }
    }

    fn width(&self) -> usize {
        self.rows.iter().map(|row| row.fields.len()).max().unwrap_or(0).min(COLUMNS_MAX)
    }

    fn names(&self, row: usize) -> Vec<String> {
        self.rows[row].fields.iter().take(COLUMNS_MAX).map(str::to_owned).collect()
    }

    fn has_number(&self, row: &Row) -> bool {
        row.fields.iter().any(|field| self.is_number(field))
    }

    fn is_number(&self, text: &str) -> bool {
        PhoneNumber::parse_with(text, self.options.region, self.options.letters).is_ok()
    }
}

impl Layout {
    fn new(rows_before: usize, header: Option<Vec<String>>, place: usize, shares: &[Share]) -> Self {
        let country = header.iter().flatten().position(|name| is_country(name)).filter(|country| *country != place);
        // A header says what a column is for; without one, any number in another column may have been meant.
        let least = if header.is_some() { Share::Half } else { Share::LessThanHalf };
        let others = (0..shares.len()).filter(|other| *other != place && shares[*other] >= least).collect();
        Layout { rows_before, header, numbers: Numbers::Column(place), country, width: shares.len(), others }
    }
}

/// The first of the columns that have the greatest share of numbers, at least this one.
fn fullest(shares: &[Share], at_least: Share) -> Option<usize> {
    let greatest = *shares.iter().max()?;
    shares.iter().position(|share| *share == greatest).filter(|_| greatest >= at_least)
}

/// Whether a row can be the names of columns: none is long enough to be a number.
fn are_names(row: &Row) -> bool {
    !row.fields.iter().any(may_be_number)
}

pub(super) fn may_be_number(field: &str) -> bool {
    digits_in(field) >= NUMBER_DIGITS_MIN
}

fn digits_in(field: &str) -> usize {
    field.chars().filter(|character| character.is_numeric()).count()
}

/// How well a name fits a column of phone numbers: the lower, the better.
fn preference(name: &str) -> Option<usize> {
    let key = column_key(name);
    let exact = NUMBER_NAMES.iter().position(|known| *known == key);
    let is_part = || NUMBER_NAME_PARTS.iter().any(|part| key.contains(part)) && !is_country(name);
    exact.or_else(|| is_part().then_some(NUMBER_NAMES.len()))
}

fn is_country(name: &str) -> bool {
    let key = column_key(name);
    let is_code_alone = key.ends_with("countrycode") && !key.contains("phone") && !key.contains("number");
    is_code_alone || COUNTRY_NAMES.contains(&key.as_str())
}

/// The country in a column of countries or calling codes: `US`, `1`, `+44`.
pub(super) fn region(text: &str) -> Result<Region, String> {
    let named = COUNTRIES_NAMED.iter().find(|(name, _)| *name == column_key(text)).map_or(text, |(_, code)| code);
    let code: Option<u16> = named.trim_start_matches(['+', '0']).parse().ok();
    let region = code.and_then(Region::of_country_code).or_else(|| named.parse().ok());
    region.ok_or_else(|| format!("the country {text:?} is not known; write its code, such as US or 1"))
}

/// A number that its country code begins, though without a `+`.
pub(super) fn with_code(text: &str, region: Region) -> Option<PhoneNumber> {
    let number = PhoneNumber::parse(&format!("+{text}"), region).ok()?;
    (is_of(number, region) && !text.contains('+')).then_some(number)
}

pub(super) fn is_of(number: PhoneNumber, region: Region) -> bool {
    number.to_string()[1..].starts_with(&region.country_code().to_string())
}
