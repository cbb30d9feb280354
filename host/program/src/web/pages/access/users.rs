//! Users, who are invited or added, and what each may do.

use super::grant::{ChosenGrant, GrantForm};
use super::{account_ids, session_table, utc_moment};
use crate::parse::FieldError;
use crate::web::Site;
use crate::web::auth::{Administrator, Caller};
use crate::web::pages::form::{EndQuestion, Form, again, credentials, field_of, not_done, repeated};
use crate::web::pages::layout::Place;
use crate::web::pages::{Failed, page_at};
use crate::web::problem::Problem;
use crate::words::{capital, count, grant_in_words, inviter_in_words};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use dialguard_dialer::access::{add_user, invite};
use dialguard_dialer::ledger::{Invite, LedgerError, User};
use maud::{Markup, html};

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/users", get(show).post(add))
        .route("/users/{user}", get(one).post(change))
        .route("/users/{user}/remove", get(ask_to_remove).post(remove))
        .route("/users/{user}/sessions/{session}/end", post(end_session))
        .route("/invites", get(to_users).post(make_invite))
        .route("/invites/{invite}/revoke", post(revoke))
}

async fn show(State(site): State<Site>, Administrator(caller): Administrator) -> Result<Markup, Failed> {
    users_page(&site, &caller, &WrittenUser::default(), None, html! {})
}

/// After a form was refused, its address is that of the form.
async fn to_users(_: Administrator) -> Redirect {
    Redirect::to("/users")
}

/// What was written into the form for a user with a password.
#[derive(Default)]
struct WrittenUser {
    name: String,
    grant: ChosenGrant,
    /// Into the form for an invite instead, which is on the same page.
    is_invite: bool,
}

async fn add(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Form(mut sent): Form<GrantForm>,
) -> Result<Response, Failed> {
    let grant = sent.take_grant();
    let GrantForm { name, password, again: repetition, .. } = sent;
    let written = WrittenUser { name, grant, is_invite: false };
    let (ledger, now, name) = (site.acting_as(&caller).ledger().clone(), site.dialguard().now(), written.name.clone());
    let read = written.grant.read(&ledger).and_then(|grant| Ok((grant, repeated(password, &repetition)?)));
    let error = match read {
        Err(error) => error,
        Ok((grant, password)) => {
            match site.0.passwords.hash(move || add_user(&ledger, &name, &password, grant, now)).await {
                Ok(()) => return Ok(Redirect::to("/users").into_response()),
                Err(error) => field_of(error)?,
            }
        }
    };
    let page = users_page(&site, &caller, &written, Some(&error), html! {})?;
    Ok(again(page))
}

