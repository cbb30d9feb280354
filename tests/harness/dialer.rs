//! A dialer: the real program, run one command at a time, with its own ledger and clock.

use super::acme::{NOW, number};
use dialguard::calendar::rfc3339;
use dialguard_dialer::ledger::Ledger;
use dialguard_dialer::policies::Policies;
use serde_json::Value;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;

/// A working folder with the ledger in `ledger/`, and its time.
pub struct Dialer {
    folder: TempDir,
    now: AtomicU64,
}

/// A command that has ended.
pub struct Outcome {
    line: String,
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Dialer {
    /// An empty folder, at nine in the morning UTC of 1 March 2026.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        Dialer { folder, now: AtomicU64::new(NOW) }
    }

    /// A ledger without accounts, whose policy is compiled.
    pub fn with_ledger() -> Self {
        let dialer = Dialer::new();
        for (name, content) in empty_ledger() {
            dialer.file(&format!("ledger/{name}"), content);
        }
        // As the program makes it: for the user who runs it only.
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
            std::fs::set_permissions(dialer.path("ledger"), mode).expect("the folder is the test's");
        }
        dialer
    }

    /// An account `acme` with one block in UTC, and the carriers A, B and C, which answer from one verdict file.
    pub fn with_account(settings: &str) -> Self {
        let dialer = Dialer::with_ledger();
        dialer.run(&format!("account add acme --blocks 1 --time-zone UTC {settings}")).exits(0);
        dialer.carriers_say(&[]);
        dialer.run("sources add carriers --verdicts verdicts.csv").exits(0);
        dialer
    }

    /// The same with this many monitored numbers: +13105550100 in slot 1, and so on.
    pub fn monitoring(count: u64, settings: &str) -> Self {
        let dialer = Dialer::with_account(settings);
        dialer.import(100..100 + count, "");
        dialer.run("monitor acme --all --no-check").exits(0);
        dialer
    }

    /// Imports numbers by the last digits of +1 310 555 0100 and the like.
    pub fn import(&self, last_digits: impl IntoIterator<Item = u64>, options: &str) {
        let rows: String = last_digits.into_iter().map(|last| e164(last) + "\n").collect();
        self.file("numbers.csv", format!("number\n{rows}"));
        self.run(&format!("numbers import acme numbers.csv {options}")).exits(0);
    }

    pub fn it_is(&self, time: &str) {
        self.now.store(seconds(time), SeqCst);
    }

    pub fn pass(&self, seconds: u64) {
        self.now.fetch_add(seconds, SeqCst);
    }

    pub fn now(&self) -> u64 {
        self.now.load(SeqCst)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the working folder.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder above the file")).expect("the file's folder");
        std::fs::write(path, content).expect("the file is written");
    }

    /// Rewrites the verdict file: one mark for each of A, B and C per number. `x` flags it, `o` does
    /// not, `-` is 'no data' and `.` no answer at all.
    pub fn carriers_say(&self, verdicts: &[(u64, &str)]) {
        self.carriers_said(&rfc3339(self.now()), verdicts);
    }

    /// The same with the time at which the carriers formed these opinions.
    pub fn carriers_said(&self, observed_at: &str, verdicts: &[(u64, &str)]) {
        let mut rows = "number,carrier,score,label,observed_at\n".to_owned();
        for (last_digits, marks) in verdicts {
            for (carrier, mark) in ["A", "B", "C"].iter().zip(marks.chars()) {
                let verdict = match mark {
                    'x' => "95,Scam Likely",
                    'o' => "5,",
                    '-' => ",",
                    _ => continue,
                };
                writeln!(rows, "{},{carrier},{verdict},{observed_at}", e164(*last_digits)).expect("text grows");
            }
        }
        self.file("verdicts.csv", rows);
    }

    /// A system's time zone database in the folder `zoneinfo`, with these zones by the rules of POSIX. Without it the
    /// program has the one included.
    #[allow(dead_code, reason = "one runner uses it")]
    pub fn has_zones(&self, version: &str, zones: &[(&str, &str)]) {
        let listed: String = zones.iter().map(|(name, _)| format!("Z {name} 0 - -00\n")).collect();
        self.file("zoneinfo/tzdata.zi", format!("# version {version}\n{listed}"));
        for (name, rules) in zones {
            self.file(&format!("zoneinfo/{name}"), tzif(rules));
        }
    }

    /// The program, ready to run a command in the working folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dialguard"));
        command.current_dir(self.folder.path()).env("DIALGUARD_DATA", self.path("ledger")).env_remove("RUST_LOG");
        command.env("TZDIR", self.path("zoneinfo"));
        command.args(arguments);
        command
    }

    /// Runs a command line, split at blanks, at the dialer's time.
    pub fn run(&self, line: &str) -> Outcome {
        self.run_arguments(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// The same, if an argument contains blanks.
    pub fn run_arguments(&self, arguments: &[&str]) -> Outcome {
        let now = rfc3339(self.now());
        let timed = [arguments, &["--at", &now]].concat();
        let output = self.command(&timed).output().expect("the program starts");
        Outcome::new(timed.join(" "), output)
    }

    /// The JSON that the command prints; it must succeed.
    pub fn json(&self, line: &str) -> Value {
        self.run(&format!("{line} --json")).exits(0).json()
    }

    /// One field of every element of the answer.
    pub fn field_of_each(&self, line: &str, field: &str) -> Vec<Value> {
        each(&self.json(line), field)
    }

    /// The events of one kind of the account `acme`.
    pub fn events(&self, kind: &str) -> Vec<Value> {
        let events = self.json("events acme --last 100000");
        events.as_array().expect("a list").iter().filter(|event| event["kind"] == kind).cloned().collect()
    }

    /// Slot and status of a number, as `7 clean`; `–` if it is not monitored, `gone` if the account does not have it.
    pub fn standing(&self, last_digits: u64) -> String {
        let numbers = self.json("numbers list acme");
        let found = numbers.as_array().expect("a list").iter().find(|known| known["number"] == e164(last_digits));
        match found.map(|known| (&known["slot"], &known["status"])) {
            None => "gone".into(),
            Some((Value::Null, Value::Null)) => "–".into(),
            Some((slot, status)) => format!("{slot} {}", status.as_str().expect("a status beside the slot")),
        }
    }

    /// Everything the ledger holds about its accounts; null without a ledger.
    pub fn everything(&self) -> Value {
        if !self.path("ledger/dialguard.db").exists() {
            return Value::Null;
        }
        let accounts = self.json("account list");
        let ids = each(&accounts, "id");
        let histories = ids.iter().filter_map(Value::as_str).flat_map(|id| {
            [self.json(&format!("numbers list {id}")), self.json(&format!("events {id} --last 100000"))]
        });
        let histories: Vec<Value> = histories.collect();
        serde_json::json!([accounts, self.json("sources list"), histories])
    }

    /// The ledger through the library.
    pub fn ledger(&self) -> Ledger {
        Ledger::open(&self.path("ledger")).expect("the ledger opens")
    }
}

impl Outcome {
    pub fn new(line: String, output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Outcome { line, code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        let Outcome { line, stdout, stderr, .. } = &self;
        assert_eq!(self.code, Some(code), "the exit code of `dialguard {line}`\n{stdout}{stderr}");
        self
    }

    /// Either stream contains all of these.
    #[track_caller]
    pub fn says(self, words: &[&str]) -> Self {
        let Outcome { line, stdout, stderr, .. } = &self;
        // The help wraps lines at the width of the terminal.
        let output = format!("{stdout}{stderr}").split_whitespace().collect::<Vec<_>>().join(" ");
        for word in words {
            assert!(output.contains(word), "`dialguard {line}` does not say {word:?}:\n{stdout}{stderr}");
        }
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("`dialguard {}` printed no JSON: {error}\n{}", self.line, self.stdout))
    }
}

/// The files of a ledger without accounts. A runner makes them once and copies them, because compiling the policy takes
/// a second of processor time.
fn empty_ledger() -> &'static [(String, Vec<u8>)] {
    static FILES: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    FILES.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder for the ledger");
        let ledger = Arc::new(Ledger::open_or_create(folder.path()).expect("the ledger is made"));
        Policies::open(ledger, NOW).and_then(|policies| policies.live()).expect("the policy is compiled");
        files(folder.path(), folder.path())
    })
}

