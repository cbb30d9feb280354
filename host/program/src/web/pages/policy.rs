//! The policy that decides, those that could, and what another would have done otherwise.

use super::account::address;
use super::layout::Tab;
use super::{Failed, page};
use crate::web::Site;
use crate::web::caller::{Administer, Administrator, Caller, OfAccount, Read};
use crate::web::pages::layout::moment;
use crate::web::problem::Problem;
use crate::words::{capital, count, dollars, e164, kind_name};
use axum::Router;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use dialguard::contract::{PhoneNumber, Severity, Status};
use dialguard::recording::PLACEHOLDER_FIRST;
use dialguard_dialer::access::Accounts;
use dialguard_dialer::ledger::{AccountProfile, PolicyEvent, PolicyRevision, PolicyState, Revision, RunComparison};
use dialguard_dialer::policies::comparison::Summary;
use dialguard_dialer::policies::{Policies, PoliciesError};
use dialguard_dialer::prices::REPLACEMENT_PRICE_CENTS;
use maud::{Markup, html};
use serde::Deserialize;

/// Events of policies and differences that are shown; the latest.
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
        (decides_now(account, &live, may_act && !ledger.last_good_revisions()?.is_empty()))
        @if let (Some(candidate), Some(compared)) = (candidate, compared) {
            (shadow(account, candidate, &compared, may_act))
        }
        h2 { "Revisions" }
        (table_of(account, &revisions, &state, may_act))
        h2 { "What happened to policies" }
        (history(account, &events, &of.caller))
        p.quiet {
            "Runs that a policy lost are among this account's "
            a href={ (address(&account.id)) "/activity?kind=policy-failed" } { "activity" } "."
        }
    };
    Ok(page(&of.caller, Some((account, Tab::Policy)), "Policy", content))
}

fn decides_now(account: &AccountProfile, live: &PolicyRevision, may_roll_back: bool) -> Markup {
    html! {
        section.panel.policy data-live="policy" aria-label="The policy that decides" {
            p.quiet { "Decides now" }
            p.title { (live.name) " " (live.version) }
            p { (live.summary) }
            dl.facts {
                div { dt { "Revision" } dd { (live.revision) } }
                div { dt { "Contract" } dd { (live.contract) } }
                @if let Some(since) = live.activated_at {
                    div { dt { "Since" } dd { (moment(since, account.time_zone)) } }
                }
                div { dt { "Because" } dd { (live.because()) } }
                div.sha256 { dt { "SHA-256" } dd { code { (live.sha256) } } }
            }
            @if may_roll_back {
                a.button href={ (address(&account.id)) "/policy/roll-back" } { "Roll back…" }
            }
        }
    }
}

fn shadow(account: &AccountProfile, candidate: &PolicyRevision, compared: &[RunComparison], may_act: bool) -> Markup {
    let summary = Summary::of(compared);
    let cents = |replacements: usize| dollars(replacements as u64 * REPLACEMENT_PRICE_CENTS);
    let rows = [
        ("flagged sooner", summary.flagged_sooner.len()),
        ("flagged later, or not", summary.flagged_later.len()),
        ("rated otherwise", summary.rated_differently.len()),
        ("replaced, though kept", summary.replaced_more.len()),
        ("kept, though replaced", summary.replaced_less.len()),
        ("replaced by another", summary.replaced_by_another.len()),
    ];
    html! {
        section.panel data-live="shadow" aria-label="The policy that is compared" {
            p.quiet { "Compared with every review, and decides nothing" }
            p.title { (candidate.name) " " (candidate.version) ", revision " (candidate.revision) }
            @if compared.is_empty() {
                p { "No review of this account has been compared yet." }
            } @else {
                p {
                    (count(summary.reviews as u64, "review")) " of this account, " strong { (summary.reviews_alike) }
                    " of them just the same; " (cents(summary.replaced_more.len())) " more and "
                    (cents(summary.replaced_less.len())) " less for replacements at " (dollars(REPLACEMENT_PRICE_CENTS)) "."
                }
                dl.facts { @for (what, numbers) in rows { div { dt { "Numbers " (what) } dd { (numbers) } } } }
                @if !summary.failures.is_empty() {
                    p.failed { "In " (count(summary.failures.len() as u64, "review")) " it would have done nothing: " (summary.failures[0].1) }
                }
                (differences(account, compared))
            }
            @if may_act {
                p.buttons {
                    a.button href={ (address(&account.id)) "/policy/activate?revision=" (candidate.revision) } { "Let it decide…" }
                    a.button href={ (address(&account.id)) "/policy/stop" } { "Compare no more…" }
                }
            }
        }
    }
}

