//! The folder of daily files, by their names.

use super::daily_file::Complaints;
use crate::table_file::FileVersion;
use chrono::NaiveDate;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The daily files of a folder by name, and a problem for each other file.
pub(super) struct Folder {
    pub(super) files: Vec<DailyFile>,
    pub(super) problems: Vec<String>,
}

impl Folder {
    pub(super) fn list(dir: &Path) -> std::io::Result<Self> {
        let mut paths = std::fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
        paths.sort();
        let mut folder = Folder { files: Vec::new(), problems: Vec::new() };
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            match date_in_name(&name) {
                _ if name.starts_with('.') || path.is_dir() => {}
                Some(date) => folder.files.push(DailyFile { date, path }),
                None => folder.problems.push(format!(
                    "{name} is ignored: the name of a daily file ends in .csv and has a date, such as \
                     DNC_Complaint_Numbers_2021-07-08.csv; rename it or move it out of {}",
                    dir.display()
                )),
            }
        }
        Ok(folder)
    }
}

/// A file of the FTC's and the date in its name.
pub(super) struct DailyFile {
    pub(super) date: NaiveDate,
    pub(super) path: PathBuf,
}

impl DailyFile {
    pub(super) fn read(
        &self,
        known: Option<&(FileVersion, Arc<Complaints>)>,
    ) -> Result<(FileVersion, Arc<Complaints>), String> {
        // The version before the content: a file that changes in between is then read once too often, never once too few.
        let version = FileVersion::of(&self.path)
            .map_err(|error| format!("{} cannot be read: {error}; download it again", self.path.display()))?;
        match known {
            Some((known_version, complaints)) if *known_version == version => Ok((version, complaints.clone())),
            _ => Ok((version, Arc::new(Complaints::read(&self.path, self.date)?))),
        }
    }
}

/// The first date in the name of a CSV file. Later parts (`_0`, or the date of a download) are not about the complaints.
pub(super) fn date_in_name(name: &str) -> Option<NaiveDate> {
    let stem = name.get(..name.len().checked_sub(4)?).filter(|_| name.to_ascii_lowercase().ends_with(".csv"))?;
    stem.as_bytes().windows(10).find_map(|window| {
        let is_date =
            |(index, byte): (usize, &u8)| if matches!(index, 4 | 7) { *byte == b'-' } else { byte.is_ascii_digit() };
        let date = str::from_utf8(window).ok().filter(|_| window.iter().enumerate().all(is_date))?;
        date.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_found_in_the_names_of_csv_files() {
        let scenarios = [
            ("DNC_Complaint_Numbers_2021-07-08.csv", Some("2021-07-08")),
            ("DNC_Complaint_Numbers_2026-01-09_0.csv", Some("2026-01-09")),
            ("DNC_Complaint_Numbers_2021-07-08_2026-01-09_0.csv", Some("2021-07-08")),
            ("2021-07-08.CSV", Some("2021-07-08")),
            ("é2021-07-08é.csv", Some("2021-07-08")),
            ("DNC_2021-13-08.csv", None),
            ("DNC_2021-7-8.csv", None),
            ("DNC_20210708.csv", None),
            ("DNC_2021-07-08.xlsx", None),
            ("DNC_2021-07-08.csv.part", None),
            ("2021-07-08é", None),
            ("", None),
        ];
        for (name, expected) in scenarios {
            assert_eq!(date_in_name(name).map(|date| date.to_string()).as_deref(), expected, "{name}");
        }
    }
}
