//! What a document's story needs: a folder with the files it mentions, a shell, a server once it is started, and fakes of
//! the outside services.

use super::shell::Shell;
use crate::harness::policies::renamed::renamed;
use crate::harness::receiver::Receiver;
use crate::harness::repository::repository;
use crate::harness::services::provider::{ACCOUNT_SID, FakeProvider, TOKEN};
use crate::harness::services::source::FakeSource;
use chrono::{SecondsFormat, Utc};
use dialguard::policy::REFERENCE_POLICY;
use serde_json::json;
use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const PROGRAM: &str = env!("CARGO_BIN_EXE_dialguard");

/// The account's numbers, in numbers.csv.
const NUMBERS: Range<u64> = 13_105_550_100..13_105_550_112;

/// Candidates in spare.csv: from another city, so that a provider's numbers are closer.
const SPARE: Range<u64> = 16_465_550_140..16_465_550_143;

/// The numbers the provider sells.
const OFFERED: Range<u64> = 13_105_550_150..13_105_550_156;

/// Owned at the provider but unknown to the ledger, for `reconcile`.
const UNKNOWN: u64 = 13_105_550_190;

/// A command that runs until it is stopped.
pub fn is_server(line: &str) -> bool {
    line == "dialguard serve" || line == "dialguard demo --serve"
}

pub struct Stage {
    shell: Shell,
    server: Option<Server>,
    folder: TempDir,
    _fakes: (FakeProvider, FakeSource, Receiver),
    /// Runs the fakes; dropped after them.
    _runtime: Runtime,
}

impl Stage {
    /// The files exist, and no command ran yet.
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        write_files(folder.path());
        let runtime = Runtime::new().expect("a runtime");
        let fakes =
            runtime.block_on(async { (FakeProvider::new().await, FakeSource::new().await, Receiver::new().await) });
        fakes.0.offers(OFFERED);
        NUMBERS.chain([UNKNOWN]).for_each(|number| fakes.0.has(number, json!({})));
        let receiver = fakes.2.url().replace("http://", "").replace("/alerts", "");
        let environment = [
            ("DIALGUARD", PROGRAM.to_owned()),
            ("HOME", path(folder.path())),
            ("KEYBOARD", path(&folder.path().join("keyboard"))),
            ("REPOSITORY", path(&repository(""))),
            ("PROVIDER", fakes.0.address.clone()),
            ("SOURCE", fakes.1.address.clone()),
            ("RECEIVER", receiver),
            ("SERVED", String::new()),
            ("TWILIO_SID", ACCOUNT_SID.to_owned()),
            ("TWILIO_TOKEN", TOKEN.to_owned()),
            ("TRUSTCALL_LOGIN_ID", TOKEN.to_owned()),
        ];
        let shell = Shell::new(folder.path(), include_str!("prelude.sh"), &environment);
        Stage { shell, server: None, folder, _fakes: fakes, _runtime: runtime }
    }

    /// Runs a line, which must succeed or begin what takes longer, and returns its output.
    pub fn run(&mut self, line: &str, place: &str) -> String {
        if is_server(line) {
            return self.serve(line, place);
        }
        let (printed, code) = self.shell.run(line);
        assert!(matches!(code, 0 | 4), "{place}: `{line}` exits with {code}:\n{printed}");
        printed
    }

    fn serve(&mut self, line: &str, place: &str) -> String {
        let server = Server::start(self.folder.path(), line, place);
        let address = server.url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).expect("an address");
        self.shell.set("SERVED", address);
        let url = server.url.clone();
        self.server = Some(server);
        self.run(&format!("curl --fail --location --cookie '' --output page.html '{url}'"), place)
    }
}

/// `dialguard serve`, until this is dropped.
struct Server {
    process: Child,
    /// The address that it prints for the dashboard; a sign-in link if it prints one.
    url: String,
}

impl Server {
    fn start(folder: &Path, line: &str, place: &str) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(line.split(' ').skip(1)).args(["--listen", "127.0.0.1:0"]).current_dir(folder);
        command.env_remove("DIALGUARD_DATA").env_remove("RUST_LOG").env("NO_COLOR", "1");
        command.env("TWILIO_SID", ACCOUNT_SID).env("TWILIO_TOKEN", TOKEN).env("TRUSTCALL_LOGIN_ID", TOKEN);
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut log = BufReader::new(process.stderr.take().expect("its stderr")).lines();
        let mut output = String::new();
        let url = loop {
            let next = log.next().unwrap_or_else(|| panic!("{place}: `{line}` ended:\n{output}")).expect("text");
            let found = next.find("http://127.0.0.1:").map(|at| next[at..].to_owned());
            output += &format!("{next}\n");
            if let Some(url) = found {
                break url.split([' ', ',']).next().unwrap_or_default().to_owned();
            }
        };
        std::thread::spawn(move || log.for_each(drop));
        Server { process, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The files that the guides mention.
fn write_files(folder: &Path) {
    let list = |numbers: Range<u64>| numbers.fold("number\n".to_owned(), |rows, number| rows + &format!("+{number}\n"));
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("the file is written");
    write("numbers.csv", &list(NUMBERS));
    write("spare.csv", &list(SPARE));
    write("verdicts.csv", &verdicts());
    write("cdr.csv", &call_records());
    let policy = renamed(REFERENCE_POLICY, "dialguard-reference", "dialguard-candidate");
    std::fs::write(folder.join("my.wasm"), policy).expect("the file is written");
    write("keyboard", "a password of some words\n");
    write("telnyx-key", TOKEN);
    std::fs::set_permissions(folder.join("telnyx-key"), std::fs::Permissions::from_mode(0o600)).expect("a secret");
    std::fs::create_dir(folder.join("downloads")).expect("a folder");
    let today = Utc::now().format("%Y-%m-%d");
    let complaints = format!("Company_Phone_Number,Created_Date\n2125550100,{today} 00:00:00\n");
    write(&format!("downloads/DNC_Complaint_Numbers_{today}.csv"), &complaints);
}

/// Two calls an hour ago, one of which was answered.
fn call_records() -> String {
    let at = (Utc::now() - chrono::TimeDelta::hours(1)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let call = |ending: &str| format!("{at},{},12125550100,{ending}\n", NUMBERS.start);
    format!("calldate,src,dst,disposition,billsec\n{}{}", call("ANSWERED,31"), call("NO ANSWER,0"))
}

/// Three carriers now call every number clean.
fn verdicts() -> String {
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut rows = "number,carrier,score,label,observed_at\n".to_owned();
    for number in NUMBERS.chain(SPARE).chain(OFFERED).chain([UNKNOWN]) {
        for carrier in ["AT&T", "T-Mobile", "Verizon"] {
            writeln!(rows, "+{number},{carrier},5,,{now}").expect("text grows");
        }
    }
    rows
}

fn path(path: &Path) -> String {
    PathBuf::from(path).to_str().expect("a path in UTF-8").to_owned()
}
