//! `dialguard demo`: two weeks of a dialer's days, played through the same library calls as everything else.
//!
//! [`STORY`] says which carriers flag which number from which day on. Each day the demo writes the carriers' files, as
//! a dialer would, reviews the account at its local time, and reports the result.

use super::numbers::Listing;
use super::output::{dollars, e164};
use super::review::usage_in_words;
use super::serve::{DashboardOptions, log_to_stderr, open, stop_signal};
use super::{CommandContext, Done};
use crate::json::Usage;
use crate::web::{Demo as PlayedDemo, StoryLine};
use crate::words::signed_dollars;
use anyhow::{Context, Result, ensure};
use chrono::{Days, NaiveDate, NaiveTime};
use clap::Args;
use dialguard::calendar::{instant, rfc3339};
use dialguard::clock::{Clock, FixedClock, ShiftedClock};
use dialguard::contract::{Deletion, PhoneNumber, Request, Timestamp};
use dialguard_dialer::Dialguard;
use dialguard_dialer::access::{Accounts, Grant, Role, add_user, random_secret};
use dialguard_dialer::ledger::{
    AccountSettings, Actor, EventFilter, EventKind, ImportedAs, Ledger, NewAccount, SourceKind, SourceProfile,
};
use dialguard_dialer::phone::Region;
use dialguard_dialer::policies::Policies;
use dialguard_dialer::prices::REPLACEMENT_PRICE_CENTS;
use dialguard_dialer::zones::Zone;
use serde_json::json;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

const ACCOUNT: &str = "demo";
const DAYS: u64 = 14;
/// The user of the demo's dashboard.
const VISITOR: &str = "visitor";
const NUMBERS: std::ops::Range<PhoneNumber> = 13_105_550_100..13_105_550_112;
const CANDIDATES: [PhoneNumber; 3] = [13_105_550_140, 13_105_550_141, 12_135_550_177];
/// Candidates for visitors of the dashboard; the story uses up the others.
const DASHBOARD_CANDIDATES: [PhoneNumber; 2] = [13_105_550_142, 13_105_550_143];

/// A number of the dashboard that is not monitored.
const UNMONITORED: PhoneNumber = 13_105_550_112;

/// A carrier: its name, the engine behind it, and its call label for spam.
const CARRIERS: [(&str, &str); 3] =
    [("AT&T (Hiya)", "Suspected Spam"), ("T-Mobile (First Orion)", "Scam Likely"), ("Verizon (TNS)", "Potential Spam")];

/// From this day on, these carriers (by their place above) flag this number.
struct Turn {
    from_day: u64,
    number: PhoneNumber,
    flagged_by: &'static [usize],
}

const STORY: [Turn; 5] = [
    Turn { from_day: 1, number: 13_105_550_140, flagged_by: &[1] },
    Turn { from_day: 3, number: 13_105_550_104, flagged_by: &[0, 1, 2] },
    Turn { from_day: 5, number: 13_105_550_109, flagged_by: &[2] },
    Turn { from_day: 7, number: 13_105_550_102, flagged_by: &[0, 2] },
    Turn { from_day: 12, number: 13_105_550_107, flagged_by: &[0, 1] },
];

/// On this day T-Mobile's file is missing.
const OUTAGE: (u64, usize) = (6, 1);

/// On this day a user deletes this number and accepts the loss of its slot.
const DELETION: (u64, PhoneNumber) = (10, 13_105_550_111);

#[derive(Args)]
pub struct Demo {
    /// Then serve the dashboard on the demo's account, until stopped
    #[arg(long)]
    serve: bool,
    #[command(flatten)]
    dashboard: DashboardOptions,
}

