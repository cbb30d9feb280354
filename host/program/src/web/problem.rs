//! Errors as problem details (RFC 9457).

use crate::hints::Hint;
use crate::parse::FieldError;
use crate::words::{Steps, Surface, answer_name, kind_name, next_steps, reason};
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
use serde::Serialize;
use std::any::Any;
use utoipa::ToSchema;

/// Why a request failed (RFC 9457). Nothing was changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// The kind of problem, relative to the server: `/problems/` and a term of the contract or of HTTP.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What went wrong this time.
    pub detail: String,
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
        let title = status.canonical_reason().unwrap_or("Failed");
        let kind = title.to_ascii_lowercase().replace(' ', "-");
        Problem::of_kind(status, &kind, title, detail)
    }

    /// A problem of a specific kind.
    pub fn of_kind(status: StatusCode, kind: &str, title: &str, detail: impl Into<String>) -> Self {
        let kind = format!("/problems/{kind}");
        Problem {
            kind,
            title: title.into(),
            status: status.as_u16(),
            detail: detail.into(),
            hint: None,
            dashboard_hint: None,
        }
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
        let (kind, reason) = (answer_name(outcome.answer), reason(outcome, Surface::Api));
        Problem::of_kind(StatusCode::CONFLICT, kind, &kind_name(kind), reason).with_steps(next_steps(outcome.answer))
    }

    /// The account does not exist, or the caller may not see it.
    pub fn no_such_account(id: &str) -> Self {
        let detail = format!("account {id:?} does not exist, or you have no access to it");
        Problem::of_kind(StatusCode::NOT_FOUND, "no-such-account", "No such account", detail)
            .with_hint("`GET /api/v1/accounts` lists the accounts you have access to")
    }

    /// The file that a user uploaded is no longer in memory.
    pub fn upload_gone() -> Self {
        let detail = "The uploaded file is no longer here: uploads are kept for 15 minutes.";
        let steps = Steps { dashboard: Some("upload it again"), ..Steps::default() };
        Problem::of_kind(StatusCode::GONE, "upload-gone", "Upload gone", detail).with_steps(steps)
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The kind in words.
    pub fn title(&self) -> &str {
        &self.title
    }
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
            FulfilmentError::Busy(_) | FulfilmentError::MayHaveBought { .. } => {
                Problem::new(StatusCode::CONFLICT, error.to_string())
            }
            FulfilmentError::Internal(_) => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
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
        let of = |status, kind: &str| Problem::of_kind(status, kind, &kind_name(kind), error.to_string());
        let problem = match &error {
            LedgerError::NoSuchAccount(id) => Problem::no_such_account(id),
            LedgerError::NoSuchWebhook(_) => of(StatusCode::NOT_FOUND, "no-such-webhook"),
            LedgerError::NoSuchOrder(_) | LedgerError::NoOpenOrder(_) => of(StatusCode::NOT_FOUND, "no-such-order"),
            LedgerError::NoSuchRevision(_) => of(StatusCode::NOT_FOUND, "no-such-revision"),
            LedgerError::NoSuchCycle { .. } => of(StatusCode::NOT_FOUND, "no-such-cycle"),
            LedgerError::NoSuchAlias(_) => of(StatusCode::NOT_FOUND, "no-such-alias"),
            LedgerError::NoSuchUser(_) => of(StatusCode::NOT_FOUND, "no-such-user"),
            LedgerError::NoSuchSession(_) => of(StatusCode::NOT_FOUND, "no-such-session"),
            LedgerError::NoSuchInvite(_) => of(StatusCode::NOT_FOUND, "no-such-invite"),
            LedgerError::NoSuchSource(_) => of(StatusCode::NOT_FOUND, "no-such-source"),
            LedgerError::LinkGone => of(StatusCode::GONE, "link-gone"),
            LedgerError::UserExists(_) => of(StatusCode::CONFLICT, "user-exists"),
            LedgerError::SourceExists(_) => of(StatusCode::CONFLICT, "source-exists"),
            LedgerError::NoSuchToken(_) => of(StatusCode::NOT_FOUND, "no-such-token"),
            LedgerError::NoSuchProvider(_) => of(StatusCode::CONFLICT, "no-such-provider"),
            LedgerError::AccountClosed { .. } => of(StatusCode::CONFLICT, "account-closed"),
            LedgerError::ClosingHeldUp { .. } => of(StatusCode::CONFLICT, "replacements-in-progress"),
            LedgerError::AccountExists(_) => of(StatusCode::CONFLICT, "account-exists"),
            LedgerError::TokenExists(_) => of(StatusCode::CONFLICT, "token-exists"),
            LedgerError::ReplacementsInProgress { .. } => of(StatusCode::CONFLICT, "replacements-in-progress"),
            LedgerError::SettingsTooLarge => of(StatusCode::UNPROCESSABLE_ENTITY, "settings-too-large"),
            LedgerError::Stale(_) => of(StatusCode::CONFLICT, "stale"),
            LedgerError::TimeLeap(_) => of(StatusCode::CONFLICT, "time-leap"),
            LedgerError::ClockWentBack { .. } => of(StatusCode::CONFLICT, "clock-went-back"),
            refusal if refusal.is_refusal() => Problem::new(StatusCode::CONFLICT, causes(refusal)),
            unusable if unusable.is_unusable() => Problem::new(StatusCode::SERVICE_UNAVAILABLE, causes(unusable)),
            _ => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, causes(&error)),
        };
        problem.with_steps(steps)
    }
}

