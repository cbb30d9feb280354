//! What people write for a time zone. Only names of the tz database are taken; anything else that is understood is
//! answered with the name to give, because a zone that was guessed wrong charges and reviews at the wrong time.

use super::windows_zones::WINDOWS_ZONES;
use dialguard_dialer::zones::{self, Zone};

/// Longer texts are no names, and are compared with none.
const NAME_BYTES_MAX: usize = 100;

/// A time zone of the tz database; else why not, and what to give.
pub fn time_zone(text: &str) -> Result<Zone, String> {
    let text = text.trim();
    if text.len() > NAME_BYTES_MAX {
        return Err(format!("a time zone's name has at most {NAME_BYTES_MAX} bytes, not {}", text.len()));
    }
    if let Some(question) = Fixed::of(text).map(Fixed::question) {
        return Err(question);
    }
    text.parse().map_err(|_| format!("no time zone is called {text:?}; {}", what_to_give(text)))
}

/// The zone that an account is to have; none if that is its present one, which may be given again whatever it is called.
pub fn new_time_zone(text: &str, present: Zone) -> Result<Option<Zone>, String> {
    if text.trim() == present.name() { Ok(None) } else { time_zone(text).map(Some) }
}

/// An abbreviation that the database takes for an offset without daylight saving time, which few who write it mean.
struct Fixed {
    name: &'static str,
    offset: &'static str,
    /// A zone that people may mean, and where it is.
    places: [(&'static str, &'static str); 2],
}

const FIXED: [Fixed; 3] = [
    Fixed {
        name: "EST",
        offset: "UTC-5",
        places: [("America/New_York", "local time in the eastern US"), ("Etc/GMT+5", "UTC-5 all year")],
    },
    Fixed {
        name: "MST",
        offset: "UTC-7",
        places: [
            ("America/Denver", "local time in the mountain states"),
            ("America/Phoenix", "Arizona, UTC-7 all year"),
        ],
    },
    Fixed {
        name: "HST",
        offset: "UTC-10",
        places: [
            ("Pacific/Honolulu", "Hawaii, UTC-10 all year"),
            ("America/Adak", "local time in the Aleutian Islands"),
        ],
    },
];

impl Fixed {
    fn of(text: &str) -> Option<&'static Self> {
        FIXED.iter().find(|fixed| fixed.name.eq_ignore_ascii_case(text))
    }

    fn question(&self) -> String {
        let Fixed { name, offset, places: [(first, is_first), (second, is_second)] } = self;
        format!(
            "{name} is {offset} all year, without daylight saving time. Is that what you mean? Give {first} for \
             {is_first}, or {second} for {is_second}"
        )
    }
}

fn what_to_give(text: &str) -> String {
    if let Some(offset) = Offset::of(text) {
        return offset.advice();
    }
    match &suggestions(text)[..] {
        [] => "give a name from the tz database, such as America/New_York or UTC".into(),
        [one] => format!("did you mean {one}?"),
        [others @ .., last] => format!("did you mean {} or {last}?", others.join(", ")),
    }
}

/// The most names that are suggested.
const SUGGESTIONS_MAX: usize = 3;

/// The likeliest names first.
fn suggestions(text: &str) -> Vec<String> {
    let names = zones::names();
    let wanted = plain(text);
    let called = |names: &[String]| names.iter().filter(|name| plain(name) == wanted).cloned().collect::<Vec<_>>();
    let ways: [&dyn Fn() -> Vec<String>; 6] = [
        &|| called(&names),
        &|| of_windows(&wanted),
        &|| colloquial(&wanted),
        &|| in_city(&names, &wanted),
        &|| written_with_rules(&names, text),
        &|| similar(&names, &wanted),
    ];
    let mut found = ways.iter().map(|way| way()).find(|found| !found.is_empty()).unwrap_or_default();
    found.truncate(SUGGESTIONS_MAX);
    found
}

/// Without what people write in different ways: case, blanks and underscores, and the clock's offset that Windows shows
/// first, as in `(UTC-05:00) Eastern Time (US & Canada)`.
fn plain(text: &str) -> String {
    let text = text.trim();
    let text = match text.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        Some((offset, name)) if offset.starts_with("UTC") || offset.starts_with("GMT") => name,
        _ => text,
    };
    let is_gap = |c: char| c.is_whitespace() || c == '_' || c == '.' || c == '-';
    text.split(is_gap).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").to_lowercase()
}

