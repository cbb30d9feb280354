//! Errors as problem details (RFC 9457).

mod kind;
pub mod plain;

pub use kind::Kind;

use self::plain::Wrong;
use crate::hints::Hint;
use crate::parse::FieldError;
use crate::words::{Steps, Surface, kind_name, next_steps, reason};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dialguard::contract::{Error, ErrorCode, Outcome};
use dialguard::policy::PolicyError;
use dialguard_dialer::access::AccessError;
use dialguard_dialer::alerts::AlertsError;
use dialguard_dialer::call_file::CallFileError;
use dialguard_dialer::dialguard::DialguardError;
use dialguard_dialer::fulfilment::FulfilmentError;
use dialguard_dialer::http::causes::causes;
use dialguard_dialer::ledger::LedgerError;
use dialguard_dialer::number_file::NumberFileError;
use dialguard_dialer::policies::PoliciesError;
use dialguard_dialer::providers::ProviderError;
use dialguard_dialer::settings::SettingError;
use dialguard_dialer::sources::SourceError;
use serde::{Serialize, Serializer};
use std::any::Any;
use std::fmt::Display;
use utoipa::ToSchema;

/// Why a request failed (RFC 9457). Nothing was changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// The kind of problem: `/problems/` and its name. It is the address of a page on this server that says what to do.
    #[serde(rename = "type", serialize_with = "as_address")]
    #[schema(value_type = String, example = "/problems/no-such-account")]
    kind: &'static str,
    /// The kind in words.
    #[serde(serialize_with = "in_words")]
    #[schema(value_type = String, example = "No such account")]
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What went wrong this time.
    pub detail: String,
    /// The field of the body, or the parameter, that is wrong: `settings.checks-to-flag`, `numbers[3]`, `limit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "blocks")]
    pub field: Option<Box<str>>,
    /// What to do about it, if there is anything to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The same on the dashboard.
    #[serde(skip)]
    dashboard_hint: Option<&'static str>,
}

impl Problem {
    /// A problem that its HTTP status describes.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Problem { status: status.as_u16(), ..Problem::of(Kind::from(status), detail) }
    }

    /// A problem of a specific kind.
    pub fn of(kind: Kind, detail: impl Into<String>) -> Self {
        Problem {
            kind: kind.name(),
            title: kind.name(),
            status: kind.status().as_u16(),
            detail: detail.into(),
            field: None,
            hint: None,
            dashboard_hint: None,
        }
    }

    /// A field of the body is refused.
    pub fn in_field(field: &str, why: impl Display) -> Self {
        Problem::of(Kind::InvalidField, format!("{field}: {why}")).at(field)
    }

    /// A parameter of the query is refused.
    pub fn in_parameter(name: &str, why: impl Display) -> Self {
        Problem::of(Kind::InvalidParameter, format!("{name}: {why}")).at(name)
    }

    /// What a parser refused.
    pub fn unreadable(kind: Kind, Wrong { field, why }: Wrong) -> Self {
        match field {
            Some(field) => Problem::of(kind, format!("{field}: {why}")).at(&field),
            None => Problem::of(kind, why),
        }
    }

    /// Says which field or parameter is wrong.
    pub fn at(self, field: &str) -> Self {
        Problem { field: Some(field.into()), ..self }
    }

    /// Adds what to do about it.
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Problem { hint: Some(hint.into()), ..self }
    }

    /// Adds what to do about it, on each surface that shows problems.
    fn with_steps(self, steps: Steps) -> Self {
        Problem { hint: steps.request.map(str::to_owned), dashboard_hint: steps.dashboard, ..self }
    }

    /// What to do about it on the dashboard, if there is anything to do.
    pub fn dashboard_hint(&self) -> Option<&'static str> {
        self.dashboard_hint
    }

    /// The policy refused a request for the account as a whole. The kind is the answer's name in the contract.
    pub fn refused(outcome: &Outcome) -> Self {
        let reason = reason(outcome, Surface::Api);
        Problem::of(Kind::Refused(outcome.answer), reason).with_steps(next_steps(outcome.answer))
    }

    /// The account does not exist, or the caller may not see it.
    pub fn no_such_account(id: &str) -> Self {
        let detail = format!("account {id:?} does not exist, or you have no access to it");
        Problem::of(Kind::NoSuchAccount, detail)
            .with_hint("`GET /api/v1/accounts` lists the accounts you have access to")
    }

    /// The file that a user uploaded is no longer in memory.
    pub fn upload_gone() -> Self {
        let detail = "The uploaded file is no longer here: uploads are kept for 15 minutes.";
        let steps = Steps { dashboard: Some("upload it again"), ..Steps::default() };
        Problem::of(Kind::UploadGone, detail).with_steps(steps)
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

fn as_address<S: Serializer>(kind: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("/problems/{kind}"))
}

