//! The real program while it serves, started in a dialer's folder.

use super::dialer::Dialer;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Stdio};

/// Serves until it is dropped.
pub struct Serving {
    program: Child,
    log: BufReader<ChildStderr>,
}

impl Serving {
    /// `dialguard serve` on any free port.
    pub fn start(dialer: &Dialer, options: &[&str]) -> Self {
        Serving::of(dialer, &[&["serve", "--listen", "127.0.0.1:0"], options].concat())
    }

    /// This command line, which serves.
    pub fn of(dialer: &Dialer, arguments: &[&str]) -> Self {
        let mut command = dialer.command(arguments);
        let mut program = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let log = BufReader::new(program.stderr.take().expect("it has a log"));
        Serving { program, log }
    }

    /// The next link that it logs.
    pub fn link(&mut self) -> String {
        let mut log = String::new();
        loop {
            let start = log.len();
            assert_ne!(self.log.read_line(&mut log).expect("the log is text"), 0, "it ended without a link: {log}");
            let words = log[start..].split_whitespace().map(str::to_owned);
            if let Some(link) = words.into_iter().find(|word| word.starts_with("http://") && word.contains('?')) {
                return link;
            }
        }
    }

    pub fn stop(&mut self) {
        // It may have ended.
        let _ = self.program.kill();
        self.program.wait().expect("it ends");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The status of the answer at this address.
pub async fn get(address: &str) -> u16 {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    client.get(address).send().await.expect("it answers").status().as_u16()
}