/// The files below a folder, by their paths in `root`.
fn files(folder: &Path, root: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("the folder is read");
    let files = entries.map(|entry| entry.expect("an entry").path()).flat_map(|path| match path.is_dir() {
        true => files(&path, root),
        false => {
            let name = path.strip_prefix(root).expect("it is below the root").to_str().expect("a name in UTF-8");
            vec![(name.to_owned(), std::fs::read(&path).expect("the file is read"))]
        }
    });
    files.collect()
}

/// A compiled zone (RFC 9636) that has had the same rules always.
fn tzif(rules: &str) -> Vec<u8> {
    // One kind of local time, called `-00`, and no changes between kinds.
    let counts = [0, 0, 0, 0, 1, 4].map(u32::to_be_bytes).concat();
    let block = [b"TZif2".to_vec(), vec![0; 15], counts, vec![0; 6], b"-00\0".to_vec()].concat();
    [block.clone(), block, format!("\n{rules}\n").into_bytes()].concat()
}

/// A number of `acme`'s as the program writes it.
pub fn e164(last_digits: u64) -> String {
    format!("+{}", number(last_digits))
}

/// One field of every element of a list.
pub fn each(list: &Value, field: &str) -> Vec<Value> {
    list.as_array().expect("a list").iter().map(|element| element[field].clone()).collect()
}

/// The instant that an RFC 3339 text names.
pub fn seconds(time: &str) -> u64 {
    let time = chrono::DateTime::parse_from_rfc3339(time).expect("a time in RFC 3339");
    u64::try_from(time.timestamp()).expect("a time after 1970")
}
