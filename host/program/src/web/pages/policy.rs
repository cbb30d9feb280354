//! The active policy, the other revisions, and what a shadowed policy would have done differently.

use super::layout::{Tab, moment, number_link, status_label, told};
use super::{Failed, page};
use crate::web::Site;
use crate::web::address::account_path;
use crate::web::auth::{Administer, Administrator, Caller, OfAccount, Read};
use crate::web::problem::Problem;
use crate::web::query::Query;
use crate::words::{
    VALUES_STAY, actor_in_words, capital, count, dollars, e164, kind_name, settings_change_in_words, thousands,
};
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use dialguard::contract::{PhoneNumber, Severity, Status};
use dialguard::recording::PLACEHOLDER_FIRST;
use dialguard_dialer::Dialguard;
use dialguard_dialer::access::Accounts;
use dialguard_dialer::ledger::{
    AccountProfile, Ledger, PolicyEvent, PolicyRevision, PolicyState, Revision, RunComparison,
};
use dialguard_dialer::policies::comparison::Summary;
use dialguard_dialer::policies::{Policies, PoliciesError};
use dialguard_dialer::prices::REPLACEMENT_PRICE_CENTS;
use maud::{Markup, html};
use serde::Deserialize;

/// Policy events and differences shown, at most: the latest.
const SHOWN_MAX: usize = 50;

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/accounts/{account}/policy", get(policy))
        .route("/accounts/{account}/policy/{act}", get(ask).post(act))
}

async fn policy(State(site): State<Site>, of: OfAccount<Read>) -> Result<Markup, Failed> {
    let (ledger, account) = (site.dialguard().ledger(), &of.account);
    let live = match site.dialguard().policies().live_revision() {
        Ok(live) => live,
        Err(PoliciesError::Refused(why)) => {
            let content = html! { h1 { "Policy" } p.panel { (capital(&why)) "." } };
            return Ok(page(&of.caller, Some((account, Tab::Policy)), "Policy", content));
        }
        Err(error) => return Err(error.into()),
    };
    let (state, revisions) = (ledger.policy_state()?, ledger.revisions()?);
    let candidate = state.shadow.and_then(|shadow| revisions.iter().find(|known| known.revision == shadow.revision));
    let compared = candidate.map(|candidate| ledger.comparisons_of(&account.id, candidate.revision, 0)).transpose()?;
    let mut events = ledger.policy_events(SHOWN_MAX as u32)?;
    events.reverse();
    let may_act = of.caller.grant.is_over_everything();
    let content = html! {
        h1 { "Policy" }
        (active_policy(account, &live, may_act && !ledger.last_good_revisions()?.is_empty()))
        @if let (Some(candidate), Some(compared)) = (candidate, compared) {
            (shadow(account, candidate, &compared, may_act))
        }
        h2 { "Revisions" }
        (revision_table(account, &revisions, &state, may_act))
        h2 { "Policy events" }
        (event_table(account, &events, &of.caller))
        p.quiet {
            "For failed runs, see this account's "
            a href={ (account_path(&account.id)) "/activity?kind=policy-failed" } { "activity" } "."
        }
    };
    Ok(page(&of.caller, Some((account, Tab::Policy)), "Policy", content))
}

fn active_policy(account: &AccountProfile, live: &PolicyRevision, may_roll_back: bool) -> Markup {
    html! {
        section.panel.policy data-live="policy" aria-label="Active policy" {
            p.quiet { "Active policy" }
            p.title { (live.name) " " (live.version) }
            p { (live.summary) }
            dl.facts {
                div { dt { "Revision" } dd { (live.revision) } }
                div { dt { "Contract" } dd { (live.contract) } }
                @if let Some(since) = live.activated_at {
                    div { dt { "Active since" } dd { (moment(since, account.time_zone)) } }
                }
                div { dt { "Reason" } dd { (live.because()) } }
                div.sha256 { dt { "SHA-256" } dd { code { (live.sha256) } } }
            }
            @if may_roll_back {
                a.button href={ (account_path(&account.id)) "/policy/roll-back" } { "Roll back…" }
            }
        }
    }
}

