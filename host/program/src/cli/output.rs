//! What a command prints: text for users, or JSON.

pub use crate::words::dollars;

use super::terminal::{print, printable_json, tell};
use crate::words::{Surface, refusal};
use comfy_table::{Cell, Table, presets};
use dialguard::contract::*;
pub use dialguard_dialer::phone::e164;
use serde::Serialize;
use std::fmt::Display;
use std::io::ErrorKind;
use std::process::ExitCode;

/// The result of a command.
pub struct Done {
    text: String,
    exit: u8,
    failures: Vec<String>,
}

impl Done {
    /// Done, with this text.
    pub fn say(text: impl Into<String>) -> Self {
        Done { text: text.into(), exit: 0, failures: Vec::new() }
    }

    /// Done, with a table or sentences for users, or with JSON.
    pub fn show<T: Serialize>(json: bool, value: impl FnOnce() -> T, text: impl FnOnce() -> String) -> Self {
        Done::say(if json { to_json(&value()) } else { text() })
    }

    /// Done, except for some numbers, which the text lists.
    pub fn refused_if(self, refused: bool) -> Self {
        Done { exit: if refused { 3 } else { self.exit }, ..self }
    }

    /// Accepted, and not complete yet: the text says how to follow it. What was refused counts more.
    pub fn under_way_if(self, under_way: bool) -> Self {
        Done { exit: if under_way && self.exit == 0 { 4 } else { self.exit }, ..self }
    }

    /// Done; what the text says needs a person.
    pub fn needs_attention_if(self, needs_attention: bool) -> Self {
        Done { exit: if needs_attention { 5 } else { self.exit }, ..self }
    }

    /// Done, except for these failures, which changed nothing.
    pub fn failed_for(self, failures: Vec<String>) -> Self {
        Done { exit: if failures.is_empty() { self.exit } else { 1 }, failures, ..self }
    }

    /// Prints it. A reader that has closed the pipe, such as `head`, is not a failure; a full disk is.
    pub fn print(self) -> ExitCode {
        let text = self.text.trim_end();
        let printed = if text.is_empty() { Ok(()) } else { print(&format!("{text}\n")) };
        self.failures.iter().for_each(|failure| tell(format_args!("error: {failure}\n")));
        match printed {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                tell(format_args!("error: the command is done, but its output cannot be written: {error}\n"));
                ExitCode::FAILURE
            }
            _ => ExitCode::from(self.exit),
        }
    }
}

fn to_json(value: &impl Serialize) -> String {
    printable_json(serde_json::to_string_pretty(value).expect("every shape is JSON"))
}

/// Rows under a header, in columns.
pub fn table<H, R, C>(header: H, rows: R) -> String
where
    H: IntoIterator<Item = C>,
    R: IntoIterator<Item: IntoIterator<Item = C>>,
    C: Into<Cell>,
{
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    table.add_rows(rows);
    table.lines().map(|line| line.trim().to_owned() + "\n").collect()
}

/// The mark of a status, which does not depend on color.
pub fn status_mark(status: Status) -> &'static str {
    match status {
        Status::Pending => "○ pending",
        Status::Clean => "● clean",
        Status::AtRisk => "▲ at-risk",
        Status::Flagged => "✖ flagged",
    }
}

/// What happened to a number.
pub fn answer_in_words(outcome: &Outcome) -> String {
    match outcome.answer {
        Answer::Accepted => "done".into(),
        _ => format!("refused: {}", refusal(outcome, Surface::CommandLine)),
    }
}

/// Lines about what went wrong at the carriers, for the end of the text.
pub fn problems_in_words(problems: &[impl Display]) -> String {
    problems.iter().map(|problem| format!("! {problem}\n")).collect()
}