async fn make_invite(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Form(mut sent): Form<GrantForm>,
) -> Result<Response, Failed> {
    let written = WrittenUser { grant: sent.take_grant(), is_invite: true, ..WrittenUser::default() };
    let ledger = site.dialguard().ledger();
    let grant = match written.grant.read(ledger) {
        Ok(grant) => grant,
        Err(error) => return Ok(again(users_page(&site, &caller, &written, Some(&error), html! {})?)),
    };
    let inviting = site.acting_as(&caller);
    let (invite, secret) = invite(inviting.ledger(), grant, caller.inviter(), inviting.now())?;
    let path = format!("/join?invite={secret}");
    let result = html! {
        section.panel role="status" {
            p { "Send this link to the one person who is to use it. It is not shown again, works once, and ends " (utc_moment(invite.ends_at)) ":" }
            // The script makes it a whole address.
            p { a #invite-link data-whole href=(path) { (path) } }
            p.quiet { "Role: " (grant_in_words(&invite.grant)) "." }
        }
    };
    Ok(users_page(&site, &caller, &WrittenUser::default(), None, result)?.into_response())
}

async fn revoke(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Path(id): Path<u64>,
) -> Result<Redirect, Failed> {
    site.acting_as(&caller).ledger().revoke_invite(id, site.dialguard().now())?;
    Ok(Redirect::to("/users"))
}

fn user_path(name: &str) -> String {
    format!("/users/{name}")
}

/// Another user than the caller: nobody takes their own rights away and then has none to give them back.
fn another(site: &Site, caller: &Caller, name: &str) -> Result<User, Failed> {
    let user = site.dialguard().ledger().user(name)?.map(|(user, _)| user);
    let user = user.ok_or_else(|| LedgerError::NoSuchUser(name.to_owned()))?;
    if caller.is_user(&user.name) {
        let detail = "Another administrator can change or remove you; you can't do it yourself.";
        return Err(Problem::new(StatusCode::CONFLICT, detail).into());
    }
    Ok(user)
}

async fn one(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Path(name): Path<String>,
) -> Result<Markup, Failed> {
    let user = site.dialguard().ledger().user(&name)?.map(|(user, _)| user);
    let user = user.ok_or_else(|| LedgerError::NoSuchUser(name.clone()))?;
    user_page(&site, &caller, &user, &ChosenGrant::of(&user.grant), None)
}

async fn change(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Path(name): Path<String>,
    Form(mut sent): Form<GrantForm>,
) -> Result<Response, Failed> {
    let (user, chosen) = (another(&site, &caller, &name)?, sent.take_grant());
    match chosen.read(site.dialguard().ledger()) {
        Ok(grant) => {
            site.acting_as(&caller).ledger().change_grant(&name, &grant, site.dialguard().now())?;
            Ok(Redirect::to("/users").into_response())
        }
        Err(error) => Ok(again(user_page(&site, &caller, &user, &chosen, Some(&error))?)),
    }
}

async fn end_session(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Path((name, session)): Path<(String, String)>,
) -> Result<Redirect, Failed> {
    site.acting_as(&caller).ledger().end_session_of(&name, &session, site.dialguard().now())?;
    Ok(Redirect::to(&user_path(&name)))
}

async fn ask_to_remove(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Path(name): Path<String>,
) -> Result<Markup, Failed> {
    let user = another(&site, &caller, &name)?;
    let content = html! {
        p { "Their sessions and the invites they have made end at once. What they did stays on record." }
    };
    let (title, action) = (format!("Remove {}?", user.name), user_path(&name) + "/remove");
    let content = EndQuestion { title, content, action, back: "/users", keep: "Keep", end: "Remove" }.render();
    Ok(page_at(&caller, Place::Users, "Users", content))
}

async fn remove(
    State(site): State<Site>,
    Administrator(caller): Administrator,
    Path(name): Path<String>,
) -> Result<Redirect, Failed> {
    another(&site, &caller, &name)?;
    site.acting_as(&caller).ledger().remove_user(&name, site.dialguard().now())?;
    Ok(Redirect::to("/users"))
}

fn users_page(
    site: &Site,
    caller: &Caller,
    written: &WrittenUser,
    error: Option<&FieldError>,
    result: Markup,
) -> Result<Markup, Failed> {
    let (ledger, now) = (site.dialguard().ledger(), site.dialguard().now());
    let (of_invite, of_user) = if written.is_invite { (error, None) } else { (None, error) };
    let (users, invites, accounts) = (ledger.users()?, ledger.invites(now)?, account_ids(site)?);
    let content = html! {
        h1 { "Users" }
        (result)
        (not_done(error))
        div.wide { (user_table(caller, &users)) }
        section.panel aria-labelledby="invite" {
            h2 #invite { "Invite by link" }
            p { "One person opens it and chooses a name and a password. It ends after 7 days." }
            form method="post" action="/invites" {
                (written.grant.fields(&accounts, of_invite))
                p.buttons { button.first { "Make a link" } }
            }
            @if !invites.is_empty() {
                h2 { (count(invites.len() as u64, "invite")) " not accepted yet" }
                div.wide { (invite_table(&invites)) }
            }
        }
        details.panel open[of_user.is_some()] {
            summary { "Add a user with a password instead" }
            form method="post" action="/users" {
                div.fields { (credentials(&written.name, of_user)) }
                (written.grant.fields(&accounts, of_user))
                p.buttons { button.first { "Add the user" } }
            }
        }
    };
    Ok(page_at(caller, Place::Users, "Users", content))
}

fn user_table(caller: &Caller, users: &[User]) -> Markup {
    html! {
        table {
            thead { tr { th { "User" } th { "Role" } th { "Added" } th { "Actions" } } }
            tbody {
                @for user in users {
                    @let is_you = caller.is_user(&user.name);
                    tr data-row={ "user-" (user.name) } {
                        td { (user.name) @if is_you { " " strong { "(you)" } } }
                        td { (capital(&grant_in_words(&user.grant))) }
                        td { (utc_moment(user.added_at)) }
                        td { div.buttons {
                            @if is_you { a.button href="/you" { "Password and sessions" } }
                            @else {
                                a.button href=(user_path(&user.name)) aria-label={ "Change " (user.name) } { "Change…" }
                                a.button href={ (user_path(&user.name)) "/remove" } aria-label={ "Remove " (user.name) } { "Remove…" }
                            }
                        } }
                    }
                }
            }
        }
    }
}

fn invite_table(invites: &[Invite]) -> Markup {
    html! {
        table {
            thead { tr { th { "Invite" } th { "Role" } th { "Invited by" } th { "Ends" } th { "Action" } } }
            tbody {
                @for invite in invites {
                    tr data-row={ "invite-" (invite.id) } {
                        td { (invite.id) }
                        td { (capital(&grant_in_words(&invite.grant))) }
                        td { (inviter_in_words(&invite.inviter)) }
                        td { (utc_moment(invite.ends_at)) }
                        td { form method="post" action={ "/invites/" (invite.id) "/revoke" } {
                            button aria-label={ "Revoke invite " (invite.id) } { "Revoke" }
                        } }
                    }
                }
            }
        }
    }
}

fn user_page(
    site: &Site,
    caller: &Caller,
    user: &User,
    chosen: &ChosenGrant,
    error: Option<&FieldError>,
) -> Result<Markup, Failed> {
    let sessions = site.dialguard().ledger().sessions_of(&user.name, site.dialguard().now())?;
    let end = |id: &str| format!("{}/sessions/{id}/end", user_path(&user.name));
    let content = html! {
        h1 { (user.name) }
        (not_done(error))
        form.panel method="post" action=(user_path(&user.name)) {
            (chosen.fields(&account_ids(site)?, error))
            p.buttons { button.first { "Save" } a.button href="/users" { "Back to users" } }
        }
        section.panel aria-labelledby="sessions" {
            h2 #sessions { (count(sessions.len() as u64, "session")) }
            @if !sessions.is_empty() { (session_table(&sessions, None, end)) }
        }
    };
    Ok(page_at(caller, Place::Users, "Users", content))
}
