//! Commands and options that the text names, checked against the command line itself.

use clap::{Command, CommandFactory};
use dialguard_program::cli::CommandLine;

/// Whether the program has what a quotation names, such as `dialguard alerts deliver --once`, `policy limits` or
/// `--lookups-max`. Quotations that are neither a command nor an option pass.
pub fn check(quotation: &str) -> Result<(), String> {
    let program = CommandLine::command();
    let mut words = quotation.split(' ').peekable();
    let is_program = words.next_if_eq(&"dialguard").is_some();
    let mut command = &program;
    while let Some(next) = words.peek().and_then(|word| command.find_subcommand(word)) {
        command = next;
        words.next();
    }
    let is_command = command.get_name() != program.get_name();
    let next = words.peek().copied().unwrap_or_default();
    if (is_program || is_command) && command.is_subcommand_required_set() && is_word(next) && next != "help" {
        return Err(format!("`{}` has no command {next}", command.get_name()));
    }
    if !is_program && !is_command && !quotation.starts_with("--") {
        return Ok(());
    }
    let options = words.take_while(|word| *word != "--").filter_map(|word| word.strip_prefix("--"));
    for option in options {
        let is_known =
            has(&program, option) || if is_command { has(command, option) } else { is_anywhere(&program, option) };
        if !is_known {
            return Err(format!("`{}` has no option --{option}", command.get_name()));
        }
    }
    Ok(())
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_lowercase())
}

fn has(command: &Command, option: &str) -> bool {
    command.get_arguments().any(|argument| argument.get_long() == Some(option))
}

fn is_anywhere(command: &Command, option: &str) -> bool {
    has(command, option) || command.get_subcommands().any(|command| is_anywhere(command, option))
}