impl From<NumberFileError> for Problem {
    fn from(error: NumberFileError) -> Self {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).with_steps(error.steps())
    }
}

impl From<CallFileError> for Problem {
    fn from(error: CallFileError) -> Self {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).with_steps(error.steps())
    }
}

impl From<PoliciesError> for Problem {
    fn from(error: PoliciesError) -> Self {
        let steps = error.steps();
        match error {
            PoliciesError::Ledger(error) => error.into(),
            other => Problem::new(StatusCode::CONFLICT, causes(&other)).with_steps(steps),
        }
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Ledger(error) => error.into(),
            AccessError::Random(_) => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
            other => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, other.to_string()),
        }
    }
}

impl From<FieldError> for Problem {
    fn from(FieldError { field, why }: FieldError) -> Self {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{field}: {why}"))
    }
}

/// A provider that cannot be used as it is.
impl From<ProviderError> for Problem {
    fn from(error: ProviderError) -> Self {
        let steps = error.steps();
        let (kind, title) = ("provider-does-not-work", "Provider does not work");
        Problem::of_kind(StatusCode::CONFLICT, kind, title, error.to_string()).with_steps(steps)
    }
}

/// A source that cannot be used as it is.
impl From<SourceError> for Problem {
    fn from(error: SourceError) -> Self {
        let steps = error.steps();
        Problem::of_kind(StatusCode::CONFLICT, "source-does-not-work", "Source does not work", error.to_string())
            .with_steps(steps)
    }
}

impl From<AlertsError> for Problem {
    fn from(error: AlertsError) -> Self {
        match error {
            AlertsError::Ledger(error) => error.into(),
            AlertsError::Address(_) | AlertsError::NotPublic(_) => {
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
            }
            AlertsError::Random(_) => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        }
    }
}

impl From<SettingError> for Problem {
    fn from(error: SettingError) -> Self {
        let steps = error.steps();
        let kind = "invalid-settings";
        Problem::of_kind(StatusCode::UNPROCESSABLE_ENTITY, kind, "Settings refused", error.to_string())
            .with_steps(steps)
    }
}

/// An error that the policy returned.
impl From<Error> for Problem {
    fn from(Error { code, message }: Error) -> Self {
        let (status, kind, title) = match code {
            ErrorCode::NoSuchAccount => (StatusCode::NOT_FOUND, "no-such-account", "No such account"),
            ErrorCode::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Temporarily unavailable"),
            ErrorCode::OverBudget => (StatusCode::SERVICE_UNAVAILABLE, "over-budget", "Lookup budget exceeded"),
            ErrorCode::InvalidSettings => {
                (StatusCode::UNPROCESSABLE_ENTITY, "invalid-settings", "Settings refused by the policy")
            }
            ErrorCode::InvalidRequest => {
                (StatusCode::UNPROCESSABLE_ENTITY, "invalid-request", "Request refused by the policy")
            }
        };
        Problem::of_kind(status, kind, title, message)
    }
}
