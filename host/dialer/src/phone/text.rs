//! Phone numbers in the writing of people, spreadsheets and telephony programs.
//!
//! A whole text is one number or it is refused: no part of it is skipped, and no character but a decimal digit is ever
//! read as a digit.

use super::{DATABASE, NANP_COUNTRY_CODE, PhoneNumber, Region, is_possible_length};
use std::fmt;

/// The longest text that is looked at. A display name before a SIP address fits.
const TEXT_BYTES_MAX: usize = 256;
const QUOTED_CHARACTERS_MAX: usize = 64;
/// Digits before an extension can begin: the shortest local numbers have seven.
const DIGITS_BEFORE_EXTENSION_MIN: usize = 7;
const E164_DIGITS_MAX: usize = 15;

/// Whether the letters of vanity numbers are read as the digits of a telephone keypad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Letters {
    /// A number has no letters.
    #[default]
    Refused,
    /// `1-800-FLOWERS` is a number: a North American one that ends in letters, three or more.
    Vanity,
}

impl Letters {
    /// Vanity numbers are read if a user asks for them.
    pub fn vanity_if(is_asked_for: bool) -> Self {
        if is_asked_for { Letters::Vanity } else { Letters::Refused }
    }
}

/// Why a text is not a phone number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} is not a possible phone number: {why}", quoted(.text))]
pub struct NotAPhoneNumber {
    text: String,
    /// What leaves doubt, and what to do about it.
    pub why: Doubt,
}

/// What leaves doubt about the number that a text means. Its text says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The text has no digits.
    #[error("it has no digits; write it like +13105550123")]
    NoDigits,
    /// The text has other letters than a known prefix or extension. A letter `O` is not taken for a zero.
    #[error("it has letters, which are never read as digits; check it and write it in digits")]
    Letters,
    /// A vanity number, but [`Letters::Refused`].
    #[error("it spells a word; write it in digits, or import it as a vanity number")]
    Vanity,
    /// A character that no phone number has.
    #[error("it has the character {0:?}; write it in digits")]
    Character(char),
    /// Digits follow `ext`, `x` or `#`.
    #[error("it has an extension; write the number without it")]
    Extension,
    /// Scientific notation that kept fewer digits than the number had.
    #[error("its last digits are lost to scientific notation; format the column as text and enter the number again")]
    LostDigits,
    /// More than one number.
    #[error("it has several numbers; put each on a row of its own")]
    Several,
    /// A `+` after the first digit, or more than one.
    #[error("it has a + that is not at its start; write it like +13105550123")]
    Plus,
    /// A `+` before ten digits that are a North American number without its country code.
    #[error(
        "it lacks the country code 1 or is a number of another country; write +1 before a US number, and a space after the country code of another"
    )]
    CountryCode,
    /// No country has such a code.
    #[error("no country code begins like this; write it like +13105550123")]
    UnknownCountry,
    /// Too few digits for any country.
    #[error("it has too few digits for a phone number; write it like +13105550123")]
    Short,
    /// Too few or too many digits for its country.
    #[error("{digits} digits after +{country_code}; write it like +13105550123")]
    Length {
        /// The country code.
        country_code: u16,
        /// Digits after the country code.
        digits: usize,
    },
    /// The North American plan cannot assign this area code.
    #[error("the area code {0} cannot exist in the North American plan; check it")]
    AreaCode(String),
    /// The North American plan cannot assign this exchange, the three digits after the area code.
    #[error(
        "the exchange {0}, the three digits after the area code, cannot exist in the North American plan; check it"
    )]
    Exchange(String),
    /// Longer than any phone number and its decoration.
    #[error("it has {0} bytes, more than any phone number")]
    Long(usize),
}

/// Reads one number. National formats are those of `region`.
pub(super) fn read(text: &str, region: Region, letters: Letters) -> Result<PhoneNumber, NotAPhoneNumber> {
    let refused = |why| NotAPhoneNumber { text: text.to_owned(), why };
    if text.len() > TEXT_BYTES_MAX {
        return Err(refused(Doubt::Long(text.len())));
    }
    let plain = plain(text);
    match one_number(&plain, region, letters) {
        Err(_) if are_several(&plain, region) => Err(refused(Doubt::Several)),
        read => read.map_err(refused),
    }
}

