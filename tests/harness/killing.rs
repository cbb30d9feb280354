//! Commands that are killed.

use super::dialer::Dialer;
use dialguard::calendar::rfc3339;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

/// Moments at which a command is killed, spread evenly over its running time, however many there are.
pub struct Moments {
    whole: Duration,
    round: u32,
}

impl Moments {
    /// Moments of a command that took this long last time.
    pub fn within(whole: Duration) -> Self {
        Moments { whole, round: 0 }
    }

    /// Starts a command and kills it at the next moment. If it ended before that, returns its output and brings the next
    /// moments forward.
    pub fn kill(&mut self, dialer: &Dialer, line: &str) -> Option<Output> {
        const GOLDEN_RATIO: f64 = 0.618_033_988_75;
        self.round += 1;
        let moment = self.whole.mul_f64((f64::from(self.round) * GOLDEN_RATIO).fract());
        let begun = Instant::now();
        let ended = kill_when(dialer, line, || begun.elapsed() >= moment);
        if ended.is_some() {
            self.whole = self.whole.min(begun.elapsed());
        }
        ended
    }
}

/// Starts a command and kills it when `is_time` is true; returns its output if it ended before that.
pub fn kill_when(dialer: &Dialer, line: &str, is_time: impl Fn() -> bool) -> Option<Output> {
    let now = rfc3339(dialer.now());
    let arguments: Vec<_> = line.split(' ').chain(["--at", &now]).collect();
    let mut command = dialer.command(&arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
    while !is_time() && child.try_wait().expect("the program can be asked").is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    // SIGKILL: the program cannot clean up.
    child.kill().expect("the program is killed");
    let output = child.wait_with_output().expect("the program has ended");
    output.status.code().is_some().then_some(output)
}
