//! `dialguard sources …`

use super::output::{e164, table};
use super::secrets::{self, NamedSecret, full_path};
use super::{CommandContext, Done};
use anyhow::{Context, Result, anyhow, ensure};
use clap::{Args, Subcommand};
use dialguard::calendar::rfc3339;
use dialguard::contract::{PhoneNumber, Timestamp};
use dialguard_dialer::http::secret::SecretPlace;
use dialguard_dialer::ledger::{Ledger, LookupsSpent, SourceKind, SourceProfile};
use dialguard_dialer::phone::{self, Region};
use dialguard_dialer::prices::dollars_of_micros;
use dialguard_dialer::sources::inquiry::{Sources, inspect};
use dialguard_dialer::sources::lookups::{LookupService, LookupSettings};
use dialguard_dialer::sources::nomorobo::Nomorobo;
use dialguard_dialer::sources::telnyx::Telnyx;
use dialguard_dialer::sources::trustcall::TrustCall;
use dialguard_dialer::sources::{Answer, SourceError};
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum SourcesCommand {
    /// Add a source of verdicts; it is asked from the next review on
    Add {
        /// Its name; for --ftc and --simulated also the carrier's
        name: String,
        #[command(flatten)]
        source: Source,
        #[command(flatten)]
        lookups: Box<LookupOptions>,
    },
    /// Ask a source about a number now, and say what to mend where that fails; a lookup that costs counts in the budget
    Test {
        /// Its name
        name: String,
        /// A number to ask about, such as +13105550123
        #[arg(value_parser = number)]
        number: PhoneNumber,
    },
    /// Remove a source of verdicts; what it said before stays on record
    Remove {
        /// Its name
        name: String,
    },
    /// List the sources of verdicts and the carriers heard of
    List,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct Source {
    /// A folder of the FTC's daily complaint files
    #[arg(long, value_name = "DIR")]
    ftc: Option<PathBuf>,
    /// A file that your dialer writes: CSV with number,carrier,score,label,observed_at, or the same as JSON lines
    #[arg(long, value_name = "FILE")]
    verdicts: Option<PathBuf>,
    /// Made up from a seed, for demos and tests
    #[arg(long, value_name = "SEED")]
    simulated: Option<u64>,
    /// DNCScrub TrustCall: what Verizon, AT&T and T-Mobile show for US numbers; needs --login-id
    #[arg(long)]
    trustcall: bool,
    /// Telnyx number reputation, of numbers registered there; needs --api-key
    #[arg(long)]
    telnyx: bool,
    /// Nomorobo's spam score through Twilio Lookup; needs --account-sid and --auth-token, or --api-key and --api-key-secret
    #[arg(long)]
    nomorobo: bool,
}

/// How a service is asked that costs money. Secrets are named by their place, env:NAME or file:PATH.
#[derive(Args)]
#[command(next_help_heading = "Services that are asked for money")]
pub struct LookupOptions {
    /// TrustCall's login id
    #[arg(long, value_name = "PLACE")]
    login_id: Option<SecretPlace>,
    /// Telnyx's API key, or the SID of Twilio's
    #[arg(long, value_name = "PLACE")]
    api_key: Option<SecretPlace>,
    /// The secret of Twilio's API key
    #[arg(long, value_name = "PLACE")]
    api_key_secret: Option<SecretPlace>,
    /// Twilio's account SID
    #[arg(long, value_name = "PLACE")]
    account_sid: Option<SecretPlace>,
    /// Twilio's auth token
    #[arg(long, value_name = "PLACE")]
    auth_token: Option<SecretPlace>,
    /// What asking about one number costs, in US cents such as 0.3
    #[arg(long, value_name = "CENTS", value_parser = micros)]
    price_cents: Option<u64>,
    /// What all lookups of a day (UTC) may cost; nothing is asked beyond that
    #[arg(long, value_name = "CENTS", value_parser = micros)]
    budget_cents: Option<u64>,
    /// How long an answer stands before the number is asked about again
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u32).range(0..=8_760))]
    fresh_hours: Option<u32>,
    /// Where the service is, if elsewhere: https, but for this machine
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
}

pub async fn run(context: &CommandContext, command: SourcesCommand) -> Result<Done> {
    match command {
        SourcesCommand::Add { name, source, lookups } => add(context, name, source, *lookups),
        SourcesCommand::Test { name, number } => test(context, &name, number).await,
        SourcesCommand::Remove { name } => {
            context.ledger()?.remove_source(&name)?;
            Ok(Done::say(format!("{name} is not asked any more.")))
        }
        SourcesCommand::List => list(context),
    }
}