fn shadow(account: &AccountProfile, candidate: &PolicyRevision, compared: &[RunComparison], may_act: bool) -> Markup {
    html! {
        section.panel data-live="shadow" aria-label="Shadow policy" {
            p.quiet { "Shadow policy: compared with every review, changes nothing" }
            p.title { (candidate.name) " " (candidate.version) ", revision " (candidate.revision) }
            @if compared.is_empty() {
                p { "No review of this account has been compared yet." }
            } @else {
                (comparison(&Summary::of(compared)))
                (differences(account, compared))
            }
            @if may_act {
                p.buttons {
                    a.button href={ (account_path(&account.id)) "/policy/activate?revision=" (candidate.revision) } { "Activate…" }
                    a.button href={ (account_path(&account.id)) "/policy/stop" } { "Stop shadowing…" }
                }
            }
        }
    }
}

fn comparison(summary: &Summary) -> Markup {
    let cents = |replacements: usize| dollars(replacements as u64 * REPLACEMENT_PRICE_CENTS);
    let rows = [
        ("Flagged sooner", summary.flagged_sooner.len()),
        ("Flagged later or never", summary.flagged_later.len()),
        ("Other status changes", summary.rated_differently.len()),
        ("Would replace (live policy kept)", summary.replaced_more.len()),
        ("Would keep (live policy replaced)", summary.replaced_less.len()),
        ("Would replace with another number", summary.replaced_by_another.len()),
    ];
    html! {
        p {
            (count(summary.reviews as u64, "review")) " of this account compared, " strong { (thousands(summary.reviews_alike as u64)) }
            " identical. Replacements would have cost " (cents(summary.replaced_more.len())) " more and "
            (cents(summary.replaced_less.len())) " less, at " (dollars(REPLACEMENT_PRICE_CENTS)) " each."
        }
        dl.facts { @for (what, numbers) in rows { div { dt { (what) } dd { (thousands(numbers as u64)) } } } }
        @if !summary.failures.is_empty() {
            p.failed { "It would have failed in " (count(summary.failures.len() as u64, "review")) ": " (summary.failures[0].1) }
        }
    }
}

fn differences(account: &AccountProfile, compared: &[RunComparison]) -> Markup {
    let each = compared.iter().rev().flat_map(|run| run.comparison.differences.iter().map(move |other| (run, other)));
    let latest: Vec<_> = each.take(SHOWN_MAX).collect();
    html! {
        @if !latest.is_empty() {
            details id="differences" {
                summary { "Latest differences" }
                div.wide tabindex="0" role="region" aria-label="Differences" { table {
                    thead { tr { th scope="col" { "Review" } th scope="col" { "Number" } th scope="col" { "Active policy" } th scope="col" { "Shadow policy" } } }
                    tbody { @for (run, other) in latest {
                        tr {
                            td { (moment(run.decided_at, account.time_zone)) }
                            td { (number_link(&account.id, other.number)) }
                            td { (told(&decision(other.live_status, other.live_replacement))) }
                            td { (told(&decision(other.candidate_status, other.candidate_replacement))) }
                        }
                    } }
                } }
            }
        }
    }
}

fn decision(status: Status, replacement: Option<PhoneNumber>) -> String {
    let status = status_label(status);
    match replacement {
        None => status.to_owned(),
        Some(PLACEHOLDER_FIRST..) => format!("{status}, replaced"),
        Some(number) => format!("{status}, replaced by {}", e164(number)),
    }
}

