//! The kinds of problems. Programs tell problems apart by them, and each has a page that says what to do about it.

use crate::words::{Surface, answer_name, capital, kind_name, next_steps, reason};
use axum::http::StatusCode;
use dialguard::contract::{Answer, Outcome};

/// Defines the kinds from one table: the name in kebab-case, the HTTP status, and when it is returned and what a program
/// does about it.
macro_rules! kinds {
    ($($kind:ident = $name:literal, $status:literal, $meaning:literal;)+) => {
        /// What kind of problem it is. Its name ends the `type` of a problem, and the address of the page about it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind {
            $($kind,)+
            /// The policy refused the request for the account as a whole.
            Refused(Answer),
        }

        const TABLE: &[Kind] = &[$(Kind::$kind),+];

        impl Kind {
            fn row(self) -> (&'static str, u16, &'static str) {
                match self {
                    $(Kind::$kind => ($name, $status, $meaning),)+
                    Kind::Refused(answer) => (answer_name(answer), 409, ""),
                }
            }
        }
    };
}

kinds! {
    BadRequest = "bad-request", 400,
        "The path, the query, a header or the body cannot be read. Sending it again fails again.";
    InvalidParameter = "invalid-parameter", 400,
        "A parameter of the path or the query is missing, unknown, given twice or out of range. `field` names it.";
    InvalidField = "invalid-field", 422,
        "A field of the body is missing, unknown or has a value that is refused. `field` names it: \
         `settings.checks-to-flag`, `numbers[3]`.";
    UnreadableFile = "unreadable-file", 422, "The file cannot be read as numbers or calls. The detail says why.";
    Unauthorized = "unauthorized", 401,
        "There is no token or session, or it is invalid or has expired. Send `Authorization: Bearer TOKEN`.";
    Forbidden = "forbidden", 403,
        "The caller's role does not allow this, or a browser sent it from the page of another site. Use a token with \
         the role that the detail names.";
    NotFound = "not-found", 404, "There is nothing at this address.";
    MethodNotAllowed = "method-not-allowed", 405,
        "The address exists, but not with this method. The header `Allow` lists those that it has.";
    RequestTimeout = "request-timeout", 408,
        "The body stopped arriving, or arrived too slowly. Nothing was changed; send it again.";
    PayloadTooLarge = "payload-too-large", 413, "The body has more bytes than the route takes. Send it in parts.";
    UriTooLong = "uri-too-long", 414, "The path and the query have too many bytes.";
    UnsupportedMediaType = "unsupported-media-type", 415,
        "The body is not of the media type that the route takes. JSON needs `Content-Type: application/json`.";
    NoSuchAccount = "no-such-account", 404, "The account does not exist, or the caller has no access to it.";
    NoSuchNumber = "no-such-number", 404, "The account does not own the number.";
    NoSuchCandidate = "no-such-candidate", 404, "The number is not a candidate of the account, or it is on order.";
    NoSuchOrder = "no-such-order", 404, "The account has no such order, or it is no longer in progress.";
    NoSuchRun = "no-such-run", 404, "There is no such run.";
    NoSuchSource = "no-such-source", 404, "There is no source of that name.";
    NoSuchAlias = "no-such-alias", 404, "There is no alias of a carrier of that name.";
    NoSuchUser = "no-such-user", 404, "There is no user of that name.";
    NoSuchSession = "no-such-session", 404, "The user has no such session, or it has ended.";
    NoSuchInvite = "no-such-invite", 404, "There is no such invite, or it was used or revoked.";
    NoSuchToken = "no-such-token", 404, "There is no token of that name.";
    NoSuchWebhook = "no-such-webhook", 404, "There is no webhook of that number.";
    NoSuchCycle = "no-such-cycle", 404, "The account has no billing cycle that begins then.";
    NoSuchRevision = "no-such-revision", 404, "The policy has no such revision.";
    NoSuchProvider = "no-such-provider", 409,
        "There is no provider of the name that the request or the account gives.";
    LinkGone = "link-gone", 410, "The link was used, was revoked or has expired. Ask for another.";
    UploadGone = "upload-gone", 410, "Uploaded files are kept for 15 minutes. Upload it again.";
    NotKept = "not-kept", 409, "The recording of that run is no longer kept, or was too large to keep.";
    AccountExists = "account-exists", 409, "There is an account of that id already.";
    UserExists = "user-exists", 409, "There is a user of that name already.";
    TokenExists = "token-exists", 409, "There is a token of that name already.";
    SourceExists = "source-exists", 409, "There is a source of that name already.";
    ProviderExists = "provider-exists", 409, "There is a provider of that name already.";
    KeyExists = "key-exists", 409, "The key, or another of that name, is trusted already.";
    AccountClosed = "account-closed", 409, "The account was closed: it can only be read, exported and credited.";
    ReplacementsInProgress = "replacements-in-progress", 409,
        "Replacements of the account are in progress, and a number may be bought or given back for them. Wait for \
         them, or abandon them.";
    ProviderInUse = "provider-in-use", 409, "Accounts buy from the provider, or numbers were bought from it.";
    ProviderDoesNotWork = "provider-does-not-work", 409,
        "The provider cannot be used with these settings. The detail says why.";
    SourceDoesNotWork = "source-does-not-work", 409,
        "The source cannot be used with these settings. The detail says why.";
    OrderBusy = "order-busy", 409, "Another process works on the order. Send the request again in a moment.";
    PurchaseUnclear = "purchase-unclear", 409,
        "The provider may have sold the number and has not said so. Dialguard asks it again; the order can be \
         abandoned once it has answered.";
    PolicyRefused = "policy-refused", 409, "The policy cannot be made active, or not now. The detail says why.";
    Stale = "stale", 409, "The account changed while the request was decided. Send it again.";
    TimeLeap = "time-leap", 409,
        "The time is more than 45 days past the newest one in the ledger. Nothing changes until an administrator \
         confirms it with `POST /api/v1/clock/accept`.";
    ClockWentBack = "clock-went-back", 409,
        "The time is before the last change of the account. Put the machine's clock right.";
    Conflict = "conflict", 409, "The current state does not allow this. The detail says why.";
    InvalidSettings = "invalid-settings", 422,
        "A setting is unknown to the active policy, or its value is refused. `field` names it. `GET /api/v1/settings` \
         lists names, ranges and defaults.";
    SettingsTooLarge = "settings-too-large", 422, "The account's settings are too many or too long.";
    InvalidRequest = "invalid-request", 422, "The policy does not accept a request like this.";
    RequestUnderWay = "request-under-way", 409,
        "A request with the same `Idempotency-Key` is still in progress. Wait and send it again.";
    KeyOfAnotherRequest = "key-of-another-request", 422,
        "The `Idempotency-Key` was used for a different request. Each request needs a key of its own.";
    OutcomeUnknown = "outcome-unknown", 409,
        "The program ended while it executed the request with this key. Look at the account's state before you send \
         it with a new key.";
    AnswerNotKept = "answer-not-kept", 409, "The request with this key was done. Its answer is no longer kept.";
    TooManyRequests = "too-many-requests", 429, "Too many attempts. Wait as long as `Retry-After` says.";
    InternalServerError = "internal-server-error", 500,
        "The program failed, and nothing was changed. The server's log says more.";
    Unavailable = "unavailable", 503, "A source, a provider or the policy cannot answer now. Send it again later.";
    OverBudget = "over-budget", 503,
        "The budget for lookups is used up. It is renewed when the source's period ends.";
    ServiceUnavailable = "service-unavailable", 503,
        "The server is busy with other requests, or cannot use its ledger. Wait as long as `Retry-After` says, and \
         send it again.";
}

