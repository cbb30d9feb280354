//! The way from the first user to the first check: what is done, and what comes next. It is read from the ledger, so it
//! goes on wherever it was left, on whatever surface the rest is done.

use super::Failed;
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::Caller;
use crate::words::count;
use dialguard_dialer::ledger::{AccountProfile, SetupState};
use dialguard_dialer::sources::inquiry::carrier_count;
use maud::{Markup, html};

/// How far the program has come, or one account.
pub struct Setup {
    account: Option<String>,
    carriers: Carriers,
    state: SetupState,
}

/// For how many carriers the sources speak, and how many must have an opinion before a number is rated.
#[derive(Clone, Copy)]
pub struct Carriers {
    /// Those that are known without asking; a file of verdicts may have any.
    known: usize,
    has_file: bool,
    needed: usize,
}

impl Carriers {
    /// By the settings of this account, or else the defaults.
    pub fn of(site: &Site, account: Option<&AccountProfile>) -> Result<Self, Failed> {
        let sources = site.dialguard().ledger().sources()?;
        let counts = sources.iter().map(|source| carrier_count(source.kind));
        let live = site.dialguard().policies().live()?;
        let settings = account.map(|account| account.settings.clone()).unwrap_or_default();
        // A policy that has no such setting needs one.
        let needed = live.declaration.value("rating-carriers-min", &settings);
        Ok(Carriers {
            known: counts.clone().flatten().sum(),
            has_file: counts.into_iter().any(|count| count.is_none()),
            needed: needed.and_then(|needed| needed.try_into().ok()).unwrap_or(1),
        })
    }

    fn are_enough(self) -> bool {
        self.has_file || self.known >= self.needed
    }

    /// Why numbers cannot be rated yet; empty if they can, or if there is no source at all.
    pub fn notice(self) -> Markup {
        html! {
            @if self.known > 0 && !self.are_enough() {
                p.warning {
                    "The sources speak for " (count(self.known as u64, "carrier")) ", and a number is rated only if "
                    (self.needed) " have an opinion. Add another source, or lower “Rating carriers min” in an account's Settings."
                }
            }
        }
    }
}

/// A step: what is to be done, and how it is begun once those before it are done.
struct Step {
    is_done: bool,
    title: &'static str,
    begin: Markup,
}

/// The checklist, for those who may do all of it; empty once a number has been rated.
pub fn checklist(site: &Site, caller: &Caller, account: Option<&AccountProfile>) -> Result<Markup, Failed> {
    if !caller.grant.is_over_everything() || account.is_some_and(|account| account.closed_at.is_some()) {
        return Ok(html! {});
    }
    let setup = Setup::of(site, account)?;
    // Empty it is there too, so that an open page learns that all is done.
    Ok(html! { div data-live="setup" { @if let Some(setup) = setup { (setup.render()) } } })
}

impl Setup {
    /// Of this account; without one, of the account that has come furthest. None once it is done.
    fn of(site: &Site, account: Option<&AccountProfile>) -> Result<Option<Self>, Failed> {
        let ledger = site.dialguard().ledger();
        let carriers = Carriers::of(site, account)?;
        let ids = match account {
            Some(account) => vec![account.id.clone()],
            None => {
                let open = ledger.accounts()?.into_iter().filter(|account| account.closed_at.is_none());
                open.map(|account| account.id).collect()
            }
        };
        let nothing = SetupState { has_numbers: false, has_monitored: false, has_ratings: false };
        let mut furthest = Setup { account: None, carriers, state: nothing };
        for id in ids {
            let state = ledger.setup_state(&id)?;
            if state.has_ratings {
                return Ok(None);
            }
            if furthest.account.is_none() || state > furthest.state {
                furthest = Setup { account: Some(id), carriers, state };
            }
        }
        Ok(Some(furthest))
    }

    fn steps(&self) -> [Step; 6] {
        let path = self.account.as_deref().map(account_path).unwrap_or_default();
        let link = |path: &str, label: &str| html! { a.button.first href=(path) { (label) } };
        let SetupState { has_numbers, has_monitored, has_ratings } = self.state;
        let step = |is_done, title, begin| Step { is_done, title, begin };
        [
            step(true, "The first user", html! {}),
            step(
                self.account.is_some(),
                "An account, with its time zone and its blocks",
                link("/add-account", "Add an account"),
            ),
            step(
                self.carriers.are_enough(),
                "Sources of verdicts, for enough carriers",
                link("/add-source", "Add a source"),
            ),
            step(has_numbers, "Numbers", link(&format!("{path}/import"), "Import numbers")),
            step(
                has_monitored,
                "Selection: a number is monitored only if you select it",
                html! {
                    form.inline method="post" action={ (path) "/ask" } data-ask {
                        input type="hidden" name="all" value="1";
                        button.first name="action" value="monitor" { "Monitor all numbers…" }
                        span { "or " a href=(path) { "select some" } }
                    }
                },
            ),
            step(
                has_ratings,
                "The first check, which begins by itself once numbers are monitored",
                html! {
                    form.inline method="post" action={ (path) "/review" } { button.first { "Check now" } }
                },
            ),
        ]
    }

    fn render(&self) -> Markup {
        let steps = self.steps();
        let done = steps.iter().filter(|step| step.is_done).count();
        let next = steps.iter().position(|step| !step.is_done);
        html! {
            section.panel.setup aria-labelledby="setup" {
                h2 #setup { "Set up: " (done) " of " (steps.len()) }
                ol {
                    @for (place, step) in steps.iter().enumerate() {
                        li.done[step.is_done] aria-current=[(next == Some(place)).then_some("step")] {
                            span { (step.title) @if step.is_done { span.unseen { " (done)" } } }
                            @if next == Some(place) { (step.begin) }
                        }
                    }
                }
            }
        }
    }
}
