//! `dialguard inventory …`

use super::account::Switch;
use super::output::{dollars, table};
use super::secrets::{self, NamedSecret};
use super::{Desk, Done};
use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use dialguard_dialer::http::secret::SecretPlace;
use dialguard_dialer::ledger::{NO_SUPPLIER, SupplierKind, SupplierProfile};
use dialguard_dialer::providers::{SupplierSettings, open_supplier};
use serde_json::{Value, json};

#[derive(Subcommand)]
pub enum InventoryCommand {
    /// Add a vendor of numbers; nothing is bought until an account is told to buy there
    Add {
        /// Its name
        name: String,
        #[command(flatten)]
        vendor: VendorChoice,
        #[command(flatten)]
        options: Box<VendorOptions>,
    },
    /// Change how a vendor is asked, or what a number costs there; what is not given stays
    Change {
        /// Its name
        name: String,
        #[command(flatten)]
        options: Box<VendorOptions>,
    },
    /// Ask a vendor for something that costs nothing, and say what to mend where that fails
    Test {
        /// Its name
        name: String,
    },
    /// Remove a vendor that no account buys from
    Remove {
        /// Its name
        name: String,
    },
    /// List the vendors
    List,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct VendorChoice {
    /// Twilio; needs --account-sid and --auth-token, or --account-sid, --api-key and --api-key-secret
    #[arg(long)]
    twilio: bool,
    /// Telnyx; needs --api-key
    #[arg(long)]
    telnyx: bool,
}

/// How a vendor is asked. Secrets are named by their place, env:NAME or file:PATH.
#[derive(Args)]
pub struct VendorOptions {
    /// Twilio's account SID
    #[arg(long, value_name = "PLACE")]
    account_sid: Option<SecretPlace>,
    /// Twilio's auth token
    #[arg(long, value_name = "PLACE")]
    auth_token: Option<SecretPlace>,
    /// Telnyx's API key, or the SID of Twilio's
    #[arg(long, value_name = "PLACE")]
    api_key: Option<SecretPlace>,
    /// The secret of Twilio's API key
    #[arg(long, value_name = "PLACE")]
    api_key_secret: Option<SecretPlace>,
    /// What a number costs when it is bought, in whole US cents such as 115; what spending is counted by
    #[arg(long, value_name = "CENTS", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    price_cents: Option<u32>,
    /// Take only numbers that can send texts as well as call
    #[arg(long, value_name = "SWITCH")]
    texts: Option<Switch>,
    /// Where the vendor is, if elsewhere: https, but for this machine
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
}

pub async fn run(desk: &Desk, command: InventoryCommand) -> Result<Done> {
    match command {
        InventoryCommand::Add { name, vendor, options } => add(desk, name, vendor, *options),
        InventoryCommand::Change { name, options } => change(desk, &name, *options),
        InventoryCommand::Test { name } => test(desk, &name).await,
        InventoryCommand::Remove { name } => {
            desk.ledger()?.remove_supplier(&name)?;
            Ok(Done::say(format!("Nothing is bought from {name} any more.")))
        }
        InventoryCommand::List => list(desk),
    }
}

fn add(desk: &Desk, name: String, vendor: VendorChoice, options: VendorOptions) -> Result<Done> {
    let named_well = !name.trim().is_empty() && name.len() <= 64 && !name.chars().any(char::is_control);
    ensure!(named_well && name != NO_SUPPLIER, "give the vendor a name of 1 to 64 characters, other than `none`");
    let kind = if vendor.twilio { SupplierKind::Twilio } else { SupplierKind::Telnyx };
    let price_cents = options.price_cents.context("say with --price-cents what a number costs there")?;
    let secrets = secrets::complete(kind.vendor(), SupplierSettings::secrets_of(kind), options.secrets())?;
    let settings = options.onto(SupplierSettings::new(kind, secrets));
    let profile = SupplierProfile { name, kind, price_cents, settings: settings.to_json() };
    open_supplier(&profile).with_context(|| format!("{} was not added", profile.name))?;
    desk.new_ledger()?.add_supplier(&profile)?;
    Ok(Done::show(
        desk.json,
        || listed_json(&profile),
        || {
            let SupplierProfile { name, kind, price_cents, .. } = &profile;
            let (vendor, price) = (kind.vendor(), dollars(u64::from(*price_cents)));
            format!(
                "{name} is {vendor} at {price} a number. See whether it lets you in: dialguard inventory test {name}"
            )
        },
    ))
}

fn change(desk: &Desk, name: &str, options: VendorOptions) -> Result<Done> {
    ensure!(!options.are_none(), "say what to change, such as --price-cents 115");
    let ledger = desk.ledger()?;
    let mut profile = ledger.supplier(name)?;
    let mut settings =
        SupplierSettings::from_json(&profile.settings).unwrap_or_else(|_| SupplierSettings::new(profile.kind, []));
    // Another set of secrets takes the place of the whole set.
    if !options.secrets().is_empty() {
        let sets = SupplierSettings::secrets_of(profile.kind);
        let secrets = secrets::complete(profile.kind.vendor(), sets, options.secrets())?;
        settings.secrets = SupplierSettings::new(profile.kind, secrets).secrets;
    }
    profile.price_cents = options.price_cents.unwrap_or(profile.price_cents);
    profile.settings = options.onto(settings).to_json();
    open_supplier(&profile).with_context(|| format!("{name} was not changed"))?;
    ledger.change_supplier(&profile)?;
    Ok(Done::show(desk.json, || listed_json(&profile), || format!("{name} is changed; restart what runs.")))
}

async fn test(desk: &Desk, name: &str) -> Result<Done> {
    let profile = desk.ledger()?.supplier(name)?;
    let does_not_work = || format!("{name} does not work");
    let supplier = open_supplier(&profile).with_context(does_not_work)?;
    supplier.test().await.with_context(does_not_work)?;
    let owned = supplier.owned().await.with_context(does_not_work)?.len();
    Ok(Done::show(
        desk.json,
        || json!({"name": name, "works": true, "numbers": owned}),
        || format!("{name} works; it has {owned} numbers of yours."),
    ))
}

fn list(desk: &Desk) -> Result<Done> {
    let suppliers = desk.ledger()?.suppliers()?;
    Ok(Done::show(
        desk.json,
        || suppliers.iter().map(listed_json).collect(),
        || match suppliers.is_empty() {
            true => "No vendors. Add one with `dialguard inventory add`.".into(),
            false => table(["NAME", "VENDOR", "PRICE", "WHERE"].map(str::to_owned), suppliers.iter().map(row)),
        },
    ))
}

fn row(supplier: &SupplierProfile) -> [String; 4] {
    let base_url = SupplierSettings::from_json(&supplier.settings)
        .map_or_else(|error| error.to_string(), |settings| settings.base_url);
    let price = dollars(u64::from(supplier.price_cents));
    [supplier.name.clone(), supplier.kind.vendor().into(), price, base_url]
}

fn listed_json(supplier: &SupplierProfile) -> Value {
    let SupplierProfile { name, kind, price_cents, settings } = supplier;
    let settings: Value = serde_json::from_str(settings).unwrap_or_default();
    json!({"name": name, "kind": kind.name(), "price-cents": price_cents, "settings": settings})
}

impl VendorOptions {
    fn are_none(&self) -> bool {
        self.secrets().is_empty() && self.price_cents.is_none() && self.texts.is_none() && self.base_url.is_none()
    }

    /// The secrets that were named.
    fn secrets(&self) -> Vec<NamedSecret> {
        let secrets = [
            ("account-sid", &self.account_sid),
            ("auth-token", &self.auth_token),
            ("api-key", &self.api_key),
            ("api-key-secret", &self.api_key_secret),
        ];
        secrets.into_iter().filter_map(|(name, place)| Some((name, place.clone()?))).collect()
    }

    /// The settings with those that were given.
    fn onto(&self, settings: SupplierSettings) -> SupplierSettings {
        SupplierSettings {
            base_url: self.base_url.clone().unwrap_or(settings.base_url),
            texts: self.texts.map_or(settings.texts, |switch| switch == Switch::On),
            ..settings
        }
    }
}