fn in_words<S: Serializer>(kind: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&kind_name(kind))
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::warn!(status = self.status, "{}", self.detail);
        }
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match status {
            StatusCode::UNAUTHORIZED => headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            StatusCode::SERVICE_UNAVAILABLE => headers.insert(header::RETRY_AFTER, HeaderValue::from_static("60")),
            _ => None,
        };
        response
    }
}

/// A panicked handler has changed nothing: changes are transactions.
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    let detail = "Internal error; nothing was changed. See the server log";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail).into_response()
}

impl From<DialguardError> for Problem {
    fn from(error: DialguardError) -> Self {
        match error {
            DialguardError::Ledger(error) => error.into(),
            DialguardError::Policy(error) => error.into(),
            DialguardError::Policies(error) => error.into(),
            DialguardError::Fulfilment(error) => error.into(),
            DialguardError::Stopped => Problem::from(Error::unavailable(error.to_string())).with_steps(error.steps()),
            other => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, causes(&other)),
        }
    }
}

impl From<FulfilmentError> for Problem {
    fn from(error: FulfilmentError) -> Self {
        let steps = error.steps();
        let problem = match error {
            FulfilmentError::Ledger(error) => error.into(),
            FulfilmentError::Busy(_) => Problem::of(Kind::OrderBusy, error.to_string()),
            FulfilmentError::MayHaveBought { .. } => Problem::of(Kind::PurchaseUnclear, error.to_string()),
            FulfilmentError::Internal(_) => Problem::of(Kind::InternalServerError, error.to_string()),
        };
        problem.with_steps(steps)
    }
}

impl From<PolicyError> for Problem {
    fn from(error: PolicyError) -> Self {
        let steps = error.steps();
        let problem = match error {
            PolicyError::Answered(error) => error.into(),
            PolicyError::SourcesTooSlow(_) => Error::unavailable(error.to_string()).into(),
            other => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, causes(&other)),
        };
        problem.with_steps(steps)
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        let steps = error.steps();
        let problem = match &error {
            LedgerError::NoSuchAccount(id) => Problem::no_such_account(id),
            error => Problem::of(kind_of(error), causes(error)),
        };
        problem.with_steps(steps)
    }
}