fn differences(account: &AccountProfile, compared: &[RunComparison]) -> Markup {
    let each = compared.iter().rev().flat_map(|run| run.comparison.differences.iter().map(move |other| (run, other)));
    let latest: Vec<_> = each.take(SHOWN_MAX).collect();
    html! {
        @if !latest.is_empty() {
            details id="differences" {
                summary { "The latest differences, number by number" }
                div.wide tabindex="0" role="region" aria-label="Differences" { table {
                    thead { tr { th scope="col" { "Review" } th scope="col" { "Number" } th scope="col" { "As it was" } th scope="col" { "As it would have been" } } }
                    tbody { @for (run, other) in latest {
                        tr {
                            td { (moment(run.decided_at, account.time_zone)) }
                            td { (number(account, other.number)) }
                            td { (side(other.live_status, other.live_replacement)) }
                            td { (side(other.candidate_status, other.candidate_replacement)) }
                        }
                    } }
                } }
            }
        }
    }
}

fn number(account: &AccountProfile, digits: PhoneNumber) -> Markup {
    let number = e164(digits);
    html! { a href={ (address(&account.id)) "/numbers/" (number) } { (number) } }
}

fn side(status: Status, replacement: Option<PhoneNumber>) -> String {
    let status = status.name();
    match replacement {
        None => status.to_owned(),
        Some(PLACEHOLDER_FIRST..) => format!("{status}, replaced"),
        Some(number) => format!("{status}, replaced by {}", e164(number)),
    }
}

fn table_of(account: &AccountProfile, revisions: &[PolicyRevision], state: &PolicyState, may_act: bool) -> Markup {
    let shadow = state.shadow.map(|shadow| shadow.revision);
    html! {
        div.wide data-live="revisions" tabindex="0" role="region" aria-label="Revisions" { table {
            thead { tr {
                th scope="col" { "Revision" } th scope="col" { "Policy" } th scope="col" { "Contract" }
                th scope="col" { "SHA-256" } th scope="col" { "State" } th scope="col" { "Decides since" }
                @if may_act { th scope="col" { "Actions" } }
            } }
            tbody { @for revision in revisions.iter().rev() {
                @let is_live = state.live == Some(revision.revision);
                @let is_shadow = shadow == Some(revision.revision);
                @let act = |act: &str| format!("{}/policy/{act}?revision={}", address(&account.id), revision.revision);
                tr id={ "revision-" (revision.revision) } {
                    td { (revision.revision) }
                    td { (revision.name) " " (revision.version) }
                    td { (revision.contract) }
                    td { code title=(revision.sha256) { (revision.sha256[..12]) } }
                    td {
                        @if is_live { strong { "decides" } }
                        @else if is_shadow { "is compared" }
                        @else if revision.activated_at.is_some() { "decided" }
                        @else { "installed" }
                    }
                    td {
                        @match revision.activated_at { Some(at) => (moment(at, account.time_zone)), None => "–" }
                        @if !revision.because().is_empty() { span.quiet { ", " (revision.because()) } }
                    }
                    @if may_act { td.acts {
                        @if !is_live { a href=(act("activate")) { "Activate…" } }
                        @if !is_live && !is_shadow { a href=(act("shadow")) { "Compare…" } }
                    } }
                }
            } }
        } }
    }
}

