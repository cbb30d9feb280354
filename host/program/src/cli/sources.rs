//! `dialguard sources …`

use super::output::{e164, table};
use super::{CommandContext, Done, misgiven};
use crate::json::{Carrier, CarrierAlias, Source, TestedSource, Time, ftc_settings, lookup_settings};
use crate::parse::{NamedSecret, SourceSpec, micros};
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use dialguard::calendar::rfc3339;
use dialguard::contract::PhoneNumber;
use dialguard_dialer::http::secret::SecretPlace;
use dialguard_dialer::ledger::{self, SourceKind, SourceProfile};
use dialguard_dialer::phone::{self, Region};
use dialguard_dialer::sources::Answer;
use dialguard_dialer::sources::ftc::ComplaintScores;
use dialguard_dialer::sources::inquiry::{Sources, inspect};
use serde_json::json;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum SourcesCommand {
    /// Add a source of verdicts; reviews ask it from the next one on
    Add {
        /// Its name; with --ftc and --simulated also the carrier's
        name: String,
        #[command(flatten)]
        source: SourceChoice,
        /// With --ftc: the scores of 1, 2, 3 and more complaints in 7 days; the last is also that of more [default:
        /// 40,60,80,90,100]
        #[arg(long, value_name = "SCORES")]
        complaint_scores: Option<ComplaintScores>,
        #[command(flatten)]
        lookups: Box<LookupOptions>,
    },
    /// Change where a source has its verdicts from, its secrets, price or budget; its kind and everything else stay
    Change {
        /// Its name
        name: String,
        /// Another file of verdicts, or folder of the FTC's files
        #[arg(long, value_name = "PATH")]
        path: Option<PathBuf>,
        /// Another seed of a simulated source
        #[arg(long, value_name = "SEED")]
        seed: Option<u64>,
        /// The scores of 1, 2, 3 and more complaints in 7 days; the last is also that of more
        #[arg(long, value_name = "SCORES")]
        complaint_scores: Option<ComplaintScores>,
        #[command(flatten)]
        lookups: Box<LookupOptions>,
    },
    /// Test a source by asking it about a number; a paid lookup counts toward the budget
    Test {
        /// Its name
        name: String,
        /// A number to ask about, such as +13105550123
        #[arg(value_parser = number)]
        number: PhoneNumber,
    },
    /// Remove a source; its past verdicts stay on record
    Remove {
        /// Its name
        name: String,
    },
    /// Make a name another name of a carrier, whose votes are then one; upper and lower case and punctuation never matter
    Alias {
        /// The name that sources use, such as 'AT&T Mobility'
        alias: String,
        /// The carrier that it means, such as 'AT&T'
        carrier: String,
    },
    /// Make a name a carrier of its own again
    Unalias {
        /// The name
        alias: String,
    },
    /// List the sources, the carriers they have reported, and other names of carriers
    List,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct SourceChoice {
    /// A folder of the FTC's daily complaint files
    #[arg(long, value_name = "DIR")]
    ftc: Option<PathBuf>,
    /// A file that your dialer writes: CSV with number,carrier,score,label,observed_at, or the same as JSON
    #[arg(long, value_name = "FILE")]
    verdicts: Option<PathBuf>,
    /// Made up from a seed, for demos and tests
    #[arg(long, value_name = "SEED")]
    simulated: Option<u64>,
    /// DNCScrub TrustCall: what Verizon, AT&T and T-Mobile show for US numbers; needs --login-id
    #[arg(long)]
    trustcall: bool,
    /// Telnyx number reputation, for numbers registered there; needs --api-key
    #[arg(long)]
    telnyx: bool,
    /// Nomorobo's spam score through Twilio Lookup; needs --account-sid and --auth-token, or --api-key and --api-key-secret
    #[arg(long)]
    nomorobo: bool,
}

/// How a paid service is called. Each secret is given by its place, env:NAME or file:PATH.
#[derive(Args)]
#[command(next_help_heading = "Paid services")]
pub struct LookupOptions {
    /// TrustCall's login id
    #[arg(long, value_name = "PLACE")]
    login_id: Option<SecretPlace>,
    /// Telnyx's API key, or the SID of Twilio's API key
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
    /// Price of a lookup in US cents, such as 0.3
    #[arg(long, value_name = "CENTS", value_parser = micros)]
    price_cents: Option<u64>,
    /// Most that the lookups of a day (UTC) may cost, in US cents; no lookups beyond that
    #[arg(long, value_name = "CENTS", value_parser = micros)]
    budget_cents: Option<u64>,
    /// Hours an answer counts before the number is looked up again
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u32).range(0..=8_760))]
    fresh_hours: Option<u32>,
    /// The service's address, if not the usual one; https, except on this machine
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
}

