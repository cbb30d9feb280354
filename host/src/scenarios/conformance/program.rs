//! A dialer as a program: a line in, a line out, each in time.

use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Bytes in one answer, at most. The largest case, 20,000 numbers reviewed, needs 3 MB.
const ANSWER_BYTES_MAX: u64 = 32 << 20;

/// What a program may take to put its things in order at the end, a browser its profile, before it is ended.
const PARTING_TIME_MAX: Duration = Duration::from_secs(5);

/// A program that answers lines. It is started anew where it broke off.
pub struct Program {
    command: Command,
    answer_time_max: Duration,
    running: Option<Process>,
}

/// Why there is no answer to a line. The program was ended, if it had not ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum Interruption {
    /// It ran before.
    #[error("it cannot be started again: {0}")]
    NotStarted(#[from] io::Error),
    /// It ended by itself.
    #[error("it ended before it answered ({0}); what it had to say stands on stderr")]
    Ended(ExitStatus),
    /// It hangs.
    #[error("it did not answer in {0:?}")]
    TooLate(Duration),
    /// It goes on and on.
    #[error("its answer has more than {ANSWER_BYTES_MAX} bytes")]
    TooMuch,
    /// It printed something else.
    #[error("it answered {0:?}, which is no JSON: {1}. Its stdout is for answers alone")]
    NoJson(String, serde_json::Error),
    /// It printed besides its answer to the line before.
    #[error(
        "it printed a line that nobody asked for: {0:?}. Each line gets one answer, and stdout is for answers alone"
    )]
    Unasked(String),
}

impl Program {
    /// Starts it. `component` is the last of its arguments.
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

    /// Its answer to a question.
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

/// One that kept answering sees its stdin end, and has time to end by itself.
impl Drop for Program {
    fn drop(&mut self) {
        if let Some(running) = &mut self.running {
            running.part();
        }
    }
}

/// The program while it runs. Dropping it ends it.
///
/// Two threads write and read, so that a program which does neither cannot hold up more than them.
struct Process {
    child: Child,
    /// None once its stdin is to end.
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
            return Err(Interruption::Unasked(beginning(&line)));
        }
        // Where it has ended there is nobody to write to, and nothing to read either.
        let _ = self.questions.as_ref().map(|questions| questions.send(format!("{question}\n")));
        let line = match self.answers.recv_timeout(time_max) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => return Err(Interruption::TooLate(time_max)),
            Err(RecvTimeoutError::Disconnected) => return Err(Interruption::Ended(self.end()?)),
        };
        if line.len() as u64 > ANSWER_BYTES_MAX {
            return Err(Interruption::TooMuch);
        }
        serde_json::from_slice(&line).map_err(|error| Interruption::NoJson(beginning(&line), error))
    }

    fn part(&mut self) {
        self.questions = None;
        let begun = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && begun.elapsed() < PARTING_TIME_MAX {
            sleep(Duration::from_millis(10));
        }
    }

    fn end(&mut self) -> io::Result<ExitStatus> {
        self.child.kill()?;
        self.child.wait()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already cannot be ended, which is as well.
        let _ = self.end();
    }
}

fn write_to(mut stdin: ChildStdin) -> Sender<String> {
    let (sender, questions) = channel::<String>();
    std::thread::spawn(move || {
        questions.into_iter().try_for_each(|line| stdin.write_all(line.as_bytes()).and_then(|()| stdin.flush()))
    });
    sender
}

/// Each line with its end; at most one waits to be taken.
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

/// What a line begins with, for people.
fn beginning(line: &[u8]) -> String {
    String::from_utf8_lossy(line).trim_end().chars().take(100).collect()
}