fn one_number(plain: &str, region: Region, letters: Letters) -> Result<PhoneNumber, Doubt> {
    let (text, region) = undecorated(plain, region)?;
    if let Some(digits) = spreadsheet_number(&text)? {
        return dialed(&Dialed { has_plus: false, first_group: digits.len(), digits }, region);
    }
    let text = without_extension(&text)?;
    let text = spelled_out(text, region, letters)?;
    dialed(&Dialed::from(&text)?, region)
}

/// The text in the characters of an English keyboard: digits and signs of other scripts replaced, invisible marks removed.
fn plain(text: &str) -> String {
    let plain = text.chars().filter(|character| !is_invisible(*character)).map(|character| match character {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' => '-',
        '\u{2018}' | '\u{2019}' | '\u{2032}' | '\u{02BC}' | '`' | '´' => '\'',
        '\u{201C}' | '\u{201D}' | '«' | '»' => '"',
        '·' | '•' | '∙' | '․' => '.',
        '⁄' | '∕' => '/',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character),
        _ if character.is_whitespace() => ' ',
        _ => decimal_digit(character).unwrap_or(character),
    });
    plain.collect::<String>().trim().to_owned()
}

/// Marks that steer how text is drawn and have no shape of their own. Spreadsheets, chats and contact apps add them.
pub(crate) fn is_invisible(character: char) -> bool {
    matches!(character, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
}

/// Decimal digits of the scripts whose keyboards write them: Arabic, Persian, Indic, Thai, Lao, Myanmar and Khmer.
pub(crate) fn decimal_digit(character: char) -> Option<char> {
    const ZEROS: [u32; 14] = [
        0x0660, 0x06F0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0E50, 0x1040, 0x17E0,
    ];
    let code = u32::from(character);
    let zero = ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

/// The number within guards against formulas, quotes, brackets, addresses and words such as `Tel.`; and the region in
/// whose national format it is.
fn undecorated(plain: &str, region: Region) -> Result<(String, Region), Doubt> {
    let mut text = plain.trim_start_matches(['=', '\'', '"', ' ']).trim_end_matches(['"', '\'', ',', ';', ' ']);
    if let (Some(start), Some(end)) = (text.find('<'), text.rfind('>')) {
        text = text.get(start + 1..end).unwrap_or_default().trim();
    }
    match scheme(text) {
        Some(address) => address_number(address, region),
        None => Ok((without_label(text).to_owned(), region)),
    }
}

/// What follows the scheme of an address.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, address) = text.split_once(':')?;
    let is_known = ["tel", "sip", "sips", "callto"].iter().any(|known| scheme.trim().eq_ignore_ascii_case(known));
    is_known.then(|| address.trim_start_matches(['/', ' ']))
}

/// The number of a `tel:` or `sip:` address, by RFC 3966 and RFC 3261: parameters follow semicolons.
fn address_number(address: &str, region: Region) -> Result<(String, Region), Doubt> {
    let (user, _host) = address.split_once('@').unwrap_or((address, ""));
    let user = user.split('?').next().unwrap_or_default();
    let mut parts = user.split(';');
    let number = parts.next().unwrap_or_default().replace("%2B", "+").replace("%2b", "+").replace("%20", " ");
    let mut region = region;
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        match name.trim().to_ascii_lowercase().as_str() {
            "ext" if !value.trim().is_empty() => return Err(Doubt::Extension),
            "phone-context" => region = context_region(value).unwrap_or(region),
            _ => {}
        }
    }
    Ok((number, region))
}

fn context_region(context: &str) -> Option<Region> {
    Region::of_country_code(context.trim().strip_prefix('+')?.parse().ok()?)
}

/// The text after a word that only says that a number follows.
fn without_label(text: &str) -> &str {
    let word = text.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(0);
    let labels = ["tel", "telephone", "phone", "ph", "mobile", "mob", "cell", "office", "main"];
    match labels.iter().any(|label| text[..word].eq_ignore_ascii_case(label)) {
        true => text[word..].trim_start_matches(['.', ':', ' ']),
        false => text,
    }
}