pub async fn run(context: &CommandContext, command: SourcesCommand) -> Result<Done> {
    match command {
        SourcesCommand::Add { name, source, complaint_scores, lookups } => {
            add(context, name, source, complaint_scores, *lookups)
        }
        SourcesCommand::Change { name, path, seed, complaint_scores, lookups } => {
            let spec = SourceSpec { path, seed, complaint_scores, ..lookups.spec() };
            change(context, &name, spec)
        }
        SourcesCommand::Test { name, number } => test(context, &name, number).await,
        SourcesCommand::Remove { name } => {
            context.ledger()?.remove_source(&name, context.now())?;
            Ok(Done::say(format!("{name} is removed.")))
        }
        SourcesCommand::Alias { alias, carrier } => {
            context.new_ledger()?.set_carrier_alias(
                &ledger::CarrierAlias { alias: alias.clone(), carrier: carrier.clone() },
                context.now(),
            )?;
            Ok(Done::say(format!("{alias} means {carrier} from now on.")))
        }
        SourcesCommand::Unalias { alias } => {
            context.ledger()?.remove_carrier_alias(&alias, context.now())?;
            Ok(Done::say(format!("{alias} is a carrier of its own from now on.")))
        }
        SourcesCommand::List => list(context),
    }
}

fn add(
    context: &CommandContext,
    name: String,
    source: SourceChoice,
    complaint_scores: Option<ComplaintScores>,
    lookups: LookupOptions,
) -> Result<Done> {
    let spec = SourceSpec { complaint_scores, ..lookups.spec() };
    let (kind, spec) = match source {
        SourceChoice { trustcall: true, .. } => (SourceKind::TrustCall, spec),
        SourceChoice { telnyx: true, .. } => (SourceKind::Telnyx, spec),
        SourceChoice { nomorobo: true, .. } => (SourceKind::Nomorobo, spec),
        SourceChoice { ftc: Some(dir), .. } => (SourceKind::Ftc, SourceSpec { path: Some(dir), ..spec }),
        SourceChoice { verdicts: Some(file), .. } => (SourceKind::Verdicts, SourceSpec { path: Some(file), ..spec }),
        SourceChoice { simulated, .. } => (SourceKind::Simulated, SourceSpec { seed: simulated, ..spec }),
    };
    let profile = spec.profile(&name, kind).map_err(misgiven)?;
    let holds = inspect(&profile, context.now()).with_context(|| format!("{} was not added", profile.name))?;
    let ledger = context.new_ledger()?;
    ledger.add_source(&profile, context.now())?;
    let mut added = serde_json::to_value(Source::read(&ledger, &profile, context.now())?)?;
    added["holds"] = json!(holds);
    Ok(Done::show(context.json, || added, || format!("{} is added: {holds}", profile.name)))
}

fn change(context: &CommandContext, name: &str, spec: SourceSpec) -> Result<Done> {
    let ledger = context.ledger()?;
    let before = ledger.source(name)?;
    let profile = spec.onto(&before).map_err(misgiven)?;
    ensure!(profile != before, "give something to change, such as --path or --budget-cents");
    let holds = inspect(&profile, context.now()).with_context(|| format!("{name} was not changed"))?;
    ledger.change_source(&profile, context.now())?;
    let mut changed = serde_json::to_value(Source::read(&ledger, &profile, context.now())?)?;
    changed["holds"] = json!(holds);
    Ok(Done::show(context.json, || changed, || format!("{name} is changed: {holds}")))
}

