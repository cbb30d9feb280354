//! What a command answers, for people or for programs.

pub use crate::words::{answer_name, dollars};

use crate::words::{Surface, refusal};
use comfy_table::{Cell, Table, presets};
use dialguard::calendar::rfc3339;
use dialguard::contract::*;
use dialguard::settings::settings_by_name;
pub use dialguard_dialer::phone::e164;
use serde_json::{Value, json};
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

/// What a command did.
pub struct Done {
    text: String,
    exit: u8,
    failures: Vec<String>,
}

impl Done {
    /// Done, with this to say.
    pub fn say(text: impl Into<String>) -> Self {
        Done { text: text.into(), exit: 0, failures: Vec::new() }
    }

    /// Done, with a table or sentences for people and a value for programs.
    pub fn show(json: bool, value: impl FnOnce() -> Value, text: impl FnOnce() -> String) -> Self {
        Done::say(if json { format!("{:#}", value()) } else { text() })
    }

    /// Done, except for some numbers, which the text names.
    pub fn refused_if(self, refused: bool) -> Self {
        Done { exit: if refused { 3 } else { self.exit }, ..self }
    }

    /// Done, except for these accounts, of which nothing was changed.
    pub fn failed_for(self, failures: Vec<String>) -> Self {
        Done { exit: if failures.is_empty() { self.exit } else { 1 }, failures, ..self }
    }

    /// Prints it. A reader that has gone away, such as `head`, is no failure.
    pub fn print(self) -> ExitCode {
        let text = self.text.trim_end();
        if !text.is_empty() {
            let _ = writeln!(std::io::stdout(), "{text}");
        }
        self.failures.iter().for_each(|failure| eprintln!("error: {failure}"));
        ExitCode::from(self.exit)
    }
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

/// The mark of a status, never told by colour alone.
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

/// The contract's settings by their names, those that only some policies know among them.
pub fn settings_json(settings: &Settings) -> Value {
    let mut by_name = settings_by_name(settings);
    let other = settings.other.iter().map(|(name, value)| (name.clone(), json!(value)));
    by_name.insert("other".into(), Value::Object(other.collect()));
    Value::Object(by_name)
}

pub fn action_json(action: &Action) -> Value {
    match action {
        Action::OccupySlot(occupancy) => {
            json!({"action": "occupy-slot", "number": e164(occupancy.number), "slot": occupancy.slot})
        }
        Action::LockSlot(closing) => json!({
            "action": "lock-slot",
            "number": e164(closing.number),
            "slot": closing.slot,
            "until": rfc3339(closing.until),
        }),
        Action::ReleaseNumber(number) => json!({"action": "release-number", "number": e164(*number)}),
        Action::ReplaceNumber(replacement) => json!({
            "action": "replace-number",
            "number": e164(replacement.number),
            "replacement": e164(replacement.replacement),
            "slot": replacement.slot,
            "why": match replacement.why {
                ReplacementReason::Flagged => "flagged",
                ReplacementReason::Requested => "requested",
            },
            "because": replacement.because,
        }),
        Action::SetBlocks(change) => {
            json!({"action": "set-blocks", "blocks": change.blocks, "starting": rfc3339(change.starting)})
        }
    }
}

/// Lines about what went wrong at the carriers, for the end of an answer.
pub fn problems_in_words(problems: &[impl Display]) -> String {
    problems.iter().map(|problem| format!("! {problem}\n")).collect()
}