/// What a policy's fault tells may be of any account's numbers: only who sees every account reads it.
fn history(account: &AccountProfile, events: &[PolicyEvent], caller: &Caller) -> Markup {
    let sees_everything = caller.grant.accounts == Accounts::All;
    html! {
        div.wide data-live="policy-events" tabindex="0" role="region" aria-label="What happened to policies" { table {
            thead { tr { th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "Revision" } @if sees_everything { th scope="col" { "In words" } } } }
            tbody { @for event in events {
                tr {
                    td { (moment(event.at, account.time_zone)) }
                    td { (severity(event.severity)) (kind_name(&event.kind)) }
                    td { @match event.revision { Some(revision) => (revision), None => "–" } }
                    @if sees_everything { td { (event.text) } }
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

/// What an administrator over everything may have done about policies.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Act {
    Activate,
    RollBack,
    Shadow,
    Stop,
}

#[derive(Deserialize)]
struct Named {
    act: Act,
}

#[derive(Deserialize)]
struct Chosen {
    revision: Option<Revision>,
}

/// Asks first: says what it means.
async fn ask(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    of: OfAccount<Administer>,
    Path(Named { act }): Path<Named>,
    Query(chosen): Query<Chosen>,
) -> Result<Markup, Failed> {
    question(&site, &caller, &of.account, act, &chosen, None)
}

async fn act(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    of: OfAccount<Administer>,
    Path(Named { act }): Path<Named>,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Failed> {
    match done(&site, act, &chosen) {
        Ok(()) => Ok(Redirect::to(&format!("{}/policy", address(&of.account.id))).into_response()),
        Err(error) => {
            let told = question(&site, &caller, &of.account, act, &chosen, Some(&error.to_string()))?;
            Ok((StatusCode::CONFLICT, told).into_response())
        }
    }
}

fn done(site: &Site, act: Act, chosen: &Chosen) -> Result<(), PoliciesError> {
    let (policies, now) = (site.dialguard().policies(), site.dialguard().now());
    let revision = chosen.revision.ok_or_else(|| PoliciesError::Refused("no revision was chosen".into()));
    // Compiling takes its time.
    tokio::task::block_in_place(|| match act {
        Act::Activate => activate(policies, revision?, now),
        Act::RollBack => policies.roll_back(now).map(|_| ()),
        Act::Shadow => policies.shadow(Some(revision?), now),
        Act::Stop => policies.shadow(None, now),
    })
}

/// Twice asked for, it is done once.
fn activate(policies: &Policies, revision: Revision, now: u64) -> Result<(), PoliciesError> {
    if policies.live_revision()?.revision == revision {
        return Ok(());
    }
    policies.activate(revision, now).map(|_| ())
}

fn question(
    site: &Site,
    caller: &Caller,
    account: &AccountProfile,
    act: Act,
    chosen: &Chosen,
    failed: Option<&str>,
) -> Result<Markup, Failed> {
    let ledger = site.dialguard().ledger();
    let live = site.dialguard().policies().live_revision()?;
    let nothing_chosen = || Problem::new(StatusCode::BAD_REQUEST, "no revision was chosen; the policy page has them");
    let wanted = match act {
        Act::Activate | Act::Shadow => ledger.revision(chosen.revision.ok_or_else(nothing_chosen)?)?,
        Act::RollBack => match ledger.last_good_revisions()?.into_iter().next() {
            Some(before) => before,
            None => return Err(Problem::new(StatusCode::CONFLICT, "no other policy has decided before").into()),
        },
        Act::Stop => live.clone(),
    };
    let (title, button) = match act {
        Act::Activate => (format!("Let revision {} decide?", wanted.revision), "Activate"),
        Act::RollBack => (format!("Go back to the policy of revision {}?", wanted.revision), "Roll back"),
        Act::Shadow => (format!("Compare revision {} with every review?", wanted.revision), "Compare"),
        Act::Stop => ("Compare no more?".to_owned(), "Stop comparing"),
    };
    let compared = match act {
        Act::Activate => Summary::of(&ledger.comparisons(wanted.revision, 0)?),
        _ => Summary::default(),
    };
    let back = format!("{}/policy", address(&account.id));
    let content = html! {
        form.panel.confirm method="post" {
            h1 { (title) }
            @if let Some(failed) = failed { p.failed role="alert" { "Not done: " (failed) "." } }
            @match act {
                Act::Activate | Act::RollBack => {
                    p { strong { (wanted.name) " " (wanted.version) } " will decide every review and request, of "
                        strong { "every account" } ", from now on, instead of " (live.name) " " (live.version)
                        " (revision " (live.revision) ")." }
                    p { "Runs that have begun finish on the policy that they began with. If it fails time after time while it is new, the one before takes over by itself, and that is an alert. You can go back at any time." }
                }
                Act::Shadow => p { strong { (wanted.name) " " (wanted.version) } " will be told what the live policy is told in each review of every account, and decides nothing. What it would have done otherwise is shown on the policy page." },
                Act::Stop => p { "What was compared until now stays on record. No number is treated otherwise." },
            }
            @if act == Act::Activate {
                @if compared.reviews == 0 {
                    p.caution { "It has not been compared with any review. Compare it first, and you see what it would change." }
                } @else {
                    p { "It was compared with " (count(compared.reviews as u64, "review")) " and would have done just the same in "
                        strong { (compared.reviews_alike) } " of them." }
                }
            }
            @if act != Act::Stop { input type="hidden" name="revision" value=(wanted.revision); }
            p.buttons { button.first { (button) } a.button href=(back) { "Cancel" } }
        }
    };
    Ok(page(caller, Some((account, Tab::Policy)), "Policy", content))
}