fn add(context: &CommandContext, name: String, source: Source, lookups: LookupOptions) -> Result<Done> {
    let named_well = !name.trim().is_empty() && name.len() <= 64 && !name.chars().any(char::is_control);
    ensure!(named_well, "give the source a name of 1 to 64 characters");
    let is_service = source.trustcall || source.telnyx || source.nomorobo;
    ensure!(
        is_service || lookups.are_none(),
        "only --trustcall, --telnyx and --nomorobo have secrets, prices and a URL"
    );
    let (kind, location) = match source {
        Source { trustcall: true, .. } => (SourceKind::TrustCall, lookups.location::<TrustCall>()?),
        Source { telnyx: true, .. } => (SourceKind::Telnyx, lookups.location::<Telnyx>()?),
        Source { nomorobo: true, .. } => (SourceKind::Nomorobo, lookups.location::<Nomorobo>()?),
        Source { ftc: Some(dir), .. } => (SourceKind::Ftc, full_path(&dir)?),
        Source { verdicts: Some(file), .. } => (SourceKind::Verdicts, full_path(&file)?),
        Source { simulated, .. } => (SourceKind::Simulated, simulated.unwrap_or_default().to_string()),
    };
    let profile = SourceProfile { name, kind, location };
    let holds = inspect(&profile).with_context(|| format!("{} was not added", profile.name))?;
    context.new_ledger()?.add_source(&profile)?;
    Ok(Done::show(
        context.json,
        || json!({"name": profile.name, "kind": kind.name(), "location": location_json(&profile), "holds": holds}),
        || format!("{} is asked from the next review on: {holds}", profile.name),
    ))
}

fn list(context: &CommandContext) -> Result<Done> {
    let ledger = context.ledger()?;
    let sources = ledger.sources()?;
    let sources =
        sources.iter().map(|source| Listed::new(&ledger, source, context.now())).collect::<Result<Vec<_>>>()?;
    let carriers = ledger.carriers()?;
    Ok(Done::show(
        context.json,
        || {
            json!({
                "sources": sources.iter().map(Listed::json).collect::<Vec<_>>(),
                "carriers": carriers.iter().map(|c| json!({"id": c.id, "name": c.name})).collect::<Vec<_>>(),
            })
        },
        || {
            let heard_of: Vec<_> = carriers.iter().map(|carrier| carrier.name.as_str()).collect();
            let heard_of = if heard_of.is_empty() { "none yet".to_owned() } else { heard_of.join(", ") };
            let header = ["SOURCE", "KIND", "LOCATION", "TODAY"].map(str::to_owned);
            format!("{}\nCarriers heard of: {heard_of}", table(header, sources.iter().map(Listed::row)))
        },
    ))
}

/// A source and, of a service, what it was asked today.
struct Listed<'a> {
    source: &'a SourceProfile,
    service: Option<(LookupSettings, LookupsSpent, Option<Timestamp>)>,
}

impl<'a> Listed<'a> {
    fn new(ledger: &Ledger, source: &'a SourceProfile, now: Timestamp) -> Result<Self> {
        let service = match LookupSettings::from_location(&source.location) {
            Ok(settings) if is_service(source.kind) => {
                let open_until = ledger.circuit_open_until(&source.name, now)?;
                Some((settings, ledger.lookups_spent(&source.name, now)?, open_until))
            }
            _ => None,
        };
        Ok(Listed { source, service })
    }

    fn json(&self) -> Value {
        let SourceProfile { name, kind, .. } = self.source;
        let mut listed = json!({"name": name, "kind": kind.name(), "location": location_json(self.source)});
        if let Some((settings, spent, open_until)) = &self.service {
            listed["today"] = json!({
                "lookups": spent.count,
                "spent": dollars_of_micros(spent.micros),
                "budget": dollars_of_micros(settings.budget_micros),
                "circuit-open-until": open_until.map(rfc3339),
            });
        }
        listed
    }

    fn row(&self) -> [String; 4] {
        let SourceProfile { name, kind, location } = self.source;
        let (location, today) = match &self.service {
            None => (location.clone(), "–".into()),
            Some((settings, spent, open_until)) => {
                let circuit = open_until.map_or(String::new(), |at| format!("; circuit open until {}", rfc3339(at)));
                let (of, spent) = (dollars_of_micros(settings.budget_micros), dollars_of_micros(spent.micros));
                (settings.base_url.clone(), format!("{spent} of {of} spent{circuit}"))
            }
        };
        [name.clone(), kind.name().to_owned(), location, today]
    }
}