pub async fn play(context: &CommandContext, Demo { serve, dashboard }: Demo) -> Result<Done> {
    ensure!(
        !serve || dashboard.is_of_this_machine(),
        "the demo's link signs anybody in who has it, as often as it is opened, so the demo serves only this machine; give \
         --listen an address such as 127.0.0.1:3425"
    );
    // The folder is removed in any case.
    let folder = tempfile::Builder::new().prefix("dialguard-demo-").tempdir()?;
    let mut story = Story::new(folder.path())?;
    let done = story.play(context.json).await?;
    if serve {
        story.serve(&dashboard).await?;
        return Ok(Done::say(""));
    }
    Ok(done)
}

struct Story<'a> {
    folder: &'a Path,
    dialguard: Dialguard,
    story: String,
}

impl<'a> Story<'a> {
    fn new(folder: &'a Path) -> Result<Self> {
        let ledger = Arc::new(Ledger::open_or_create(folder)?);
        let clock = Arc::new(FixedClock(time_on(0)?));
        let policies = Policies::open(ledger.clone(), clock.now())?;
        Ok(Story { folder, dialguard: Dialguard::new(ledger, policies, clock), story: String::new() })
    }

    async fn play(&mut self, json: bool) -> Result<Done> {
        self.set_up().await?;
        for day in 1..=DAYS {
            self.live_through(day).await?;
        }
        let dialguard = self.dialguard.at(time_on(DAYS)?);
        let usage = dialguard.usage(ACCOUNT).await?;
        let listing = Listing::read(&dialguard, ACCOUNT)?;
        let marks = dialguard.ledger().mark_counts(ACCOUNT, dialguard.now())?;
        let head = usage_in_words(&dialguard, ACCOUNT, (&usage, &marks))?;
        let replaced = self.replaced()?;
        Ok(Done::show(
            json,
            || json!({"usage": Usage::new(&usage, &marks), "numbers": listing.json()}),
            || format!("{}\nTHE DASHBOARD ON DAY {DAYS}\n{head}\n{}\n{replaced}\n{NEXT}", self.story, listing.text()),
        ))
    }

    /// The dashboard on the last day; from then on time passes normally.
    async fn serve(&self, dashboard: &DashboardOptions) -> Result<()> {
        log_to_stderr();
        let ledger = self.dialguard.ledger();
        let clock = Arc::new(ShiftedClock::reading(time_on(DAYS)?));
        let dialguard = Dialguard::new(ledger.clone(), self.dialguard.policies().clone(), clock);
        ledger.import_numbers(ACCOUNT, &DASHBOARD_CANDIDATES, ImportedAs::Candidate, dialguard.now())?;
        ledger.import_numbers(ACCOUNT, &[UNMONITORED], ImportedAs::Owned, dialguard.now())?;
        let grant = Grant { role: Role::Administer, accounts: Accounts::All };
        add_user(ledger, VISITOR, &random_secret()?, grant, dialguard.now())?;
        let stop = stop_signal();
        tracing::info!("two weeks have been played; open the link below, and press Ctrl-C to stop");
        let dialguard = dialguard.acting_as(Actor::schedule());
        open(&dialguard, dashboard, Some(self.told()?), stop).await?.await??;
        Ok(())
    }

