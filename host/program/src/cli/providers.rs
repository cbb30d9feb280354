//! `dialguard providers …`

use super::account::Switch;
use super::output::{dollars, table};
use super::{CommandContext, Done, misgiven};
use crate::json::{Provider, TestedProvider};
use crate::parse::{NamedSecret, ProviderSpec};
use crate::words::count;
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use dialguard_dialer::http::secret::SecretPlace;
use dialguard_dialer::ledger::{ProviderKind, ProviderProfile};
use dialguard_dialer::providers::{ProviderSettings, Tryout, open_provider, try_out};

#[derive(Subcommand)]
pub enum ProvidersCommand {
    /// Add a provider; nothing is bought there until an account is set to use it
    Add {
        /// Its name
        name: String,
        #[command(flatten)]
        provider: ProviderChoice,
        #[command(flatten)]
        options: Box<ProviderOptions>,
    },
    /// Change a provider's credentials, options or price; everything else stays
    Change {
        /// Its name
        name: String,
        #[command(flatten)]
        options: Box<ProviderOptions>,
    },
    /// Test a provider's credentials with requests that cost nothing, and say what its account cannot do
    Test {
        /// Its name
        name: String,
    },
    /// Remove a provider that no account uses
    Remove {
        /// Its name
        name: String,
    },
    /// List the providers
    List,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct ProviderChoice {
    /// Twilio; needs --account-sid and --auth-token, or --account-sid, --api-key and --api-key-secret
    #[arg(long)]
    twilio: bool,
    /// Telnyx; needs --api-key
    #[arg(long)]
    telnyx: bool,
}

/// How a provider is called. Each secret is given by its place, env:NAME or file:PATH.
#[derive(Args)]
pub struct ProviderOptions {
    /// Twilio's account SID
    #[arg(long, value_name = "PLACE")]
    account_sid: Option<SecretPlace>,
    /// Twilio's auth token
    #[arg(long, value_name = "PLACE")]
    auth_token: Option<SecretPlace>,
    /// Telnyx's API key, or the SID of Twilio's API key
    #[arg(long, value_name = "PLACE")]
    api_key: Option<SecretPlace>,
    /// The secret of Twilio's API key
    #[arg(long, value_name = "PLACE")]
    api_key_secret: Option<SecretPlace>,
    /// Price of a number in whole US cents, such as 115; it counts where the provider states none of its own
    #[arg(long, value_name = "CENTS", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    price_cents: Option<u32>,
    /// Buy only numbers that support texts as well as calls
    #[arg(long, value_name = "on|off")]
    texts: Option<Switch>,
    /// Buy at the price that the provider states for a number, instead of --price-cents: Telnyx's is on unless it is
    /// switched off, Twilio's is one more request
    #[arg(long, value_name = "on|off")]
    read_prices: Option<Switch>,
    /// Read from the provider's log how calls went, before each daily review and with `dialguard calls read`
    #[arg(long, value_name = "on|off")]
    calls: Option<Switch>,
    /// The provider's address, if not the usual one; https, except on this machine
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
}

pub async fn run(context: &CommandContext, command: ProvidersCommand) -> Result<Done> {
    match command {
        ProvidersCommand::Add { name, provider, options } => add(context, name, provider, *options),
        ProvidersCommand::Change { name, options } => change(context, &name, *options),
        ProvidersCommand::Test { name } => test(context, &name).await,
        ProvidersCommand::Remove { name } => {
            context.ledger()?.remove_provider(&name, context.now())?;
            Ok(Done::say(format!("{name} is removed.")))
        }
        ProvidersCommand::List => list(context),
    }
}

fn add(context: &CommandContext, name: String, provider: ProviderChoice, options: ProviderOptions) -> Result<Done> {
    let kind = if provider.twilio { ProviderKind::Twilio } else { ProviderKind::Telnyx };
    let profile = options.spec().profile(&name, kind).map_err(misgiven)?;
    open_provider(&profile).with_context(|| format!("{} was not added", profile.name))?;
    context.new_ledger()?.add_provider(&profile, context.now())?;
    Ok(Done::show(
        context.json,
        || Provider::from(&profile),
        || {
            let ProviderProfile { name, kind, price_cents, .. } = &profile;
            let (provider, price) = (kind.provider(), dollars(u64::from(*price_cents)));
            format!("{name} is added: {provider}, {price} a number.\nNext: dialguard providers test {name}")
        },
    ))
}

fn change(context: &CommandContext, name: &str, options: ProviderOptions) -> Result<Done> {
    ensure!(!options.are_none(), "give something to change, such as --price-cents 115");
    let ledger = context.ledger()?;
    let profile = options.spec().onto(&ledger.provider(name)?).map_err(misgiven)?;
    open_provider(&profile).with_context(|| format!("{name} was not changed"))?;
    ledger.change_provider(&profile, context.now())?;
    Ok(Done::show(
        context.json,
        || Provider::from(&profile),
        || format!("{name} is changed. Restart `dialguard serve` if it is running."),
    ))
}

async fn test(context: &CommandContext, name: &str) -> Result<Done> {
    let profile = context.ledger()?.provider(name)?;
    let Tryout { owned, limits } =
        try_out(&profile, context.now()).await.with_context(|| format!("{name} does not work"))?;
    Ok(Done::show(
        context.json,
        || TestedProvider { name: name.to_owned(), works: true, numbers: owned, limits: limits.clone() },
        || {
            let works = format!("{name} works; you own {} there.", count(owned as u64, "number"));
            limits.iter().fold(works, |said, limit| format!("{said}\nNote: {limit}."))
        },
    ))
}

fn list(context: &CommandContext) -> Result<Done> {
    let providers = context.ledger()?.providers()?;
    Ok(Done::show(
        context.json,
        || providers.iter().map(Provider::from).collect::<Vec<_>>(),
        || match providers.is_empty() {
            true => "No providers. Add one with `dialguard providers add`.".into(),
            false => table(["NAME", "PROVIDER", "PRICE", "ADDRESS"].map(str::to_owned), providers.iter().map(row)),
        },
    ))
}

fn row(provider: &ProviderProfile) -> [String; 4] {
    let base_url = ProviderSettings::from_json(&provider.settings)
        .map_or_else(|error| error.to_string(), |settings| settings.base_url);
    let price = dollars(u64::from(provider.price_cents));
    [provider.name.clone(), provider.kind.provider().into(), price, base_url]
}

impl ProviderOptions {
    fn are_none(&self) -> bool {
        let switches = [self.texts, self.read_prices, self.calls];
        self.secrets().is_empty()
            && self.price_cents.is_none()
            && switches.iter().all(Option::is_none)
            && self.base_url.is_none()
    }

    /// The secrets that were given.
    fn secrets(&self) -> Vec<NamedSecret> {
        let secrets = [
            ("account-sid", &self.account_sid),
            ("auth-token", &self.auth_token),
            ("api-key", &self.api_key),
            ("api-key-secret", &self.api_key_secret),
        ];
        secrets.into_iter().filter_map(|(name, place)| Some((name, place.clone()?))).collect()
    }

    fn spec(self) -> ProviderSpec {
        let is_on = |switch: Option<Switch>| switch.map(|switch| switch == Switch::On);
        ProviderSpec {
            secrets: self.secrets(),
            price_cents: self.price_cents,
            texts: is_on(self.texts),
            read_prices: is_on(self.read_prices),
            calls: is_on(self.calls),
            base_url: self.base_url,
        }
    }
}