fn kind_of(error: &LedgerError) -> Kind {
    match error {
        LedgerError::NoSuchWebhook(_) => Kind::NoSuchWebhook,
        LedgerError::NoSuchOrder(_) | LedgerError::NoOpenOrder(_) => Kind::NoSuchOrder,
        LedgerError::NoSuchRevision(_) => Kind::NoSuchRevision,
        LedgerError::NoSuchRun(_) => Kind::NoSuchRun,
        LedgerError::NoSuchSource(_) => Kind::NoSuchSource,
        LedgerError::NoSuchAlias(_) => Kind::NoSuchAlias,
        LedgerError::NoSuchUser(_) => Kind::NoSuchUser,
        LedgerError::NoSuchToken(_) => Kind::NoSuchToken,
        LedgerError::NoSuchProvider(_) => Kind::NoSuchProvider,
        LedgerError::RunExpired(_) | LedgerError::RecordingTooLarge(_) | LedgerError::RecordingMadeRoom(_) => {
            Kind::NotKept
        }
        LedgerError::AccountClosed { .. } => Kind::AccountClosed,
        LedgerError::ClosingHeldUp { .. } | LedgerError::ReplacementsInProgress { .. } => Kind::ReplacementsInProgress,
        LedgerError::AccountExists(_) => Kind::AccountExists,
        LedgerError::UserExists(_) => Kind::UserExists,
        LedgerError::TokenExists(_) => Kind::TokenExists,
        LedgerError::SourceExists(_) => Kind::SourceExists,
        LedgerError::ProviderExists(_) => Kind::ProviderExists,
        LedgerError::KeyExists(_) => Kind::KeyExists,
        LedgerError::NoSuchCycle { .. } => Kind::NoSuchCycle,
        LedgerError::NoSuchSession(_) => Kind::NoSuchSession,
        LedgerError::NoSuchInvite(_) => Kind::NoSuchInvite,
        LedgerError::LinkGone => Kind::LinkGone,
        LedgerError::ProviderInUse(_) => Kind::ProviderInUse,
        LedgerError::SettingsTooLarge => Kind::SettingsTooLarge,
        LedgerError::Stale(_) => Kind::Stale,
        LedgerError::TimeLeap(_) => Kind::TimeLeap,
        LedgerError::ClockWentBack { .. } => Kind::ClockWentBack,
        refusal if refusal.is_refusal() => Kind::Conflict,
        unusable if unusable.is_unusable() => Kind::ServiceUnavailable,
        _ => Kind::InternalServerError,
    }
}

impl From<NumberFileError> for Problem {
    fn from(error: NumberFileError) -> Self {
        Problem::of(Kind::UnreadableFile, error.to_string()).with_steps(error.steps())
    }
}

impl From<CallFileError> for Problem {
    fn from(error: CallFileError) -> Self {
        Problem::of(Kind::UnreadableFile, error.to_string()).with_steps(error.steps())
    }
}

impl From<PoliciesError> for Problem {
    fn from(error: PoliciesError) -> Self {
        let steps = error.steps();
        match error {
            PoliciesError::Ledger(error) => error.into(),
            other => Problem::of(Kind::PolicyRefused, causes(&other)).with_steps(steps),
        }
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Ledger(error) => error.into(),
            AccessError::Random(_) => Problem::of(Kind::InternalServerError, error.to_string()),
            AccessError::Name(_) => Problem::of(Kind::InvalidField, error.to_string()).at("name"),
            AccessError::Password => Problem::of(Kind::InvalidField, error.to_string()).at("password"),
        }
    }
}

impl From<FieldError> for Problem {
    fn from(FieldError { field, why }: FieldError) -> Self {
        Problem::in_field(&field, why)
    }
}

/// A provider that cannot be used as it is.
impl From<ProviderError> for Problem {
    fn from(error: ProviderError) -> Self {
        Problem::of(Kind::ProviderDoesNotWork, error.to_string()).with_steps(error.steps())
    }
}

/// A source that cannot be used as it is.
impl From<SourceError> for Problem {
    fn from(error: SourceError) -> Self {
        Problem::of(Kind::SourceDoesNotWork, error.to_string()).with_steps(error.steps())
    }
}

impl From<AlertsError> for Problem {
    fn from(error: AlertsError) -> Self {
        match error {
            AlertsError::Ledger(error) => error.into(),
            AlertsError::Address(_) | AlertsError::NotPublic(_) => {
                Problem::of(Kind::InvalidField, error.to_string()).at("url")
            }
            AlertsError::Random(_) => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        }
    }
}

impl From<SettingError> for Problem {
    fn from(error: SettingError) -> Self {
        let (steps, field) = (error.steps(), format!("settings.{}", error.name()));
        Problem::of(Kind::InvalidSettings, error.to_string()).at(&field).with_steps(steps)
    }
}

/// An error that the policy returned.
impl From<Error> for Problem {
    fn from(Error { code, message }: Error) -> Self {
        let kind = match code {
            ErrorCode::NoSuchAccount => Kind::NoSuchAccount,
            ErrorCode::Unavailable => Kind::Unavailable,
            ErrorCode::OverBudget => Kind::OverBudget,
            ErrorCode::InvalidSettings => Kind::InvalidSettings,
            ErrorCode::InvalidRequest => Kind::InvalidRequest,
        };
        Problem::of(kind, message)
    }
}
