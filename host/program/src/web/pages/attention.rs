//! What needs a person, on every page: badges on an account's tabs, and a strip at the top. It says nothing while
//! nothing does.

use super::layout::{Tab, told};
use crate::web::Site;
use crate::web::address::{account_path, orders_path};
use crate::web::auth::Caller;
use crate::words::{capital, concern_in_words, remedy, thousands};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use dialguard_dialer::access::Role;
use dialguard_dialer::attention::{AccountAttention, Concern, of_account, of_program};
use dialguard_dialer::ledger::{AccountProfile, Ledger, LedgerError, UNREAD_COUNTED_MAX};
use maud::{Markup, html};

/// Items that the strip shows at once; the others unfold.
const SHOWN_MAX: usize = 3;

tokio::task_local! {
    /// The site whose page is being answered: every page has the strip, and none has to ask for it.
    static SITE: Site;
}

/// Answers a page within its site.
pub async fn within(State(site): State<Site>, request: Request, next: Next) -> Response {
    SITE.scope(site, next.run(request)).await
}

/// What one page shows of it.
#[derive(Default)]
pub struct Shown {
    program: Vec<Concern>,
    account: AccountAttention,
    unread: u32,
}

impl Shown {
    /// For this caller's page. If the ledger cannot be read, the page itself says so.
    pub fn of(caller: &Caller, of: Option<(&AccountProfile, Tab)>) -> Self {
        let read = |site: &Site| Shown::read(site, caller, of);
        let shown = SITE.try_with(read).unwrap_or_else(|_| Ok(Shown::default()));
        shown.unwrap_or_else(|error| {
            tracing::warn!("a page does not show what needs a person: {error}");
            Shown::default()
        })
    }

    fn read(site: &Site, caller: &Caller, of: Option<(&AccountProfile, Tab)>) -> Result<Self, LedgerError> {
        let ledger = site.dialguard().ledger();
        let mut program = of_program(ledger, site.dialguard().now())?;
        program.retain(|concern| caller.grant.is_over_everything() || !concern.is_of_machine());
        let Some((account, tab)) = of else { return Ok(Shown { program, ..Shown::default() }) };
        let unread = unread(ledger, caller, &account.id)?;
        if tab == Tab::Activity && unread > 0 {
            note_read(site, caller, account);
        }
        Ok(Shown { program, account: of_account(ledger, &account.id)?, unread })
    }

    /// The figures that a tab has beside its name.
    pub fn badges(&self, tab: Tab) -> Markup {
        let figures = &self.account.figures;
        let without_candidate = self.account.concerns.iter().find_map(|concern| match concern {
            Concern::FlaggedWithoutCandidate { numbers } => Some(*numbers),
            _ => None,
        });
        let webhooks = figures.paused_webhooks + figures.undelivered;
        let is_of_policy =
            |concern: &&Concern| matches!(concern, Concern::PolicyRolledBack { .. } | Concern::PolicyFailing { .. });
        let policies = self.program.iter().filter(is_of_policy).count() as u32;
        html! {
            @match tab {
                Tab::Numbers => { (urgent(figures.flagged, "flagged")) (badge(figures.suspect, "suspect")) },
                Tab::Orders => (urgent(figures.stuck_orders, "stuck")),
                Tab::Candidates => (urgent(without_candidate.unwrap_or_default(), "flagged without one")),
                Tab::Activity => (badge(self.unread, "unread")),
                Tab::Policy => (urgent(policies, "rolled back or failing")),
                Tab::Settings => (urgent(webhooks, "paused webhooks or undelivered messages")),
                Tab::Billing => "",
            }
        }
    }

    /// What needs a person, each with its remedy; nothing if nothing does. `account` is the id of the page's account.
    pub fn strip(&self, caller: &Caller, account: Option<&str>) -> Markup {
        let concerns: Vec<&Concern> = self.program.iter().chain(&self.account.concerns).collect();
        let (first, others) = concerns.split_at(concerns.len().min(SHOWN_MAX));
        html! {
            @if !concerns.is_empty() {
                section.attention aria-label="Needs you" {
                    ul { @for concern in first { (item(caller, account, concern)) } }
                    @if !others.is_empty() {
                        details {
                            summary { (thousands(others.len() as u64)) " more" }
                            ul { @for concern in others { (item(caller, account, concern)) } }
                        }
                    }
                }
            }
        }
    }
}

