//! Fields of forms outside the settings: each with its label, its hint, and what is wrong with it.

use crate::parse::FieldError;
use dialguard_dialer::access::AccessError;
use dialguard_dialer::ledger::LedgerError;
use maud::{Markup, html};

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
        }
    }
}

impl TextField<'_> {
    pub fn render(self, error: Option<&FieldError>) -> Markup {
        let TextField { name, label, value, hint, kind, autocomplete, required, list } = self;
        let (hint_id, error) = (format!("{name}-means"), error.filter(|error| error.field == name));
        html! {
            div.field {
                label for=(name) { (label) }
                input id=(name) name=(name) type=(kind) value=(value) required[required] autocomplete=(autocomplete) list=[list]
                    spellcheck="false" aria-describedby=(hint_id) aria-invalid=[error.map(|_| "true")];
                p.hint id=(hint_id) { @if let Some(error) = error { strong.failed { (error.why) } ". " } (hint) }
            }
        }
    }
}

/// Above a form: why nothing was changed, linked to the field.
pub fn not_done(error: Option<&FieldError>) -> Markup {
    html! {
        @if let Some(FieldError { field, why }) = error {
            p.panel.failed role="alert" { "Nothing was changed: " a href={ "#" (field) } { (why) } "." }
        }
    }
}

/// A choice of one of several, each with its label; the value of the chosen one.
pub fn choice(name: &'static str, label: &str, options: &[(String, String)], chosen: &str, hint: &str) -> Markup {
    let hint_id = format!("{name}-means");
    html! {
        div.field {
            label for=(name) { (label) }
            select id=(name) name=(name) aria-describedby=(hint_id) {
                @for (value, label) in options { option value=(value) selected[value == chosen] { (label) } }
            }
            p.hint id=(hint_id) { (hint) }
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
        false => Err(FieldError { field: "again", why: "the passwords differ".into() }),
    }
}

/// What a user can put right in a form with a name and a password; other errors are pages of their own.
pub fn field_of(error: AccessError) -> Result<FieldError, AccessError> {
    let field = match &error {
        AccessError::Password => "password",
        AccessError::Name(_) | AccessError::Ledger(LedgerError::UserExists(_) | LedgerError::TokenExists(_)) => "name",
        _ => return Err(error),
    };
    Ok(FieldError { field, why: error.to_string() })
}
