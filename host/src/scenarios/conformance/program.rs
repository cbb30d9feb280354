//! Runs a dialer as a program: a line in, a line out, each within a time limit.

use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The most bytes in one answer. The largest case, a review of 20,000 numbers, needs 3 MB.
const ANSWER_BYTES_MAX: u64 = 32 << 20;

/// How long a program may take to exit after its stdin ends, for example to clean up a browser's profile.
const EXIT_TIME_MAX: Duration = Duration::from_secs(5);

/// A program that answers lines. It is restarted after an interruption.
pub struct Program {
    command: Command,
    answer_time_max: Duration,
    running: Option<Process>,
}

/// Why there is no answer to a line. The program is no longer running.
#[derive(Debug, thiserror::Error)]
pub enum Interruption {
    /// It started once, but not again.
    #[error("it cannot be restarted: {0}")]
    NotStarted(#[from] io::Error),
    /// It exited.
    #[error("it exited before it answered ({0}); see its stderr")]
    Exited(ExitStatus),
    /// It did not answer in time.
    #[error("it did not answer within {0:?}")]
    TooLate(Duration),
    /// Its answer is too long.
    #[error("its answer has more than {ANSWER_BYTES_MAX} bytes")]
    TooMuch,
    /// It printed something other than JSON.
    #[error("it answered {0:?}, which is not JSON: {1}. Its stdout is for answers only")]
    NotJson(String, serde_json::Error),
    /// It printed a second line after an answer.
    #[error("it printed an extra line: {0:?}. Each line gets one answer, and stdout is for answers only")]
    ExtraLine(String),
}

impl Program {
    /// Starts the program with `component` as its last argument.
    pub fn start(
        program: &OsStr,
        arguments: &[OsString],
        component: &Path,
        answer_time_max: Duration,
    ) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.args(arguments).arg(component).stdin(Stdio::piped()).stdout(Stdio::piped());
        let running = Process::start(&mut command)?;
        Ok(Program { command, answer_time_max, running: Some(running) })
    }

    /// The program's answer to a question.
    pub fn ask(&mut self, question: &Value) -> Result<Value, Interruption> {
        let mut running = match self.running.take() {
            Some(running) => running,
            None => Process::start(&mut self.command)?,
        };
        let answer = running.ask(question, self.answer_time_max)?;
        self.running = Some(running);
        Ok(answer)
    }
}

/// A program that is still running sees its stdin end and has time to exit.
impl Drop for Program {
    fn drop(&mut self) {
        if let Some(running) = &mut self.running {
            running.exit();
        }
    }
}

/// A running program. Dropping it kills the program.
///
/// Two threads write and read, so that a program that does neither blocks only them.
struct Process {
    child: Child,
    /// None once its stdin should end.
    questions: Option<Sender<String>>,
    answers: Receiver<Vec<u8>>,
}

impl Process {
    fn start(command: &mut Command) -> io::Result<Self> {
        let mut child = command.spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let questions = Some(write_to(stdin.expect("its stdin is a pipe")));
        let answers = read_from(stdout.expect("its stdout is a pipe"));
        Ok(Process { child, questions, answers })
    }

    fn ask(&mut self, question: &Value, time_max: Duration) -> Result<Value, Interruption> {
        if let Ok(line) = self.answers.try_recv() {
            return Err(Interruption::ExtraLine(beginning(&line)));
        }
        // Sending fails if the program has exited; then receiving fails too and says so.
        let _ = self.questions.as_ref().map(|questions| questions.send(format!("{question}\n")));
        let line = match self.answers.recv_timeout(time_max) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => return Err(Interruption::TooLate(time_max)),
            Err(RecvTimeoutError::Disconnected) => return Err(Interruption::Exited(self.kill()?)),
        };
        if line.len() as u64 > ANSWER_BYTES_MAX {
            return Err(Interruption::TooMuch);
        }
        serde_json::from_slice(&line).map_err(|error| Interruption::NotJson(beginning(&line), error))
    }

    fn exit(&mut self) {
        self.questions = None;
        let begun = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && begun.elapsed() < EXIT_TIME_MAX {
            sleep(Duration::from_millis(10));
        }
    }

    fn kill(&mut self) -> io::Result<ExitStatus> {
        self.child.kill()?;
        self.child.wait()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Killing fails if it has exited, which is fine.
        let _ = self.kill();
    }
}

fn write_to(mut stdin: ChildStdin) -> Sender<String> {
    let (sender, questions) = channel::<String>();
    std::thread::spawn(move || {
        questions.into_iter().try_for_each(|line| stdin.write_all(line.as_bytes()).and_then(|()| stdin.flush()))
    });
    sender
}

/// Each line with its line break; at most one is buffered.
fn read_from(stdout: ChildStdout) -> Receiver<Vec<u8>> {
    let (sender, answers) = sync_channel(1);
    std::thread::spawn(move || {
        let mut stdout = BufReader::new(stdout);
        loop {
            let mut line = Vec::new();
            let read = stdout.by_ref().take(ANSWER_BYTES_MAX + 1).read_until(b'\n', &mut line);
            if !matches!(read, Ok(1..)) || sender.send(line).is_err() {
                return;
            }
        }
    });
    answers
}

/// The beginning of a line, for messages.
fn beginning(line: &[u8]) -> String {
    String::from_utf8_lossy(line).trim_end().chars().take(100).collect()
}
