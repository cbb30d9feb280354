//! Help, shell completions, man pages and hints.

use crate::harness::dialer::{Dialer, Outcome};
use crate::harness::policies::reference::reference;
use std::collections::BTreeSet;
use std::process::Command;

/// Every command with its subcommands, from the help of each.
fn commands(dialer: &Dialer, path: &str) -> Vec<String> {
    let help = help(dialer, path);
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A command follows two blanks at the start of a line; a wrapped description is indented further.
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names
        .flat_map(|name| {
            let command = format!("{path} {name}").trim().to_owned();
            let below = commands(dialer, &command);
            [command].into_iter().chain(below)
        })
        .collect()
}

/// `dialguard help`, whose arguments are commands only.
fn help(dialer: &Dialer, path: &str) -> String {
    let line = format!("help {path}");
    let output = dialer.command(&line.split_whitespace().collect::<Vec<_>>()).output().expect("the program starts");
    Outcome::new(line, output).exits(0).stdout
}

#[test]
fn every_command_has_help_completions_and_a_man_page() {
    let dialer = Dialer::new();
    let commands = commands(&dialer, "");
    for expected in ["account set", "policy shadow", "orders retry", "serve"] {
        assert!(commands.iter().any(|command| command == expected), "{expected}: {commands:?}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = dialer.run(&format!("completions {shell}")).exits(0).stdout;
        for word in commands.iter().flat_map(|command| command.split(' ')).collect::<BTreeSet<_>>() {
            assert!(script.contains(word), "{shell} does not complete {word}");
        }
        for option in ["spam-score-min", "rest-days", "dry-run"] {
            assert!(script.contains(option), "{shell} does not complete --{option}");
        }
    }
    dialer.run("completions tcsh").exits(2);

    dialer.run("man pages").exits(0).says(&["man -l pages/dialguard.1"]);
    for command in commands.iter().map(|command| format!("dialguard {command}")).chain(["dialguard".into()]) {
        let page = dialer.path(&format!("pages/{}.1", command.replace(' ', "-")));
        let text = std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        assert!(text.contains(".TH") && text.contains(".SH NAME"), "{command}: {text}");
    }
}

/// The shell itself reads the script, if it is installed.
#[test]
fn bash_completes_commands_and_options() {
    let dialer = Dialer::new();
    dialer.file("dialguard.bash", dialer.run("completions bash").exits(0).stdout);
    let complete = |words: &str, cursor: usize| {
        let script = format!(
            "source dialguard.bash; COMP_WORDS=({words}); COMP_CWORD={cursor}; \
             _dialguard dialguard \"${{COMP_WORDS[{cursor}]}}\" \"${{COMP_WORDS[{cursor} - 1]}}\"; \
             echo \"${{COMPREPLY[@]}}\""
        );
        let bash = Command::new("bash").args(["-c", &script]).current_dir(dialer.path("")).output().expect("bash");
        String::from_utf8(bash.stdout).expect("text")
    };
    assert_eq!(complete("dialguard acc", 1).trim(), "account");
    assert_eq!(complete("dialguard policy sha", 2).trim(), "shadow");
    assert!(complete("dialguard account set --spam", 3).contains("--spam-score-min"));
}

#[test]
fn an_error_states_a_fact_and_a_hint_names_the_command() {
    let dialer = Dialer::with_account("");
    for (line, fact, hint) in [
        ("account show nobody", "no account", "dialguard account list"),
        ("orders retry 9", "order 9", "dialguard orders"),
        ("alerts test 9", "webhook 9", "dialguard alerts list"),
        (
            "account set acme --spam-score-min 0",
            "spam-score-min: give a whole number from 1 to 100",
            "dialguard account settings",
        ),
        ("policy install verdicts.csv", "cannot install", ""),
    ] {
        let ran = dialer.run(line).exits(1);
        let (errors, hints): (Vec<_>, Vec<_>) = ran.stderr.lines().partition(|line| line.starts_with("error: "));
        assert!(errors.iter().any(|error| error.contains(fact)), "{line}: {errors:?}");
        let is_hint = |text: &&&str| text.strip_prefix("hint: ").is_some_and(|text| text.contains(hint));
        assert_eq!(hints.iter().filter(is_hint).count(), usize::from(!hint.is_empty()), "{line}: {hints:?}");
    }
}

/// The help has what the built-in policy declares.
#[test]
fn the_help_has_every_setting_with_its_range_and_meaning() {
    let dialer = Dialer::new();
    let ran = dialer.run("account set --help").exits(0);
    let mut words = Vec::new();
    let policy = reference();
    let settings = dialguard::settings::guard_rails().into_iter().chain(policy.settings().iter().cloned());
    for setting in settings {
        words.push(format!("--{}", setting.name));
        words.push(format!("{} [{}]", setting.meaning, setting.range_in_words()));
    }
    ran.says(&words.iter().map(String::as_str).collect::<Vec<_>>());
}