fn revision_table(
    account: &AccountProfile,
    revisions: &[PolicyRevision],
    state: &PolicyState,
    may_act: bool,
) -> Markup {
    let shadow = state.shadow.map(|shadow| shadow.revision);
    html! {
        div.wide data-live="revisions" tabindex="0" role="region" aria-label="Revisions" { table {
            thead { tr {
                th scope="col" { "Revision" } th scope="col" { "Policy" } th scope="col" { "Contract" }
                th scope="col" { "SHA-256" } th scope="col" { "State" } th scope="col" { "Activated" }
                @if may_act { th scope="col" { "Actions" } }
            } }
            tbody { @for revision in revisions.iter().rev() {
                @let is_live = state.live == Some(revision.revision);
                @let is_shadow = shadow == Some(revision.revision);
                @let path = |act: &str| format!("{}/policy/{act}?revision={}", account_path(&account.id), revision.revision);
                tr id={ "revision-" (revision.revision) } {
                    td { (revision.revision) }
                    td { (revision.name) " " (revision.version) }
                    td { (revision.contract) }
                    td { code title=(revision.sha256) { (revision.sha256[..12]) } }
                    td {
                        @if is_live { strong { "active" } }
                        @else if is_shadow { "shadow" }
                        @else if revision.activated_at.is_some() { "formerly active" }
                        @else { "installed" }
                    }
                    td {
                        @match revision.activated_at { Some(at) => (moment(at, account.time_zone)), None => "–" }
                        @if !revision.because().is_empty() { span.quiet { ", " (revision.because()) } }
                    }
                    @if may_act { td.acts {
                        @if !is_live { a href=(path("activate")) { "Activate…" } }
                        @if !is_live && !is_shadow { a href=(path("shadow")) { "Shadow…" } }
                    } }
                }
            } }
        } }
    }
}

/// A policy's error text may name numbers of any account, so only users who may see all accounts get it.
fn event_table(account: &AccountProfile, events: &[PolicyEvent], caller: &Caller) -> Markup {
    let sees_all_accounts = caller.grant.accounts == Accounts::All;
    html! {
        div.wide data-live="policy-events" tabindex="0" role="region" aria-label="Policy events" { table {
            thead { tr { th scope="col" { "Time" } th scope="col" { "Event" } th scope="col" { "Revision" } th scope="col" { "By" } @if sees_all_accounts { th scope="col" { "Details" } } } }
            tbody { @for event in events {
                tr {
                    td { (moment(event.at, account.time_zone)) }
                    td { (severity(event.severity)) (kind_name(&event.kind)) }
                    td { @match event.revision { Some(revision) => (revision), None => "–" } }
                    td { (actor_in_words(event.actor.as_ref())) }
                    @if sees_all_accounts { td { (told(&event.text)) } }
                }
            } }
        } }
    }
}

fn severity(severity: Severity) -> Markup {
    match severity {
        Severity::Info => html! {},
        Severity::Warning => html! { span.severity.warn { "Warning" } " " },
        Severity::Alert => html! { span.severity.alert { "Alert" } " " },
    }
}

/// What administrators of all accounts can do with policies.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Act {
    Activate,
    RollBack,
    Shadow,
    Stop,
}

