//! A running shell: one bash, which gets one line at a time and reports each exit code.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Comes after the output of each line, with its exit code.
const MARK: &str = "\u{1}ended with";

pub struct Shell {
    bash: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Shell {
    /// In this folder, after a prelude. Commands that prompt read from `keyboard`.
    pub fn new(folder: &Path, prelude: &str, environment: &[(&str, String)]) -> Self {
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc"]).current_dir(folder);
        command.env_remove("DIALGUARD_DATA").env_remove("RUST_LOG").envs(environment.iter().cloned());
        let mut bash =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("bash starts");
        let input = bash.stdin.take().expect("its stdin");
        let output = BufReader::new(bash.stdout.take().expect("its stdout"));
        let mut shell = Shell { bash, input, output };
        shell.write(&format!("exec 2>&1\nset -o pipefail\n{prelude}\n"));
        shell
    }

    /// What the line printed and its exit code.
    pub fn run(&mut self, line: &str) -> (String, i32) {
        // In braces, a variable is set and a folder changed for the lines that follow.
        self.write(&format!("{{ {line}\n}} <\"$KEYBOARD\"\nprintf '\\n{MARK} %s\\n' \"$?\"\n"));
        let mut printed = String::new();
        loop {
            let mut next = Vec::new();
            let length = self.output.read_until(b'\n', &mut next).expect("the shell can be read");
            assert!(length > 0, "`{line}` ended the shell:\n{printed}");
            let next = String::from_utf8_lossy(&next);
            if let Some(code) = next.strip_prefix(MARK) {
                return (printed, code.trim().parse().expect("an exit code"));
            }
            printed += &next;
        }
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.write(&format!("{name}='{value}'\n"));
    }

    fn write(&mut self, text: &str) {
        self.input.write_all(text.as_bytes()).expect("the shell reads");
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.bash.kill();
        let _ = self.bash.wait();
    }
}