/// The alerts of an account that the user has not had the chance to read. A program reads none.
pub fn unread(ledger: &Ledger, caller: &Caller, account: &str) -> Result<u32, LedgerError> {
    if caller.is_program { Ok(0) } else { ledger.unread_alerts(&caller.name, account) }
}

/// Notes that the user has opened the account's activity, without keeping the page waiting for the disk.
fn note_read(site: &Site, caller: &Caller, account: &AccountProfile) {
    let (ledger, user, id) = (site.dialguard().ledger().clone(), caller.name.clone(), account.id.clone());
    tokio::task::spawn_blocking(move || {
        if let Err(error) = ledger.read_alerts(&user, &id) {
            tracing::debug!("alerts of {id} stay unread: {error}");
        }
    });
}

/// A figure, and what it counts for those who do not see it; nothing for zero.
pub fn badge(figure: u32, what: &str) -> Markup {
    with_class(figure, what, "badge")
}

/// One that needs a person.
fn urgent(figure: u32, what: &str) -> Markup {
    with_class(figure, what, "badge urgent")
}

fn with_class(figure: u32, what: &str, class: &str) -> Markup {
    let more = if what == "unread" && figure >= UNREAD_COUNTED_MAX { "+" } else { "" };
    html! {
        @if figure > 0 {
            " " span class=(class) title=(what) { (thousands(figure.into())) (more) span.unseen { " " (what) } }
        }
    }
}

fn item(caller: &Caller, account: Option<&str>, concern: &Concern) -> Markup {
    html! {
        li {
            span { (told(&concern_in_words(concern))) } " "
            @let links = remedies(caller, account, concern);
            @for (path, label) in &links { a href=(path) { (label) } " " }
            @if links.is_empty() && let Some(step) = remedy(concern).dashboard { span.quiet { (capital(step)) "." } }
        }
    }
}

/// Where a user does something about it, and what. What only an operator with a shell can do has no link.
fn remedies(caller: &Caller, account: Option<&str>, concern: &Concern) -> Vec<(String, &'static str)> {
    let role = caller.grant.role;
    let below = |path: &str| account.map(|id| account_path(id) + path);
    let if_may = |least: Role, path: Option<String>, label| path.filter(|_| role >= least).map(|path| (path, label));
    let links = match concern {
        Concern::FlaggedWithoutCandidate { .. } => [
            if_may(Role::Operate, below("/import"), "Add candidates"),
            if_may(Role::Administer, below("/settings#buying"), "Choose a provider"),
        ],
        Concern::FlaggedNotReplaced { .. } => [
            if_may(Role::Read, below("?show=flagged"), "Show them"),
            if_may(Role::Administer, below("/settings"), "Turn it on"),
        ],
        Concern::OrdersStuck { .. } => [if_may(Role::Read, account.map(orders_path), "See what holds them up"), None],
        Concern::SourcesFailing { .. } => {
            let sources = caller.grant.is_over_everything().then(|| ("/sources".into(), "Sources"));
            [if_may(Role::Read, below("/activity?kind=carrier-problem"), "All problems"), sources]
        }
        Concern::WebhooksPaused { .. } | Concern::MessagesUndelivered { .. } => {
            [if_may(Role::Administer, below("/alerts"), "Alerts"), None]
        }
        Concern::ClockLeap(_) if caller.grant.is_over_everything() => [Some(("/clock".into(), "Clock")), None],
        Concern::NoSource if caller.grant.is_over_everything() => [Some(("/sources".into(), "Sources")), None],
        Concern::PolicyRolledBack { .. } | Concern::PolicyFailing { .. } => {
            [if_may(Role::Read, below("/policy"), "Policy"), None]
        }
        Concern::ClockLeap(_) | Concern::NoSource | Concern::LedgerOpenToOthers(_) | Concern::LedgerOnNetwork(_) => {
            [None, None]
        }
    };
    links.into_iter().flatten().collect()
}