fn list(context: &CommandContext) -> Result<Done> {
    let ledger = context.ledger()?;
    let sources = ledger.sources()?;
    let shapes: Vec<_> =
        sources.iter().map(|source| Source::read(&ledger, source, context.now())).collect::<Result<_, _>>()?;
    let rows: Vec<_> = sources.iter().zip(&shapes).map(|(source, shape)| row(source, shape)).collect();
    let carriers: Vec<_> = ledger.carriers()?.into_iter().map(Carrier::from).collect();
    let aliases: Vec<_> = ledger.carrier_aliases()?.into_iter().map(CarrierAlias::from).collect();
    let names: Vec<_> = carriers.iter().map(|carrier| carrier.name.as_str()).collect();
    let carrier_names = if names.is_empty() { "none yet".to_owned() } else { names.join(", ") };
    Ok(Done::show(
        context.json,
        || json!({"sources": shapes, "carriers": carriers, "carrier-aliases": aliases}),
        || {
            let header = ["SOURCE", "KIND", "LOCATION", "TODAY"].map(str::to_owned);
            let meanings: Vec<_> = aliases.iter().map(|it| format!("{} = {}", it.alias, it.carrier)).collect();
            let meanings = if meanings.is_empty() { "none".to_owned() } else { meanings.join(", ") };
            format!("{}\nCarriers: {carrier_names}\nOther names: {meanings}", table(header, rows))
        },
    ))
}

fn row(source: &SourceProfile, shape: &Source) -> [String; 4] {
    let location = match (lookup_settings(source), ftc_settings(source)) {
        (Some(settings), _) => settings.base_url,
        (None, Some(ftc)) => format!("{}, scores {}", ftc.folder.display(), ftc.complaint_scores),
        (None, None) => source.location.clone(),
    };
    let today = shape.today().map_or("–".into(), |today| {
        let circuit = today
            .circuit_open_until
            .map_or(String::new(), |Time(at)| format!("; circuit open until {} after repeated failures", rfc3339(at)));
        format!("{} of {} spent{circuit}", today.spent, today.budget)
    });
    [source.name.clone(), source.kind.name().to_owned(), location, today]
}

async fn test(context: &CommandContext, name: &str, asked: PhoneNumber) -> Result<Done> {
    let report = Sources::new(context.ledger()?).test(name, asked, context.now()).await;
    let report = report.with_context(|| format!("{name} does not work"))?;
    let said = |answer: &Answer| report.carriers[usize::from(answer.carrier)].to_string();
    Ok(Done::show(
        context.json,
        || TestedSource::of(asked, &report),
        || {
            let score = |score: Option<u8>| score.map_or("no data".to_owned(), |score| score.to_string());
            let row = |a: &Answer| {
                [said(a), score(a.score), a.label.as_deref().unwrap_or_default().to_owned(), rfc3339(a.observed_at)]
            };
            let header = ["CARRIER", "SCORE", "LABEL", "OBSERVED AT"].map(str::to_owned);
            match report.answers.is_empty() {
                true => format!("{name} works; it has no opinion about {}.", e164(asked)),
                false => {
                    format!("{name} works. About {}:\n{}", e164(asked), table(header, report.answers.iter().map(row)))
                }
            }
        },
    ))
}

impl LookupOptions {
    fn spec(self) -> SourceSpec {
        SourceSpec {
            secrets: self.secrets(),
            price_micros: self.price_cents,
            budget_micros: self.budget_cents,
            fresh_hours: self.fresh_hours,
            base_url: self.base_url,
            ..SourceSpec::default()
        }
    }

    /// The secrets that were given.
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
}

fn number(text: &str) -> Result<PhoneNumber> {
    Ok(phone::PhoneNumber::parse(text, Region::US)?.digits())
}
