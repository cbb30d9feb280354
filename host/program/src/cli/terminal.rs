//! The border to the terminal: all that the program prints passes here, whatever it took it from.
//!
//! A terminal obeys what it is shown. Names in a component, labels in a file and messages of a provider could otherwise
//! clear the screen, set its title, or show one text and hide another.

#![expect(clippy::print_stderr, reason = "nothing else prints there")]

use std::borrow::Cow;
use std::fmt::{Display, Write as _};
use std::io::{self, IsTerminal, Write};

/// The text with a mark in place of each character that steers a terminal or hides text. Line breaks and tabs stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    match text.contains(is_unprintable) {
        true => Cow::Owned(text.replace(is_unprintable, MARK)),
        false => Cow::Borrowed(text),
    }
}

const MARK: &str = "\u{fffd}";

fn is_unprintable(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        // Without a width or a shape, or for writing in the other direction. Those that join letters and pictures stay.
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' => true,
        '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}' => true,
        other => other.is_control(),
    }
}

/// JSON that means the same, with these characters escaped. They are in its texts only.
pub fn printable_json(json: String) -> String {
    if !json.contains(is_unprintable) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if !is_unprintable(character) {
            escaped.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            write!(escaped, "\\u{unit:04x}").expect("text grows");
        }
    }
    escaped
}

/// Writes to standard output.
pub fn print(text: &str) -> io::Result<()> {
    io::stdout().write_all(printable(text).as_bytes())
}

/// Writes data to standard output: as it is for a program or a file that reads it, printable for a terminal.
pub fn print_data(data: &[u8]) -> io::Result<()> {
    let mut out = io::stdout();
    match out.is_terminal() {
        true => print(&String::from_utf8_lossy(data)),
        false => out.write_all(data),
    }
}

/// Writes to standard error, without a line break at the end.
pub fn tell(text: impl Display) {
    eprint!("{}", printable(&text.to_string()));
}

/// Standard error as a log writes to it: one line for each entry, whatever it says.
pub struct Log;

impl Write for Log {
    /// The log writes an entry at once.
    fn write(&mut self, entry: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(entry);
        let line = text.trim_end_matches('\n').replace('\n', MARK);
        writeln!(io::stderr(), "{}", printable(&line))?;
        Ok(entry.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_can_neither_steer_a_terminal_nor_hide_text() {
        let cases = [
            ("plain,\tin two\nlines: é 電話 👩‍💻", "plain,\tin two\nlines: é 電話 👩‍💻"),
            ("\u{1b}[2Jgone", "\u{fffd}[2Jgone"),
            ("\u{9b}2J\u{7f}\r\u{8}", "\u{fffd}2J\u{fffd}\u{fffd}\u{fffd}"),
            ("\u{202e}evil\u{2066}", "\u{fffd}evil\u{fffd}"),
            ("a\u{200b}b\u{e0041}c", "a\u{fffd}b\u{fffd}c"),
        ];
        for (text, expected) in cases {
            assert_eq!(printable(text), expected);
        }
    }

    #[test]
    fn escaped_json_means_the_same() {
        let text = "\u{1b}[2J \u{9b} \u{202e} \u{e0041} é";
        let json = printable_json(serde_json::to_string(text).expect("JSON"));
        assert_eq!(printable(&json), json);
        assert_eq!(serde_json::from_str::<String>(&json).expect("JSON"), text);
    }
}