fn of_windows(wanted: &str) -> Vec<String> {
    let standard = wanted.replace(" daylight time", " standard time").replace(" summer time", " standard time");
    let found = WINDOWS_ZONES.iter().filter(|(windows, _)| plain(windows) == standard);
    found.map(|(_, name)| (*name).to_owned()).collect()
}

/// `Eastern`, `US Eastern Time`, `Eastern Time (US & Canada)`, `EDT`.
fn colloquial(wanted: &str) -> Vec<String> {
    let ends = ["(us & canada)", "(us and canada)", "time", "daylight", "standard"];
    let stem = ends.iter().fold(wanted, |stem, end| stem.strip_suffix(end).unwrap_or(stem).trim());
    let stem = ["us ", "u s ", "us/", "usa/", "usa "].iter().find_map(|start| stem.strip_prefix(start)).unwrap_or(stem);
    let found = COLLOQUIAL.iter().filter(|(words, _)| words.split(", ").any(|word| word == stem));
    found.flat_map(|(_, names)| names.split(", ")).map(str::to_owned).collect()
}

/// By the last part of a name: `New York`, `US/New York`, `New York, NY`.
fn in_city(names: &[String], wanted: &str) -> Vec<String> {
    let city = wanted.split(',').next().unwrap_or_default().trim();
    let city = city.rsplit('/').next().unwrap_or_default().trim();
    let called = |name: &&String| name.rsplit_once('/').is_some_and(|(_, last)| plain(last) == city);
    let mut found: Vec<String> = names.iter().filter(called).cloned().collect();
    if found.is_empty() && wanted.contains([',', '/']) {
        found = colloquial(city);
    }
    found
}

/// The name at the beginning of the rules of POSIX, as in `EST5EDT,M3.2.0,M11.1.0`.
fn written_with_rules(names: &[String], text: &str) -> Vec<String> {
    let name = text.split_once(',').map(|(name, _)| name);
    names.iter().filter(|known| name == Some(known.as_str())).cloned().collect()
}

/// Of names with up to two letters that are wrong, missing or swapped, those that come closest.
fn similar(names: &[String], wanted: &str) -> Vec<String> {
    let longest = if wanted.len() < 6 { 1 } else { 2 };
    let distance = |name: &str| {
        let name = plain(name);
        let last = name.rsplit('/').next().unwrap_or_default();
        let squeezed = |text: &str| text.replace(' ', "");
        let apart = |name: &str| strsim::damerau_levenshtein(&squeezed(name), &squeezed(wanted));
        apart(&name).min(if last.len() > 4 { apart(last) } else { usize::MAX })
    };
    let near: Vec<_> = names.iter().map(|name| (distance(name), name)).filter(|(by, _)| *by <= longest).collect();
    let nearest = near.iter().map(|(by, _)| *by).min();
    near.into_iter().filter(|(by, _)| Some(*by) == nearest).map(|(_, name)| name.clone()).collect()
}

/// A distance from UTC, as in `UTC-5`, `GMT+05:30` or `-0800`.
struct Offset {
    minutes: i32,
}