#[derive(Deserialize)]
struct ActPath {
    act: Act,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevisionChoice {
    revision: Option<Revision>,
}

impl RevisionChoice {
    fn revision(&self) -> Result<Revision, PoliciesError> {
        self.revision.ok_or_else(|| PoliciesError::Refused("no revision was selected".into()))
    }
}

async fn ask(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    of: OfAccount<Administer>,
    Path(ActPath { act }): Path<ActPath>,
    Query(choice): Query<RevisionChoice>,
) -> Result<Markup, Failed> {
    question(&site, &caller, &of.account, act, &choice, None)
}

async fn act(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    of: OfAccount<Administer>,
    Path(ActPath { act }): Path<ActPath>,
    Form(choice): Form<RevisionChoice>,
) -> Result<Response, Failed> {
    match carry_out(&site.acting_as(&caller), act, &choice) {
        Ok(()) => Ok(Redirect::to(&format!("{}/policy", account_path(&of.account.id))).into_response()),
        Err(error) => {
            let page = question(&site, &caller, &of.account, act, &choice, Some(&error.to_string()))?;
            Ok((StatusCode::CONFLICT, page).into_response())
        }
    }
}

fn carry_out(dialguard: &Dialguard, act: Act, choice: &RevisionChoice) -> Result<(), PoliciesError> {
    let (policies, now) = (dialguard.policies(), dialguard.now());
    // Compiling a policy takes CPU time.
    tokio::task::block_in_place(|| match act {
        Act::Activate => activate(policies, choice.revision()?, now),
        Act::RollBack => policies.roll_back(now).map(|_| ()),
        Act::Shadow => policies.shadow(Some(choice.revision()?), now),
        Act::Stop => policies.shadow(None, now),
    })
}

/// Activating the live revision again is not an error: a form may be submitted twice.
fn activate(policies: &Policies, revision: Revision, now: u64) -> Result<(), PoliciesError> {
    if policies.live_revision()?.revision == revision {
        return Ok(());
    }
    policies.activate(revision, now).map(|_| ())
}

/// Says what an act would do and asks for confirmation.
fn question(
    site: &Site,
    caller: &Caller,
    account: &AccountProfile,
    act: Act,
    choice: &RevisionChoice,
    error: Option<&str>,
) -> Result<Markup, Failed> {
    let ledger = site.dialguard().ledger();
    let live = site.dialguard().policies().live_revision()?;
    let target = match act {
        Act::Activate | Act::Shadow => {
            let revision = choice.revision();
            ledger.revision(revision.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()))?)?
        }
        Act::RollBack => ledger
            .last_good_revisions()?
            .into_iter()
            .next()
            .ok_or_else(|| Problem::new(StatusCode::CONFLICT, "there is no earlier policy to roll back to"))?,
        Act::Stop => live.clone(),
    };
    let (title, label) = match act {
        Act::Activate => (format!("Activate revision {}?", target.revision), "Activate"),
        Act::RollBack => (format!("Roll back to the policy of revision {}?", target.revision), "Roll back"),
        Act::Shadow => (format!("Run revision {} as a shadow policy?", target.revision), "Start shadowing"),
        Act::Stop => ("Stop shadowing?".to_owned(), "Stop shadowing"),
    };
    let content = html! {
        form.panel.confirm method="post" {
            h1 { (title) }
            @if let Some(error) = error { p.failed role="alert" { "Failed: " (error) "." } }
            (consequence(act, &target, &live))
            @if act == Act::Activate { (evidence(ledger, target.revision)?) }
            @if matches!(act, Act::Activate | Act::RollBack) { (settings_change(site, target.revision)) }
            @if act != Act::Stop { input type="hidden" name="revision" value=(target.revision); }
            p.buttons { button.first { (label) } a.button href={ (account_path(&account.id)) "/policy" } { "Cancel" } }
        }
    };
    Ok(page(caller, Some((account, Tab::Policy)), "Policy", content))
}

fn consequence(act: Act, target: &PolicyRevision, live: &PolicyRevision) -> Markup {
    html! {
        @match act {
            Act::Activate | Act::RollBack => {
                p { strong { (target.name) " " (target.version) } " will decide every review and request of "
                    strong { "every account" } ", instead of " (live.name) " " (live.version)
                    " (revision " (live.revision) ")." }
                p { "Runs in progress finish on the policy they started with. If the new policy keeps failing at first, Dialguard rolls back to the previous one and raises an alert. You can roll back at any time." }
            }
            Act::Shadow => p { strong { (target.name) " " (target.version) } " will get the same inputs as the live policy in each review of every account. It changes nothing; the policy page shows what it would have done differently." },
            Act::Stop => p { "Comparisons made so far are kept. Nothing changes for any number." },
        }
    }
}

/// What activating would do to settings. It can be activated without: why it cannot be loaded is an error then.
fn settings_change(site: &Site, revision: Revision) -> Markup {
    let change = tokio::task::block_in_place(|| site.dialguard().policies().settings_change(revision));
    let paragraphs = change.map(|change| settings_change_in_words(&change)).unwrap_or_default();
    html! {
        @if !paragraphs.is_empty() {
            h2 { "Settings" }
            ul { @for paragraph in paragraphs { li { (paragraph) } } }
            p.quiet { (VALUES_STAY) }
        }
    }
}

/// What shadowing has shown about a revision.
fn evidence(ledger: &Ledger, revision: Revision) -> Result<Markup, Failed> {
    let compared = Summary::of(&ledger.comparisons(revision, 0)?);
    Ok(html! {
        @if compared.reviews == 0 {
            p.caution { "This revision has not been compared with any review. Shadow it first to see what it would change." }
        } @else {
            p { "Compared with " (count(compared.reviews as u64, "review")) ": " strong { (compared.reviews_alike) } " identical." }
        }
    })
}
