//! Forms and their fields: each field has its label, its hint, and what is wrong with it.
//!
//! A form that is refused comes again ([`again`]) with everything as it was typed, except for passwords. [`not_done`] says
//! why above it, and the field that is wrong says it too and has the focus.

use super::Failed;
use super::layout::told;
use crate::parse::FieldError;
use crate::web::problem::plain::wrong_form;
use crate::web::problem::{Kind, Problem};
use crate::words::capital;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use dialguard_dialer::access::AccessError;
use dialguard_dialer::ledger::LedgerError;
use maud::{Markup, html};
use serde::de::DeserializeOwned;

/// What a form submits. Browsers send what a page's form has; what a form does not have is refused in words.
pub struct Form<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Failed;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failed> {
        let read = axum_extra::extract::Form::<T>::from_request(request, state).await;
        read.map(|form| Form(form.0)).map_err(|error| {
            let (status, text) = (error.status(), error.body_text());
            match status {
                StatusCode::UNPROCESSABLE_ENTITY => Failed(Problem::unreadable(Kind::InvalidField, wrong_form(&text))),
                status => Failed(Problem::new(status, "the form could not be read")),
            }
        })
    }
}

/// The page of a form that was refused.
pub fn again(page: Markup) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}

/// What is wrong with this field.
pub fn wrong<'e>(error: Option<&'e FieldError>, name: &str) -> Option<&'e str> {
    error.filter(|error| error.field == name).map(|error| error.why.as_str())
}

/// Beside a field: what is wrong with it.
pub fn beside(why: Option<&str>) -> Markup {
    html! { @if let Some(why) = why { strong.failed { (capital(why)) "." } " " } }
}

/// A field with one line of text.
#[derive(Clone, Copy)]
pub struct TextField<'a> {
    pub name: &'static str,
    pub label: &'a str,
    pub value: &'a str,
    pub hint: &'a str,
    /// `text`, `password`, `number`.
    pub kind: &'static str,
    pub autocomplete: &'static str,
    pub required: bool,
    /// The id of the list of what may be chosen.
    pub list: Option<&'static str>,
    /// Before and after the value: `$`, `per local day`.
    pub prefix: &'static str,
    pub unit: &'static str,
    pub inputmode: Option<&'static str>,
    pub placeholder: Option<&'a str>,
    pub bytes_max: Option<usize>,
}

impl Default for TextField<'_> {
    fn default() -> Self {
        TextField {
            name: "",
            label: "",
            value: "",
            hint: "",
            kind: "text",
            autocomplete: "off",
            required: true,
            list: None,
            prefix: "",
            unit: "",
            inputmode: None,
            placeholder: None,
            bytes_max: None,
        }
    }
}

impl TextField<'_> {
    pub fn render(self, error: Option<&FieldError>) -> Markup {
        let TextField { name, label, value, hint, kind, autocomplete, required, list, prefix, unit, .. } = self;
        let (hint_id, why) = (format!("{name}-means"), wrong(error, name));
        // A password is typed again.
        let value = (kind != "password").then_some(value);
        let input = html! {
            input id=(name) name=(name) type=(kind) value=[value] required[required] autocomplete=(autocomplete) list=[list]
                inputmode=[self.inputmode] placeholder=[self.placeholder] maxlength=[self.bytes_max] spellcheck="false"
                aria-describedby=(hint_id) aria-invalid=[why.map(|_| "true")] autofocus[why.is_some()];
        };
        html! {
            div.field {
                label for=(name) { (label) }
                @if prefix.is_empty() && unit.is_empty() { (input) } @else {
                    span.value {
                        @if !prefix.is_empty() { span { (prefix) } }
                        (input)
                        @if !unit.is_empty() { span { (unit) } }
                    }
                }
                p.hint id=(hint_id) { (beside(why)) (hint) }
            }
        }
    }
}

/// Above a form: why nothing was changed, linked to the field.
pub fn not_done(error: Option<&FieldError>) -> Markup {
    html! {
        @if let Some(FieldError { field, why }) = error {
            p.panel.failed role="alert" {
                "Nothing was changed: "
                @if field.is_empty() { (why) } @else { a href={ "#" (field) } { (why) } }
                "."
            }
        }
    }
}

/// A choice of one of several, each with its label; the value of the chosen one.
pub fn choice(
    name: &'static str,
    label: &str,
    options: &[(String, String)],
    chosen: &str,
    hint: &str,
    error: Option<&FieldError>,
) -> Markup {
    let (hint_id, why) = (format!("{name}-means"), wrong(error, name));
    html! {
        div.field {
            label for=(name) { (label) }
            select id=(name) name=(name) aria-describedby=(hint_id) aria-invalid=[why.map(|_| "true")] autofocus[why.is_some()] {
                @for (value, label) in options { option value=(value) selected[value == chosen] { (label) } }
            }
            p.hint id=(hint_id) { (beside(why)) (hint) }
        }
    }
}

/// A page's question whether something is to be ended: the safe answer is first.
pub struct EndQuestion<'a> {
    pub title: String,
    /// What follows from it.
    pub content: Markup,
    /// Where the form is sent.
    pub action: String,
    /// Where the safe answer leads, and what it is called.
    pub back: &'a str,
    pub keep: &'a str,
    pub end: &'a str,
}

impl EndQuestion<'_> {
    pub fn render(&self) -> Markup {
        html! {
            form.panel.confirm method="post" action=(self.action) {
                h1 { (told(&self.title)) }
                (self.content)
                p.buttons {
                    a.button.first href=(self.back) autofocus { (self.keep) }
                    button.costs { (self.end) }
                }
            }
        }
    }
}

/// A name and a new password, twice.
pub fn credentials(name: &str, error: Option<&FieldError>) -> Markup {
    let name = TextField {
        name: "name",
        label: "Name",
        value: name,
        hint: "To sign in with: letters, digits, and . _ @ -",
        autocomplete: "username",
        ..TextField::default()
    };
    html! { (name.render(error)) (new_password(error)) }
}

/// A new password, twice. It is never shown again.
pub fn new_password(error: Option<&FieldError>) -> Markup {
    let password = TextField {
        name: "password",
        label: "Password",
        hint: "15 characters or more: a few words will do.",
        kind: "password",
        autocomplete: "new-password",
        ..TextField::default()
    };
    let again = TextField { name: "again", label: "Password again", hint: "", ..password };
    html! { (password.render(error)) (again.render(error)) }
}

/// The password, if both are the same.
pub fn repeated(password: String, again: &str) -> Result<String, FieldError> {
    match password == again {
        true => Ok(password),
        false => Err(FieldError::new("again", "the passwords differ")),
    }
}

/// What a user can put right in a form with a name and a password; other errors are pages of their own.
pub fn field_of(error: AccessError) -> Result<FieldError, AccessError> {
    let field = match &error {
        AccessError::Password => "password",
        AccessError::Name(_) | AccessError::Ledger(LedgerError::UserExists(_) | LedgerError::TokenExists(_)) => "name",
        _ => return Err(error),
    };
    Ok(FieldError::new(field, error))
}