    /// What the pages of the demo tell.
    fn told(&self) -> Result<PlayedDemo> {
        let line = |text: String, path: String, link: String| StoryLine { text, path, link };
        let events = self.dialguard.ledger().events(ACCOUNT, EventFilter { number: None, last: 1_000 })?;
        let replaced = events.iter().filter(|event| event.kind == EventKind::Replaced.name());
        let began_at = time_on(0)?;
        let replaced = replaced.filter_map(|event| {
            let (number, day) = (event.number?, (event.at - began_at).div_ceil(24 * 60 * 60));
            let text = format!(
                "On day {day} {} was still flagged by most carriers, and replaced in its slot for {}.",
                e164(number),
                dollars(REPLACEMENT_PRICE_CENTS)
            );
            Some(line(text, format!("/numbers/+{number}"), "Its history".into()))
        });
        let mut story: Vec<_> = replaced.collect();
        let Turn { from_day, number, .. } = STORY[STORY.len() - 1];
        story.push(line(
            format!(
                "Two of three carriers have flagged {} since day {from_day}: see what each of them shows.",
                e164(number)
            ),
            format!("/numbers/+{number}"),
            "Its carriers".into(),
        ));
        story.push(line(
            format!(
                "On day {} T-Mobile's file was missing. No answer is no verdict: every status stayed as it was.",
                OUTAGE.0
            ),
            "/activity".into(),
            "Activity".into(),
        ));
        story.push(line(
            format!(
                "On day {} a user deleted {}; its slot stays locked until the cycle ends.",
                DELETION.0,
                e164(DELETION.1)
            ),
            "?show=monitored".into(),
            "What is monitored".into(),
        ));
        story.push(line(
            format!(
                "{} is not monitored, so its reputation is a dash: choose Monitor in its menu to see its first check.",
                e164(UNMONITORED)
            ),
            "?show=not-monitored".into(),
            "Show it".into(),
        ));
        Ok(PlayedDemo {
            visitor: VISITOR.into(),
            account: ACCOUNT.into(),
            summary: format!(
                "Two weeks of a dialer with {} monitored numbers in one block of 15 slots, three carriers, and \
                 auto-replacement turned on.",
                NUMBERS.count()
            ),
            story,
        })
    }

    /// Twelve numbers in fifteen slots, auto-replacement turned on, three candidates on hand, one file a carrier.
    async fn set_up(&mut self) -> Result<()> {
        let mut settings = AccountSettings::default();
        settings.guard_rails.auto_replace = true;
        let new = NewAccount {
            id: ACCOUNT.into(),
            blocks: 1,
            time_zone: "America/Los_Angeles".parse()?,
            region: Region::US,
            review_at: NaiveTime::from_hms_opt(6, 0, 0).context("six o'clock is a time")?,
            settings,
        };
        self.dialguard.add_account(&new).await?;
        let ledger = self.dialguard.ledger().clone();
        let now = self.dialguard.now();
        let numbers: Vec<_> = NUMBERS.collect();
        ledger.import_numbers(ACCOUNT, &numbers, ImportedAs::Owned, now)?;
        ledger.import_numbers(ACCOUNT, &CANDIDATES, ImportedAs::Candidate, now)?;
        for (carrier, (name, _)) in CARRIERS.iter().enumerate() {
            let location = self.file_of(carrier).to_string_lossy().into_owned();
            ledger.add_source(&SourceProfile { name: (*name).into(), kind: SourceKind::Verdicts, location }, now)?;
        }
        self.dialguard.decide(ACCOUNT, &Request::StartMonitoring(numbers)).await?;
        self.say("A throw-away account: 12 numbers monitored in 15 slots, $49.00 a month, auto-replacement turned on,");
        self.say(
            "3 candidates on hand. A number is flagged once most carriers call it spam, and replaced if the next day's \
                  verdicts agree.",
        );
        Ok(())
    }

    async fn live_through(&mut self, day: u64) -> Result<()> {
        let now = time_on(day)?;
        self.write_verdicts(day, now)?;
        let seen_before = self.latest_event()?;
        let dialguard = self.dialguard.at(now);
        if day == DELETION.0 {
            let deletion = Deletion { numbers: vec![DELETION.1], accept_slot_loss: true };
            dialguard.decide(ACCOUNT, &Request::DeleteNumbers(deletion)).await?;
        }
        dialguard.acting_as(Actor::schedule()).review(ACCOUNT).await?;
        self.report_day(day, seen_before)
    }

