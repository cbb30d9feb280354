//! Adding an account: its id, its time zone, and its blocks with their price.

use super::form::{Form, TextField, again, choice, not_done};
use super::layout::Place;
use super::{Failed, page_at, setup};
use crate::parse::{self, FieldError};
use crate::schedule::REVIEW_AT_DEFAULT;
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{Administrator, Caller};
use crate::words::{count, price, thousands};
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use dialguard_dialer::dialguard::DialguardError;
use dialguard_dialer::ledger::{AccountSettings, LedgerError, NewAccount, SLOTS_PER_BLOCK};
use dialguard_dialer::phone::Region;
use dialguard_dialer::zones;
use maud::{Markup, html};
use serde::Deserialize;

/// Blocks that can be chosen here, each with its price; more can be added on the account's page.
const BLOCKS_OFFERED: u32 = 20;

pub fn routes() -> Router<Site> {
    Router::new().route("/add-account", get(show).post(add))
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WrittenAccount {
    id: String,
    time_zone: String,
    blocks: String,
}

impl WrittenAccount {
    fn read(&self) -> Result<NewAccount, FieldError> {
        let in_field = |field: &'static str| move |why: String| FieldError::new(field, why);
        let blocks = self.blocks.parse().ok().filter(|blocks| *blocks <= BLOCKS_OFFERED);
        Ok(NewAccount {
            id: parse::account_id(self.id.trim()).map_err(in_field("id"))?,
            blocks: blocks.ok_or_else(|| in_field("blocks")(format!("choose up to {BLOCKS_OFFERED} blocks")))?,
            time_zone: parse::time_zone(&self.time_zone).map_err(in_field("time-zone"))?,
            region: Region::US,
            review_at: parse::time_of_day(REVIEW_AT_DEFAULT).map_err(in_field("id"))?,
            settings: AccountSettings::default(),
        })
    }
}

async fn show(State(site): State<Site>, Administrator(caller): Administrator) -> Result<Markup, Failed> {
    let new = WrittenAccount { id: String::new(), time_zone: String::new(), blocks: "1".into() };
    form(&site, &caller, &new, None)
}

async fn add(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Form(written): Form<WrittenAccount>,
) -> Result<Response, Failed> {
    let error = match written.read() {
        Err(error) => error,
        Ok(new) => match site.acting_as(&caller).add_account(&new).await {
            Ok(()) => {
                let has_source = !site.dialguard().ledger().sources()?.is_empty();
                let next = if has_source { account_path(&new.id) } else { "/add-source".into() };
                return Ok(Redirect::to(&next).into_response());
            }
            Err(DialguardError::Ledger(error @ LedgerError::AccountExists(_))) => FieldError::new("id", error),
            Err(error) => return Err(error.into()),
        },
    };
    Ok(again(form(&site, &caller, &written, Some(&error))?))
}

fn form(site: &Site, caller: &Caller, written: &WrittenAccount, error: Option<&FieldError>) -> Result<Markup, Failed> {
    let id = TextField {
        name: "id",
        label: "Name",
        value: &written.id,
        hint: "Your name for it, such as acme: letters, digits, and . _ - It stays as it is.",
        ..TextField::default()
    };
    let zone = TextField {
        name: "time-zone",
        label: "Time zone",
        value: &written.time_zone,
        hint: "Type a part of it, such as York or Eastern. Days and billing cycles begin at its midnight.",
        list: Some("time-zones"),
        ..TextField::default()
    };
    let blocks = (0..=BLOCKS_OFFERED).map(|blocks| {
        let slots = thousands(u64::from(blocks) * u64::from(SLOTS_PER_BLOCK));
        let label = match blocks {
            0 => "no block yet: nothing can be monitored, $0.00".to_owned(),
            _ => format!("{}: {slots} numbers monitored, {} a month", count(blocks.into(), "block"), price(blocks)),
        };
        (blocks.to_string(), label)
    });
    let blocks: Vec<_> = blocks.collect();
    let hint = "The first month is charged when the account is added. More can be added at any time.";
    let content = html! {
        h1 { "Add an account" }
        (setup::checklist(site, caller, None)?)
        (not_done(error))
        form.panel method="post" action="/add-account" {
            div.fields {
                (id.render(error))
                (zone.render(error))
                datalist #time-zones { @for zone in zones::names() { option value=(zone) {} } }
                (choice("blocks", "Blocks", &blocks, &written.blocks, hint, error))
            }
            p.buttons { button.first { "Add the account" } a.button href="/" { "Cancel" } }
            p.quiet { "Its daily review is at " (REVIEW_AT_DEFAULT) " local time, which Settings can change." }
        }
    };
    Ok(page_at(caller, Place::Accounts, "Add an account", content))
}