impl Kind {
    /// Every kind, in the order of the page that lists them.
    pub fn all() -> impl Iterator<Item = Kind> {
        let refusals = Answer::ALL.into_iter().filter(|answer| *answer != Answer::Accepted).map(Kind::Refused);
        TABLE.iter().copied().chain(refusals)
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Kind> {
        Kind::all().find(|kind| kind.name() == name)
    }

    /// In kebab-case.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// In words.
    pub fn title(self) -> String {
        kind_name(self.name())
    }

    /// The HTTP status of its answers.
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().1).expect("each row has a status")
    }

    /// When it is returned, and what a program does about it.
    pub fn meaning(self) -> String {
        match self {
            Kind::Refused(answer) => {
                let refused = reason(&Outcome { answer, until: None }, Surface::Api);
                let step = next_steps(answer).request.map(|step| format!(" {}.", capital(step)));
                format!("The policy refused the request: {refused}.{}", step.unwrap_or_default())
            }
            _ => self.row().2.into(),
        }
    }
}

/// The kind that an HTTP status alone says.
impl From<StatusCode> for Kind {
    fn from(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Kind::Unauthorized,
            403 => Kind::Forbidden,
            404 => Kind::NotFound,
            405 => Kind::MethodNotAllowed,
            408 => Kind::RequestTimeout,
            409 => Kind::Conflict,
            413 => Kind::PayloadTooLarge,
            414 => Kind::UriTooLong,
            415 => Kind::UnsupportedMediaType,
            422 => Kind::InvalidField,
            429 => Kind::TooManyRequests,
            503 => Kind::ServiceUnavailable,
            400..500 => Kind::BadRequest,
            _ => Kind::InternalServerError,
        }
    }
}