    /// Reports what happened on a day, from the account's events.
    fn report_day(&mut self, day: u64, seen_before: u64) -> Result<()> {
        let events = self.dialguard.ledger().events(ACCOUNT, EventFilter { number: None, last: 100 })?;
        // Repeated by the events of single numbers.
        let repeated = ["newly-flagged", EventKind::ReplacementIntended.name()];
        let reported = events.iter().filter(|event| event.id > seen_before && !repeated.contains(&event.kind.as_str()));
        for (place, event) in reported.enumerate() {
            let day = if place == 0 { format!("Day {day:>2}") } else { " ".repeat(6) };
            let text = event.text.replace(&format!("{}/", self.folder.display()), "");
            self.say(&format!("{day}  {text}"));
        }
        Ok(())
    }

    fn latest_event(&self) -> Result<u64> {
        let events = self.dialguard.ledger().events(ACCOUNT, EventFilter { number: None, last: 1 })?;
        Ok(events.last().map_or(0, |event| event.id))
    }

    fn say(&mut self, text: &str) {
        let _ = writeln!(self.story, "{text}");
    }

    fn file_of(&self, carrier: usize) -> std::path::PathBuf {
        self.folder.join(["att.csv", "t-mobile.csv", "verizon.csv"][carrier])
    }

    fn write_verdicts(&self, day: u64, now: Timestamp) -> Result<()> {
        for (carrier, (name, label)) in CARRIERS.iter().enumerate() {
            let file = self.file_of(carrier);
            if (day, carrier) == OUTAGE {
                std::fs::remove_file(&file)?;
                continue;
            }
            let mut rows = "number,carrier,score,label,observed_at\n".to_owned();
            for number in NUMBERS.chain([UNMONITORED]).chain(CANDIDATES).chain(DASHBOARD_CANDIDATES) {
                let flags = STORY
                    .iter()
                    .any(|turn| turn.from_day <= day && turn.number == number && turn.flagged_by.contains(&carrier));
                let score = if flags { 86 + number % 10 } else { number * 7 % 25 };
                let label = if flags { *label } else { "" };
                writeln!(rows, "+{number},{name},{score},{label},{}", rfc3339(now))?;
            }
            std::fs::write(file, rows)?;
        }
        Ok(())
    }

    /// What was replaced by what and why, and the total cost.
    fn replaced(&self) -> Result<String> {
        let events = self.dialguard.ledger().events(ACCOUNT, EventFilter { number: None, last: 1_000 })?;
        let mut text = "REPLACED\n".to_owned();
        for event in events.iter().filter(|event| event.kind == EventKind::Replaced.name()) {
            writeln!(text, "{} {}", rfc3339(event.at), event.text)?;
        }
        let cents = events.iter().filter_map(|event| event.cents).sum::<i64>();
        let replacements = events.iter().filter(|event| event.kind == EventKind::ReplacementCharged.name()).count();
        writeln!(
            text,
            "Billed in these two weeks: {}, including {replacements} replacements at {} each. The slot of {} stays locked until the cycle ends.",
            signed_dollars(cents),
            dollars(REPLACEMENT_PRICE_CENTS),
            e164(DELETION.1)
        )?;
        Ok(text)
    }
}

/// Six in the morning in Los Angeles on a day of the story; day 0 is the one on which the account is added.
fn time_on(day: u64) -> Result<Timestamp> {
    let first = NaiveDate::from_ymd_opt(2026, 3, 1).context("1 March 2026 is a date")?;
    let date = first.checked_add_days(Days::new(day)).context("the story is short")?;
    let six = NaiveTime::from_hms_opt(6, 0, 0).context("six o'clock is a time")?;
    Ok(instant(date, six, "America/Los_Angeles".parse::<Zone>()?))
}

const NEXT: &str = "\
NEXT, WITH YOUR OWN NUMBERS
dialguard account add acme --blocks 1 --time-zone America/New_York
dialguard sources add carriers --verdicts FILE.csv    (to try it without: two, --simulated 1 and --simulated 2)
dialguard numbers import acme NUMBERS.csv
dialguard monitor acme --all
dialguard review acme && dialguard numbers list acme

SEE THE DEMO IN THE DASHBOARD
cargo run -- demo --serve    (installed: dialguard demo --serve)
";
