use dialguard_dialer::Dialguard;
use dialguard::calendar::NaiveTime;
use dialguard::clock::FixedClock;
use dialguard::contract::{PhoneNumber, Request, Timestamp};
use dialguard_dialer::ledger::{AccountSettings, ImportedAs, Ledger, NewAccount, SourceKind, SourceProfile};
use dialguard_dialer::phone::Region;
use dialguard_dialer::policies::Policies;
use dialguard_dialer::zones::Zone;
use std::path::Path;
use std::sync::Arc;

/// Nine in the morning, UTC, of 15 January 2026.
const NOW: Timestamp = 1_768_467_600;

const DAY: Timestamp = 24 * 60 * 60;

/// The verdicts of two carriers: +13105550123 is spam, the others are clean.
const VERDICTS: &str = "\
number,carrier,score,label,observed_at
+13105550100,AT&T,5,,2026-01-15T08:00:00Z
+13105550100,T-Mobile,0,,2026-01-15T08:00:00Z
+13105550123,AT&T,95,Suspected Spam,2026-01-15T08:00:00Z
+13105550123,T-Mobile,90,Scam Likely,2026-01-15T08:00:00Z
+13105550199,AT&T,5,,2026-01-15T08:00:00Z
+13105550199,T-Mobile,5,,2026-01-15T08:00:00Z
";

/// A dialer whose ledger is in `folder`. Its account `acme` monitors +13105550100 and +13105550123, has the candidate
/// +13105550199 on hand, and replaces flagged numbers automatically.
async fn small_dialguard(folder: &Path) -> Result<Dialguard, Box<dyn std::error::Error>> {
    let ledger = Arc::new(Ledger::open_or_create(folder)?);
    let policies = Policies::open(ledger.clone(), NOW)?;
    let dialguard = Dialguard::new(ledger.clone(), policies, Arc::new(FixedClock(NOW)));

    let mut settings = AccountSettings::default();
    settings.guard_rails.auto_replace = true;
    let account = NewAccount {
        id: "acme".into(),
        blocks: 1,
        time_zone: Zone::utc(),
        region: Region::US,
        review_at: NaiveTime::from_hms_opt(6, 0, 0).ok_or("six o'clock is a time")?,
        settings,
    };
    dialguard.add_account(&account).await?;

    let numbers: Vec<PhoneNumber> = vec![13_105_550_100, 13_105_550_123];
    ledger.import_numbers("acme", &numbers, ImportedAs::Owned, NOW)?;
    ledger.import_numbers("acme", &[13_105_550_199], ImportedAs::Candidate, NOW)?;
    let file = folder.join("verdicts.csv");
    std::fs::write(&file, VERDICTS)?;
    let location = file.to_string_lossy().into_owned();
    ledger.add_source(&SourceProfile { name: "carriers".into(), kind: SourceKind::Verdicts, location }, NOW)?;

    dialguard.decide("acme", &Request::StartMonitoring(numbers)).await?;
    Ok(dialguard)
}