/// The digits of a number that a spreadsheet or program took for a quantity: `3.105550101E9`, `3105550101.0` or
/// `3,105,550,101`.
fn spreadsheet_number(text: &str) -> Result<Option<String>, Doubt> {
    if let Some((mantissa, exponent)) = text.split_once(['e', 'E']) {
        return scientific(mantissa.trim(), exponent.trim());
    }
    let is_all_digits = |text: &str| text.len() >= DIGITS_BEFORE_EXTENSION_MIN && is_digits(text);
    if let Some((whole, fraction)) = text.split_once('.')
        && is_all_digits(whole)
        && (fraction.is_empty() || fraction.bytes().all(|byte| byte == b'0'))
    {
        return Ok(Some(whole.to_owned()));
    }
    let mut groups = text.split(',');
    let leading = groups.next().unwrap_or_default();
    let is_grouped = (1..=3).contains(&leading.len()) && is_digits(leading);
    let are_thousands = text.contains(',') && is_grouped && groups.all(|group| group.len() == 3 && is_digits(group));
    Ok(are_thousands.then(|| text.replace(',', "")))
}

/// Scientific notation. Every digit must be written: a spreadsheet that shows `1.31055E+10` has dropped the rest.
fn scientific(mantissa: &str, exponent: &str) -> Result<Option<String>, Doubt> {
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    if !(whole.len() == 1
        && is_digits(whole)
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
        && is_digits(exponent))
    {
        return Ok(None);
    }
    let exponent: usize = exponent.parse().map_err(|_| Doubt::LostDigits)?;
    let (kept, beyond) = fraction.split_at_checked(exponent).ok_or(Doubt::LostDigits)?;
    match beyond.bytes().all(|byte| byte == b'0') {
        true => Ok(Some(format!("{whole}{kept}"))),
        false => Err(Doubt::LostDigits),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The text before `ext.`, `x` or `#`, if nothing follows it.
fn without_extension(text: &str) -> Result<&str, Doubt> {
    let mut digits = 0;
    let is_start = |character: char| {
        digits += usize::from(character.is_ascii_digit());
        digits >= DIGITS_BEFORE_EXTENSION_MIN && (character.is_ascii_alphabetic() || character == '#')
    };
    let Some(start) = text.find(is_start) else { return Ok(text) };
    let (number, tail) = text.split_at(start);
    let word = tail.find(|character: char| !character.is_ascii_alphabetic() && character != '#').unwrap_or(tail.len());
    let (word, extension) = tail.split_at(word);
    if !["ext", "extension", "extn", "x", "xt", "#"].iter().any(|known| word.eq_ignore_ascii_case(known)) {
        return Ok(text);
    }
    match extension.contains(|character: char| character.is_ascii_alphanumeric()) {
        true => Err(Doubt::Extension),
        false => Ok(number),
    }
}

/// A vanity number in digits; any other text as it is, which must have no letters.
fn spelled_out(text: &str, region: Region, letters: Letters) -> Result<String, Doubt> {
    if !text.contains(char::is_alphabetic) {
        return Ok(text.to_owned());
    }
    match (is_vanity(text, region), letters) {
        (true, Letters::Vanity) => Ok(text.chars().map(keypad_digit).collect()),
        (true, Letters::Refused) => Err(Doubt::Vanity),
        (false, _) => Err(Doubt::Letters),
    }
}

/// Whether letters and nothing else end a North American number, after its area code at the earliest.
fn is_vanity(text: &str, region: Region) -> bool {
    let bare: String = text.chars().filter(|character| !is_separator(*character)).collect();
    let national = bare.strip_prefix("+1").or(bare.strip_prefix('1').filter(|rest| rest.len() == 10)).unwrap_or(&bare);
    let word = national.trim_start_matches(|character: char| character.is_ascii_digit());
    region.country_code() == 1
        && national.len() == 10
        && (3..=7).contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn keypad_digit(character: char) -> char {
    match character.to_ascii_uppercase() {
        'A'..='C' => '2',
        'D'..='F' => '3',
        'G'..='I' => '4',
        'J'..='L' => '5',
        'M'..='O' => '6',
        'P'..='S' => '7',
        'T'..='V' => '8',
        'W'..='Z' => '9',
        other => other,
    }
}

/// Signs that people put between digits to make them easier to read.
fn is_separator(character: char) -> bool {
    matches!(character, ' ' | '-' | '.' | '/' | '(' | ')' | '[' | ']' | '\'' | '_')
}

/// A number as it is dialed.
struct Dialed {
    has_plus: bool,
    digits: String,
    /// How many digits stand before the first space or closing bracket.
    first_group: usize,
}

impl Dialed {
    fn from(text: &str) -> Result<Self, Doubt> {
        // A trunk prefix in brackets is dialed within the country only; Italian numbers begin with their zero.
        let text = match text.contains('+') && !text.contains("+39") {
            true => text.replace("(0)", " "),
            false => text.to_owned(),
        };
        let mut dialed = Dialed { has_plus: false, digits: String::new(), first_group: 0 };
        for character in text.chars() {
            match character {
                '0'..='9' => dialed.digits.push(character),
                '+' if dialed.has_plus || !dialed.digits.is_empty() => return Err(Doubt::Plus),
                '+' => dialed.has_plus = true,
                ' ' | ')' if dialed.first_group == 0 => dialed.first_group = dialed.digits.len(),
                _ if is_separator(character) => {}
                _ => return Err(Doubt::Character(character)),
            }
        }
        Ok(dialed)
    }
}

fn dialed(dialed: &Dialed, region: Region) -> Result<PhoneNumber, Doubt> {
    let digits = dialed.digits.as_str();
    if digits.is_empty() {
        return Err(Doubt::NoDigits);
    }
    let is_north_american = region.country_code() == 1;
    let after_prefix = digits.strip_prefix("011").or(digits.strip_prefix("00"));
    match (dialed.has_plus, after_prefix) {
        (true, Some(digits)) => international(digits),
        (true, None) => {
            let country_stands_apart = country_code_length(digits) == Some(dialed.first_group);
            match is_north_american && lost_country(digits) && !country_stands_apart {
                true => Err(Doubt::CountryCode),
                false => international(digits),
            }
        }
        (false, Some(digits)) if is_north_american => international(digits),
        (false, _) if is_north_american => {
            nanp(if digits.len() == 11 { digits.strip_prefix('1').unwrap_or(digits) } else { digits })
        }
        (false, _) => national(digits, region),
    }
}

/// Whether these are ten digits that the North American plan can assign, so that the country code 1 may be missing.
pub(super) fn lost_country(digits: &str) -> bool {
    nanp(digits).is_ok()
}

/// A number with its country code.
pub(super) fn international(digits: &str) -> Result<PhoneNumber, Doubt> {
    if !is_digits(digits) || digits.starts_with('0') {
        return Err(Doubt::UnknownCountry);
    }
    match digits.strip_prefix('1') {
        Some(national) => nanp(national),
        None => possible(phonenumber::parse(None, format!("+{digits}"))),
    }
}

/// How many of the first digits are a country code. None is the beginning of another.
pub(super) fn country_code_length(digits: &str) -> Option<usize> {
    (1..=3).find(|length| {
        let code = digits.get(..*length).and_then(|code| code.parse().ok());
        code.is_some_and(|code: u16| DATABASE.by_code(&code).is_some())
    })
}

/// A number in the national format of a country outside the North American plan.
fn national(digits: &str, region: Region) -> Result<PhoneNumber, Doubt> {
    possible(phonenumber::parse(Some(region.0), digits))
}

fn possible(parsed: Result<phonenumber::PhoneNumber, phonenumber::ParseError>) -> Result<PhoneNumber, Doubt> {
    let parsed = parsed.map_err(|error| match error {
        phonenumber::ParseError::InvalidCountryCode => Doubt::UnknownCountry,
        _ => Doubt::Short,
    })?;
    let country_code = parsed.code().value();
    let e164 = parsed.format().mode(phonenumber::Mode::E164).to_string();
    let e164 = e164.trim_start_matches('+');
    let length = e164.len() - country_code.to_string().len();
    if country_code == 1 {
        return nanp(&e164[1..]);
    }
    let is_possible = e164.len() <= E164_DIGITS_MAX && is_possible_length(country_code, length as u16);
    let number = e164.parse().ok().filter(|_| is_possible).map(PhoneNumber);
    number.ok_or(Doubt::Length { country_code, digits: length })
}

/// A number of the North American plan by its ten digits, NXX-NXX-XXXX.
///
/// By the plan's rules (INC 95-0407-008 and 95-0127-006): both parts begin with 2 to 9; an area code is not N11, and its
/// second digit is not 9, which is kept for longer numbers; 37X and 96X are set aside; an exchange is not N11, except
/// behind a toll-free code.
fn nanp(national: &str) -> Result<PhoneNumber, Doubt> {
    if national.len() != 10 {
        return Err(Doubt::Length { country_code: 1, digits: national.len() });
    }
    let (area, exchange) = (&national[..3], &national[3..6]);
    let is_service = |code: &str| code.ends_with("11");
    let is_toll_free = area.starts_with('8') && area[1..2] == area[2..3];
    let is_set_aside = area[1..2] == *"9" || area.starts_with("37") || area.starts_with("96");
    if area < "200" || is_service(area) || is_set_aside {
        return Err(Doubt::AreaCode(area.to_owned()));
    }
    if exchange < "200" || (is_service(exchange) && !is_toll_free) {
        return Err(Doubt::Exchange(exchange.to_owned()));
    }
    let national: u64 = national.parse().map_err(|_| Doubt::NoDigits)?;
    Ok(PhoneNumber(NANP_COUNTRY_CODE + national))
}

/// Whether a text that is not one number is two or more.
fn are_several(plain: &str, region: Region) -> bool {
    let numbers_by = |separator: &dyn Fn(char) -> bool| {
        let parts = plain.split(separator).map(str::trim).filter(|part| !part.is_empty());
        parts.filter(|part| one_number(part, region, Letters::Refused).is_ok()).count()
    };
    let digits = plain.bytes().filter(u8::is_ascii_digit).count();
    digits > E164_DIGITS_MAX
        && (digits >= 20
            || numbers_by(&|character| matches!(character, ',' | ';' | '|' | '/' | '&')) > 1
            || numbers_by(&|character| character == ' ') > 1)
}

/// The start of a text in quotes: enough to find it in a file.
fn quoted(text: &str) -> impl fmt::Display {
    match text.char_indices().nth(QUOTED_CHARACTERS_MAX) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, region: &str, letters: Letters) -> Result<String, Doubt> {
        let number = read(text, region.parse().unwrap(), letters);
        number.map(|number| number.to_string()).map_err(|error| error.why)
    }

    #[test]
    fn numbers_are_read_in_every_writing_that_leaves_no_doubt() {
        let scenarios = [
            // As people write them.
            "+1 310-555-0123",
            "(310) 555-0123",
            "310.555.0123",
            "3105550123",
            "13105550123",
            "  +13105550123 ",
            "310/555/0123",
            "310 5550123",
            "(310)5550123",
            "[310] 555 0123",
            "1'310'555'0123",
            "310_555_0123",
            "1 (310) 555-0123",
            "+1(310)5550123",
            "(+1) 310-555-0123",
            "310–555—0123",
            "310‑555−0123",
            "310·555·0123",
            // International prefixes.
            "001-310-555-0123",
            "011 1 310 555 0123",
            "+0013105550123",
            // Spaces and invisible marks.
            "+1\u{A0}310\u{A0}555\u{A0}0123",
            "310\u{202F}555\u{2009}0123",
            "\u{202D}+1 310-555-0123\u{202C}",
            "+1\u{FE0D}3105550123",
            "310\u{AD}555\u{200B}0123\u{FEFF}",
            "\u{3000}3105550123",
            // Guards against formulas, and what spreadsheets and programs take for quantities.
            "'+13105550123",
            "=\"+13105550123\"",
            "=3105550123",
            "\"3105550123\"",
            "3105550123.0",
            "13105550123.00",
            "3.105550123E9",
            "3.105550123e+09",
            "1.3105550123E10",
            "1.31055501230E10",
            "3,105,550,123",
            // Addresses.
            "tel:+1-310-555-0123",
            "TEL:+13105550123",
            "tel:310-555-0123;phone-context=+1",
            "tel://3105550123",
            "sip:+13105550123@trunk.example",
            "sips:%2B13105550123@trunk.example:5061;transport=tls",
            "<tel:+13105550123>",
            "\"West 12\" <sip:+13105550123@trunk.example>;tag=1",
            "callto:+13105550123",
            "tel:+13105550123;ext=",
            // Words that only say that a number follows, and an extension that is not there.
            "Tel.: (310) 555-0123",
            "Phone 310 555 0123",
            "3105550123 ext.",
            "+13105550123 ext",
            "3105550123 x",
            "3105550123#",
            "3105550123,",
            "3105550123;",
            // Digits of other scripts.
            "＋１３１０５５５０１２３",
            "（310）555-0123",
            "٣١٠٥٥٥٠١٢٣",
            "३१०५५५०१२३",
        ];
        for text in scenarios {
            assert_eq!(parse(text, "US", Letters::Refused), Ok("+13105550123".into()), "{text:?}");
        }
    }

    #[test]
    fn numbers_of_other_countries_are_read() {
        let scenarios = [
            ("020 7946 0958", "GB", "+442079460958"),
            ("+44 20 7946 0958", "US", "+442079460958"),
            ("+44 (0)20 7946 0958", "US", "+442079460958"),
            ("(+44) 20 7946 0958", "US", "+442079460958"),
            (".+44 20 7946 0959", "US", "+442079460959"),
            ("00442079460958", "GB", "+442079460958"),
            ("011 44 20 7946 0958", "US", "+442079460958"),
            ("tel:20-7946-0958;phone-context=+44", "US", "+442079460958"),
            ("(+501) 623-6848", "US", "+5016236848"),
            ("+39 06 698 12345", "US", "+390669812345"),
            ("+39 (06) 698 12345", "US", "+390669812345"),
            ("+49 30 123456", "US", "+4930123456"),
            ("+47 22 33 44 55", "US", "+4722334455"),
            ("+4722334455", "NO", "+4722334455"),
            ("1 876 555 0123", "US", "+18765550123"),
        ];
        for (text, region, expected) in scenarios {
            assert_eq!(parse(text, region, Letters::Refused), Ok(expected.into()), "{text:?}");
        }
    }

    #[test]
    fn a_text_that_leaves_doubt_is_refused_with_the_reason() {
        let length = |country_code, digits| Doubt::Length { country_code, digits };
        let scenarios = [
            ("", Doubt::NoDigits),
            ("--", Doubt::NoDigits),
            ("abc", Doubt::Letters),
            ("12", length(1, 2)),
            ("555-0123", length(1, 7)),
            ("+1310555012", length(1, 9)),
            ("+131055501234", length(1, 11)),
            ("442079460958", length(1, 12)),
            ("+999123456789", Doubt::UnknownCountry),
            ("+0310555012", Doubt::UnknownCountry),
            // Letters are not digits.
            ("31O5550101", Doubt::Letters),
            ("+1 31O 555 O102", Doubt::Letters),
            ("3l05550103", Doubt::Letters),
            ("+1310S550104", Doubt::Letters),
            ("31055501O5", Doubt::Letters),
            ("someletters1110@gmail.com", Doubt::Letters),
            ("3105550101 (mobile)", Doubt::Letters),
            ("3105550101*", Doubt::Character('*')),
            ("1-800-FLOWERS", Doubt::Vanity),
            ("310-555-CALL", Doubt::Vanity),
            // Extensions.
            ("+1 310 555 0123 ext. 9", Doubt::Extension),
            ("3105550123x12", Doubt::Extension),
            ("3105550123 #12", Doubt::Extension),
            ("tel:+13105550123;ext=12", Doubt::Extension),
            // Digits that a spreadsheet lost.
            ("1.31055E+10", Doubt::LostDigits),
            ("3.10555E+09", Doubt::LostDigits),
            ("3.1055501E9", Doubt::LostDigits),
            ("3.1055501234E9", Doubt::LostDigits),
            // Which country?
            ("+3105550101", Doubt::CountryCode),
            ("+212-555-0102", Doubt::CountryCode),
            ("+4722334455", Doubt::CountryCode),
            ("1+3105550123", Doubt::Plus),
            ("++13105550123", Doubt::Plus),
            // What the North American plan cannot have.
            ("123 555 0101", Doubt::AreaCode("123".into())),
            ("(911) 555-0101", Doubt::AreaCode("911".into())),
            ("+1 397 555 0101", Doubt::AreaCode("397".into())),
            ("+1 370 555 0101", Doubt::AreaCode("370".into())),
            ("310 155 0101", Doubt::Exchange("155".into())),
            ("310 911 0101", Doubt::Exchange("911".into())),
            // More than one.
            ("+13105550101, +13105550102", Doubt::Several),
            ("3105550101/3105550102", Doubt::Several),
            ("310-555-0101 310-555-0102", Doubt::Several),
        ];
        for (text, expected) in scenarios {
            assert_eq!(parse(text, "US", Letters::Refused), Err(expected), "{text:?}");
        }
        let long = "3".repeat(300);
        assert_eq!(parse(&long, "US", Letters::Refused), Err(Doubt::Long(300)));
    }

    #[test]
    fn toll_free_numbers_may_have_exchanges_that_others_cannot() {
        for text in ["800-411-7246", "(822) 555-0101", "833 511 0101"] {
            assert!(parse(text, "US", Letters::Refused).is_ok(), "{text}");
        }
    }

    #[test]
    fn vanity_numbers_are_read_only_when_they_are_allowed() {
        let scenarios = [
            ("1-800-FLOWERS", Ok("+18003569377")),
            ("1-310-555-CALL", Ok("+13105552255")),
            ("+1 833 555 sale", Ok("+18335557253")),
            ("310-555-0123", Ok("+13105550123")),
            ("310-555-O113", Err(Doubt::Letters)),
            ("310-5S5-CALL", Err(Doubt::Letters)),
            ("1-800-CONTACTS", Err(Doubt::Letters)),
            ("West Coast", Err(Doubt::Letters)),
        ];
        for (text, expected) in scenarios {
            assert_eq!(parse(text, "US", Letters::Vanity), expected.map(str::to_owned), "{text}");
        }
        assert_eq!(parse("0800 CALLGB", "GB", Letters::Vanity), Err(Doubt::Letters));
    }

    #[test]
    fn an_error_quotes_the_text_and_says_what_to_do() {
        let error = read("+3105550101", Region::US, Letters::Refused).unwrap_err().to_string();
        assert!(error.starts_with("\"+3105550101\" is not a possible phone number: "), "{error}");
        assert!(error.contains("write +1 before a US number"), "{error}");
        let error = read(&"9".repeat(250), Region::US, Letters::Refused).unwrap_err().to_string();
        assert!(error.len() < 200, "{error}");
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        /// The number's digits are in the text in the same order; only a country code may be added.
        #[test]
        fn no_number_is_made_up(text in "[ +0-9().,xXeEoO/:;-]{0,24}") {
            if let Ok(number) = read(&text, Region::US, Letters::Refused) {
                let digits = text.chars().filter(char::is_ascii_digit).collect::<String>();
                let number = number.to_string();
                let national = number.trim_start_matches("+1");
                proptest::prop_assert!(digits.contains(national) || digits.contains(&number[1..]), "{text:?} became {number}");
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,80}") {
            let _ = (read(&text, Region::US, Letters::Vanity), read(&text, "GB".parse().unwrap(), Letters::Refused));
        }
    }
}
