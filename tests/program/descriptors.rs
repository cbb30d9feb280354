//! A program that has no descriptors left, as Linux limits them.

use crate::harness::dialer::Dialer;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Stdio};

/// The program, until the test ends.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads the log up to the line with these words, and returns what follows them.
fn logged(log: &mut impl Iterator<Item = std::io::Result<String>>, words: &str) -> String {
    let line = log.find_map(|line| line.expect("text").split_once(words).map(|(_, rest)| rest.to_owned()));
    line.unwrap_or_else(|| panic!("it ended without {words:?}"))
}

/// A process without descriptors accepts nothing, and goes on once it has some.
#[test]
fn a_server_without_descriptors_goes_on_once_it_has_some() {
    let dialer = Dialer::with_ledger();
    let mut command = dialer.command(&["serve", "--listen", "127.0.0.1:0", "--trusted-proxy", "127.0.0.1"]);
    let mut serving = Serving(command.stderr(Stdio::piped()).spawn().expect("the program starts"));
    let mut log = BufReader::new(serving.0.stderr.take().expect("a pipe")).lines();
    let address = logged(&mut log, "dashboard: http://");
    let address = address.split('/').next().expect("an address");
    let connect = || std::net::TcpStream::connect(address).expect("it listens");
    let get = || {
        let (mut stream, mut answer) = (connect(), String::new());
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: dialguard\r\nconnection: close\r\n\r\n").expect("it is sent");
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    };
    assert!(get().starts_with("HTTP/1.1 200 "));
    let pid = serving.0.id();
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("a process").count() as u64;
    let few = Rlimit { current: Some(open + 4), maximum: Some(open + 4) };
    prlimit(Pid::from_raw(pid as i32), Resource::Nofile, few).expect("a limit");
    let held: Vec<_> = (0..20).map(|_| connect()).collect();
    logged(&mut log, "connections could not be accepted");
    drop(held);
    assert!(get().starts_with("HTTP/1.1 200 "));
}