fn is_service(kind: SourceKind) -> bool {
    matches!(kind, SourceKind::TrustCall | SourceKind::Telnyx | SourceKind::Nomorobo)
}

/// A folder, file or seed as it is, and a service's settings as an object.
fn location_json(source: &SourceProfile) -> Value {
    let settings = is_service(source.kind).then(|| serde_json::from_str(&source.location).ok()).flatten();
    settings.unwrap_or_else(|| json!(source.location))
}

async fn test(context: &CommandContext, name: &str, asked: PhoneNumber) -> Result<Done> {
    let report = Sources::new(context.ledger()?).test(name, asked, context.now()).await;
    let report = report.map_err(with_hint).with_context(|| format!("{name} does not work"))?;
    let said = |answer: &Answer| report.carriers[usize::from(answer.carrier)].to_string();
    Ok(Done::show(
        context.json,
        || {
            let answer = |answer: &Answer| {
                json!({
                    "carrier": said(answer),
                    "score": answer.score,
                    "label": answer.label.as_deref(),
                    "observed-at": rfc3339(answer.observed_at),
                })
            };
            let answers = report.answers.iter().map(answer).collect::<Vec<_>>();
            json!({"number": e164(asked), "answers": answers, "problems": report.problems})
        },
        || {
            let score = |score: Option<u8>| score.map_or("no data".to_owned(), |score| score.to_string());
            let row = |a: &Answer| {
                [said(a), score(a.score), a.label.as_deref().unwrap_or_default().to_owned(), rfc3339(a.observed_at)]
            };
            let header = ["CARRIER", "SCORE", "LABEL", "OBSERVED"].map(str::to_owned);
            match report.answers.is_empty() {
                true => format!("{name} works; it has no opinion on {}.", e164(asked)),
                false => {
                    format!("{name} works. Of {}:\n{}", e164(asked), table(header, report.answers.iter().map(row)))
                }
            }
        },
    ))
}

/// The error with the command that helps.
fn with_hint(error: SourceError) -> anyhow::Error {
    let hint = match error {
        SourceError::Unknown(_) => "`dialguard sources list` shows the sources",
        SourceError::Settings(_) => "remove the source and add it again",
        SourceError::Credentials(_) => "then restart `dialguard serve`",
        SourceError::File { .. } => "provide it, or remove the source with `dialguard sources remove`",
        SourceError::Unavailable(_) => return error.into(),
    };
    anyhow!("{error}; {hint}")
}

impl LookupOptions {
    fn are_none(&self) -> bool {
        self.secrets().is_empty()
            && [self.price_cents, self.budget_cents].iter().all(Option::is_none)
            && self.fresh_hours.is_none()
            && self.base_url.is_none()
    }

    /// The secrets that were named.
    fn secrets(&self) -> Vec<NamedSecret> {
        let secrets = [
            ("login-id", &self.login_id),
            ("api-key", &self.api_key),
            ("api-key-secret", &self.api_key_secret),
            ("account-sid", &self.account_sid),
            ("auth-token", &self.auth_token),
        ];
        secrets.into_iter().filter_map(|(name, place)| Some((name, place.clone()?))).collect()
    }

    fn location<S: LookupService>(self) -> Result<String> {
        let secrets = secrets::complete(S::NAME, S::SECRETS, self.secrets())?;
        let mut settings = LookupSettings::new::<S>(secrets);
        settings.price_micros = self.price_cents.context("say with --price-cents what a lookup costs; 0 if nothing")?;
        settings.budget_micros = self.budget_cents.context("say with --budget-cents what a day may cost")?;
        settings.fresh_hours = self.fresh_hours.unwrap_or(settings.fresh_hours);
        settings.base_url = self.base_url.unwrap_or(settings.base_url);
        Ok(settings.location())
    }
}

/// Cents, with decimals perhaps, as millionths of a dollar.
fn micros(text: &str) -> Result<u64> {
    const MICROS_PER_CENT: f64 = 10_000.0;
    let micros = text.parse::<f64>().context("give US cents, such as 0.3 or 500")? * MICROS_PER_CENT;
    ensure!((0.0..=1e15).contains(&micros), "give US cents from 0 to 100 thousand million");
    ensure!((micros - micros.round()).abs() < 1e-6 * micros.max(1.0), "give at most four decimals of a cent");
    Ok(micros.round() as u64)
}

fn number(text: &str) -> Result<PhoneNumber> {
    Ok(phone::PhoneNumber::parse(text, Region::US)?.digits())
}