impl Offset {
    fn of(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_uppercase().replace('−', "-");
        let number = ["UTC", "GMT", "Z"].iter().find_map(|start| text.strip_prefix(start)).unwrap_or(&text).trim();
        let (sign, digits) = match number.split_at_checked(1)? {
            ("+", digits) => (1, digits),
            ("-", digits) => (-1, digits),
            _ => return None,
        };
        let digits = digits.trim();
        let (hours, minutes) = digits.split_once(':').or_else(|| {
            let is_joined = digits.len() == 4 && digits.is_ascii();
            if is_joined { digits.split_at_checked(2) } else { Some((digits, "0")) }
        })?;
        let part = |digits: &str, max: i32| {
            let is_number = (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<i32>().ok().filter(|number| is_number && *number <= max)
        };
        let minutes = sign * (part(hours, 14)? * 60 + part(minutes, 59)?);
        Some(Offset { minutes })
    }

    /// The names of the database count westwards, as POSIX does.
    fn advice(&self) -> String {
        let (hours, minutes) = (self.minutes / 60, self.minutes.abs() % 60);
        match (hours, minutes) {
            (0, 0) => "did you mean UTC?".into(),
            (-12..=14, 0) => {
                let reversed = -hours;
                format!(
                    "did you mean Etc/GMT{reversed:+}? That is UTC{hours:+} all year: the sign in these names is \
                     reversed. For daylight saving time give a place, such as America/New_York"
                )
            }
            _ => "give a place that has this offset, such as Asia/Kolkata for +05:30".into(),
        }
    }
}

/// Words for time zones that are not their names, and the zones they may mean.
const COLLOQUIAL: [(&str, &str); 50] = [
    (
        "eastern, east, east coast, et, edt, new york city, nyc, boston, miami, atlanta, philadelphia",
        "America/New_York",
    ),
    ("washington, washington dc, washington d c, orlando, tampa, charlotte, cleveland", "America/New_York"),
    ("florida, georgia, massachusetts, pennsylvania, new jersey, virginia, north carolina, ohio", "America/New_York"),
    ("central, ct, cdt, dallas, houston, austin, san antonio, minneapolis, st louis", "America/Chicago"),
    ("texas, illinois, minnesota, wisconsin, louisiana, new orleans, nashville, kansas city", "America/Chicago"),
    ("cst", "America/Chicago, Asia/Shanghai"),
    ("mountain, mt, mdt, salt lake city, albuquerque, colorado, utah, new mexico", "America/Denver"),
    ("arizona, tucson", "America/Phoenix"),
    ("pacific, pt, pst, pdt, west coast, san francisco, san diego, seattle, portland", "America/Los_Angeles"),
    ("california, nevada, las vegas, sacramento, san jose, oregon", "America/Los_Angeles"),
    ("alaska, alaskan, akst, akdt", "America/Anchorage"),
    ("hawaii, hawaiian", "Pacific/Honolulu"),
    ("indiana, indiana (east)", "America/Indiana/Indianapolis"),
    ("atlantic, at, ast, adt, atlantic (canada), nova scotia", "America/Halifax"),
    ("newfoundland, nst, ndt", "America/St_Johns"),
    ("ontario, quebec, ottawa, montreal", "America/Toronto"),
    ("british columbia, victoria", "America/Vancouver"),
    ("alberta, calgary", "America/Edmonton"),
    ("manitoba", "America/Winnipeg"),
    ("saskatchewan, saskatoon", "America/Regina"),
    ("puerto rico, san juan", "America/Puerto_Rico"),
    ("mexico, guadalajara, monterrey", "America/Mexico_City"),
    ("brazil, brasilia, brt, rio de janeiro", "America/Sao_Paulo"),
    ("argentina, art", "America/Argentina/Buenos_Aires"),
    ("uk, britain, england, british, united kingdom, great britain, bst", "Europe/London"),
    ("greenwich, greenwich mean, universal, coordinated universal, zulu, z, utc, gmt, western european", "UTC"),
    ("ireland", "Europe/Dublin"),
    ("central european, cest, mez, mesz", "Europe/Berlin, Europe/Paris"),
    ("germany, munich, frankfurt, hamburg, cologne", "Europe/Berlin"),
    ("switzerland, geneva, basel, bern", "Europe/Zurich"),
    ("austria", "Europe/Vienna"),
    ("france, lyon", "Europe/Paris"),
    ("spain, barcelona", "Europe/Madrid"),
    ("italy, milan", "Europe/Rome"),
    ("netherlands", "Europe/Amsterdam"),
    ("eastern european, eest", "Europe/Athens, Europe/Bucharest"),
    ("russia, moscow, msk, st petersburg", "Europe/Moscow"),
    ("south africa, sast, cape town", "Africa/Johannesburg"),
    ("ist", "Asia/Kolkata, Europe/Dublin, Asia/Jerusalem"),
    ("india, mumbai, new delhi, delhi, bangalore, chennai", "Asia/Kolkata"),
    ("pakistan, pkt", "Asia/Karachi"),
    ("philippines, pht", "Asia/Manila"),
    ("singapore, sgt", "Asia/Singapore"),
    ("china, beijing", "Asia/Shanghai"),
    ("japan, jst", "Asia/Tokyo"),
    ("korea, south korea, kst", "Asia/Seoul"),
    ("aest, aedt, australian eastern, canberra", "Australia/Sydney"),
    ("awst, australian western", "Australia/Perth"),
    ("acst, acdt, australian central", "Australia/Adelaide"),
    ("new zealand, nzst, nzdt, wellington", "Pacific/Auckland"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_answered_with_a_name() {
        let scenarios = [
            ("Eastern Standard Time", "America/New_York"),
            ("Pacific Standard Time", "America/Los_Angeles"),
            ("Pacific Daylight Time", "America/Los_Angeles"),
            ("w. europe standard time", "Europe/Berlin"),
            ("(UTC-05:00) Eastern Time (US & Canada)", "America/New_York"),
            ("Eastern Time (US & Canada)", "America/New_York"),
            ("Eastern", "America/New_York"),
            ("US Central", "America/Chicago"),
            ("central time", "America/Chicago"),
            ("EDT", "America/New_York"),
            ("PST", "America/Los_Angeles"),
            ("Arizona", "America/Phoenix"),
            ("New York", "America/New_York"),
            ("new_york", "America/New_York"),
            ("Boston, MA", "America/New_York"),
            ("US/New York", "America/New_York"),
            ("New York, NY", "America/New_York"),
            ("london", "Europe/London"),
            ("america/new_york", "America/New_York"),
            ("AMERICA/NEW_YORK", "America/New_York"),
            ("America/New York", "America/New_York"),
            ("America / New-York", "America/New_York"),
            ("America/Newyork", "America/New_York"),
            ("America/New_Yrok", "America/New_York"),
            ("Amercia/Chicago", "America/Chicago"),
            ("us/eastern", "US/Eastern"),
            ("EST5EDT,M3.2.0,M11.1.0", "EST5EDT"),
            ("utc", "UTC"),
            ("GMT+0000", "UTC"),
            ("UTC-5", "Etc/GMT+5"),
            ("GMT+1", "Etc/GMT-1"),
            ("-08:00", "Etc/GMT+8"),
            ("+0900", "Etc/GMT-9"),
        ];
        for (text, name) in scenarios {
            let answer = time_zone(text).unwrap_err();
            let expected = format!("no time zone is called {text:?}; did you mean {name}?");
            assert!(answer.starts_with(&expected), "{text}: {answer}");
        }
    }

    #[test]
    fn a_word_that_means_several_zones_is_answered_with_each() {
        let answer = time_zone("IST").unwrap_err();
        assert!(answer.ends_with("did you mean Asia/Kolkata, Europe/Dublin or Asia/Jerusalem?"), "{answer}");
    }

    #[test]
    fn a_long_text_is_compared_with_no_name() {
        let answer = time_zone(&"x".repeat(101)).unwrap_err();
        assert_eq!(answer, "a time zone's name has at most 100 bytes, not 101");
    }

    #[test]
    fn what_means_no_zone_is_answered_with_an_example() {
        for text in ["Mars", "", "UTC+99", "+", "5", "12345", "../etc/passwd", "é", "−"] {
            let answer = time_zone(text).unwrap_err();
            assert!(answer.ends_with("give a name from the tz database, such as America/New_York or UTC"), "{answer}");
        }
        assert!(time_zone("UTC+5:30").unwrap_err().contains("Asia/Kolkata"));
    }

    #[test]
    fn names_and_old_names_are_taken_but_for_those_without_daylight_saving_time() {
        for name in ["America/New_York", "US/Eastern", "EST5EDT", "Etc/GMT+5", "GMT", "CET", "Asia/Calcutta", "UTC"] {
            assert_eq!(time_zone(name).map(Zone::name), Ok(name));
        }
        assert_eq!(time_zone(" UTC ").map(Zone::name), Ok("UTC"));
        for (name, offset, choices) in [
            ("EST", "UTC-5", ["America/New_York", "Etc/GMT+5"]),
            ("MST", "UTC-7", ["America/Denver", "America/Phoenix"]),
            ("HST", "UTC-10", ["Pacific/Honolulu", "America/Adak"]),
        ] {
            let question = time_zone(name).unwrap_err();
            assert_eq!(time_zone(&name.to_lowercase()).unwrap_err(), question);
            assert!(
                question.starts_with(&format!("{name} is {offset} all year")) && question.contains('?'),
                "{question}"
            );
            assert!(choices.iter().all(|choice| question.contains(choice) && time_zone(choice).is_ok()), "{question}");
        }
    }

    #[test]
    fn every_zone_that_is_suggested_can_be_given() {
        let suggested = WINDOWS_ZONES.iter().map(|(_, name)| *name);
        let suggested = suggested.chain(COLLOQUIAL.iter().flat_map(|(_, names)| names.split(", ")));
        for name in suggested {
            assert!(time_zone(name).is_ok(), "{name}");
        }
        for hours in -12..=14 {
            assert!(hours == 0 || time_zone(&format!("Etc/GMT{:+}", -hours)).is_ok(), "UTC{hours:+}");
        }
    }
}
