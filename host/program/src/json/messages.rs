//! What webhooks receive, for the document. The dialer makes the messages (`host/dialer/src/ledger/alerts/message.rs`),
//! and the tests compare each one that arrives with what stands here.

use super::order::OrderState;
use super::{E164, ReplacementReason, Severity, Time};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Ref, Schema, Type};
use utoipa::openapi::{Content, OpenApi, Paths, RefOr, Required, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

/// Adds every message to the document, below `webhooks`.
pub fn describe(document: &mut OpenApi) {
    let mut paths = Paths::new();
    for message in MESSAGES {
        let components = document.components.get_or_insert_default();
        let mut schemas = Vec::new();
        (message.schemas)(&mut schemas);
        components.schemas.extend(schemas);
        paths.paths.insert(message.kind.into(), message.path());
    }
    document.webhooks = Some(paths);
}

struct Message {
    kind: &'static str,
    when: &'static str,
    data: fn() -> String,
    schemas: fn(&mut Vec<(String, RefOr<Schema>)>),
}

const fn message<T: ToSchema>(kind: &'static str, when: &'static str) -> Message {
    let schemas = |all: &mut Vec<(String, RefOr<Schema>)>| {
        all.push((T::name().into_owned(), T::schema()));
        T::schemas(all);
    };
    Message { kind, when, data: || T::name().into_owned(), schemas }
}

const MESSAGES: [Message; 14] = [
    message::<ReviewCompleted>(
        "review.completed",
        "A review turned numbers flagged or clean, planned replacements, or has a warning",
    ),
    message::<ReviewFailed>("review.failed", "A review failed, and will be tried again; once per local date"),
    message::<ReviewsMissed>("reviews.missed", "Local dates ended with numbers that were not rated"),
    message::<NumberSuspect>("number.suspect", "Calls from numbers fare so badly that they are suspect since a review"),
    message::<NumberReplaced>("number.replaced", "A slot has moved to the replacement: change the caller ID now"),
    message::<NumberInUse>("number.resting", "A flagged number is not to be used, because no clean one is to be had"),
    message::<NumberInUse>("number.in-use", "A number that was not to be used is used again"),
    message::<OrderAbandoned>("order.abandoned", "The slot will not move to that replacement"),
    message::<OrderStuck>("order.stuck", "A replacement is held up and a person must act; once per obstacle"),
    message::<AccountClosed>("account.closed", "The account was closed for good"),
    message::<PolicyNews>("policy.rolled-back", "A policy kept failing, and the one before decides again"),
    message::<PolicyNews>("policy.failing", "The policy keeps failing, and no earlier one can take over"),
    message::<ClockHeld>(
        "clock.held",
        "The time is more than 45 days past the newest one in the ledger, and waits for a user",
    ),
    message::<WebhookTest>("webhook.test", "A user tests the webhook"),
];

impl Message {
    fn path(&self) -> PathItem {
        let kind = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([self.kind]));
        let body = ObjectBuilder::new()
            .property("type", kind)
            .required("type")
            .property("timestamp", Time::schema())
            .required("timestamp")
            .property("data", Ref::from_schema_name((self.data)()))
            .required("data");
        let content = Content::builder().schema(Some(body)).build();
        let body = RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True));
        let accepted = ResponseBuilder::new().description("Any status from 200 to 299: the message is delivered");
        let operation = OperationBuilder::new()
            .tag("messages")
            .operation_id(Some(format!("receive-{}", self.kind.replace('.', "-"))))
            .summary(Some(self.kind))
            .description(Some(self.when))
            .request_body(Some(body.build()))
            .response("200", accepted.build());
        PathItem::new(HttpMethod::Post, operation.build())
    }
}

/// Things that a message lists: all are counted, and the first are named.
macro_rules! counted {
    ($(#[$doc:meta])* $name:ident of $element:ty) => {
        $(#[$doc])*
        #[derive(ToSchema)]
        #[allow(dead_code)]
        struct $name {
            /// How many there are.
            count: u32,
            /// How many of them are not named.
            more: u32,
            /// The first of them, 50 at most.
            first: Vec<$element>,
        }
    };
}

counted!(
    /// Numbers that a message lists.
    MessageNumbers of E164);
counted!(
    /// Replacements that a message lists.
    MessageReplacements of MessageReplacement);
counted!(
    /// Notices that a message lists.
    MessageNotices of MessageNotice);
counted!(
    /// Suspect numbers that a message lists.
    MessageSuspects of MessageSuspect);
counted!(
    /// Local dates that a message lists.
    MessageDates of MessageDate);

/// A replacement that a review planned. It may be delayed, or end with another number or none.
#[derive(ToSchema)]
#[allow(dead_code)]
struct MessageReplacement {
    /// The number that is to be replaced.
    number: E164,
    /// The number that is to take its slot.
    replacement: E164,
    /// The slot.
    slot: u32,
    /// Why, in words.
    because: String,
}

/// What the policy wants to say.
#[derive(ToSchema)]
#[allow(dead_code)]
struct MessageNotice {
    severity: Severity,
    /// Its kind in kebab-case.
    #[schema(example = "newly-flagged")]
    kind: String,
    /// The number that it is about.
    number: Option<E164>,
    /// The notice in words.
    text: String,
}

/// How calls from a suspect number went in the past 3 days.
#[derive(ToSchema)]
#[allow(dead_code)]
struct MessageSuspect {
    /// The number.
    number: E164,
    /// Calls that were made.
    attempts: u32,
    /// Calls that were answered.
    answered: u32,
    /// Calls that were blocked on the way.
    blocked: u32,
}

/// A local date that ended with numbers not rated.
#[derive(ToSchema)]
#[allow(dead_code)]
#[schema(rename_all = "kebab-case")]
struct MessageDate {
    /// The date.
    #[schema(example = "2026-03-05")]
    local_date: String,
    /// Monitored numbers that were not rated.
    not_rated: u32,
}

/// What a cycle was charged during an outage.
#[derive(ToSchema)]
#[allow(dead_code)]
#[schema(rename_all = "kebab-case")]
struct MessageCycle {
    /// Its first local date.
    #[schema(example = "2026-04-01")]
    starts_on: String,
    /// What was charged, in US cents.
    cents: i64,
}

/// What a review found.
#[derive(ToSchema)]
#[allow(dead_code)]
#[schema(rename_all = "kebab-case")]
struct ReviewCompleted {
    /// The account; null if it concerns none.
    #[schema(example = "acme")]
    account: Option<String>,
    /// The local date.
    #[schema(example = "2026-03-05")]
    local_date: String,
    /// The run.
    run: u64,
    /// Whether it is the daily review.
    daily: bool,
    /// Numbers that were rated.
    rated: u32,
    /// Numbers that turned flagged.
    turned_flagged: MessageNumbers,
    /// Numbers that turned at-risk.
    turned_at_risk: MessageNumbers,
    /// Numbers that turned clean.
    turned_clean: MessageNumbers,
    /// Replacements that were planned. `number.replaced` or `order.abandoned` follows for each.
    planned_replacements: MessageReplacements,
    /// Warnings and alerts of the policy.
    notices: MessageNotices,
    /// What went wrong at sources, in words.
    carrier_problems: Vec<String>,
    /// The page of the dashboard that shows more, if the webhook has the dashboard's address.
    page: Option<String>,
}

/// A review failed.
#[derive(ToSchema)]
#[allow(dead_code)]
#[schema(rename_all = "kebab-case")]
struct ReviewFailed {
    /// The account; null if it concerns none.
    #[schema(example = "acme")]
    account: Option<String>,
    /// The local date.
    #[schema(example = "2026-03-05")]
    local_date: String,
    /// What happened, in words.
    text: String,
    /// The page of the dashboard that shows more, if the webhook has the dashboard's address.
    page: Option<String>,
}

/// Local dates without a complete review.
#[derive(ToSchema)]
#[allow(dead_code)]
#[schema(rename_all = "kebab-case")]
struct ReviewsMissed {
    /// The account; null if it concerns none.
    #[schema(example = "acme")]
    account: Option<String>,
    /// The first of them.
    #[schema(example = "2026-03-05")]
    first_date: Option<String>,
    /// The last of them.
    #[schema(example = "2026-03-06")]
    last_date: Option<String>,
    /// The dates.
    dates: MessageDates,
    /// What was charged for cycles that began meanwhile, in US cents.
    charged_cents: i64,
    /// These cycles.
    cycles: Vec<MessageCycle>,
    /// What happened, in words.
    text: String,
    /// The page of the dashboard that shows more, if the webhook has the dashboard's address.
    page: Option<String>,
}

/// Numbers that are suspect since a review.
#[derive(ToSchema)]
#[allow(dead_code)]
#[schema(rename_all = "kebab-case")]
struct NumberSuspect {
    /// The account; null if it concerns none.
    #[schema(example = "acme")]
    account: Option<String>,
    /// The local date.
    #[schema(example = "2026-03-05")]
    local_date: String,
    /// The run.
    run: u64,
    /// The numbers.
    suspects: MessageSuspects,
    /// The page of the dashboard that shows more, if the webhook has the dashboard's address.
    page: Option<String>,
}

/// Whether the dialer is to use a number.
#[derive(ToSchema)]
#[allow(dead_code)]
#[schema(rename_all = "kebab-case")]
struct NumberInUse {
    /// The account; null if it concerns none.
    #[schema(example = "acme")]
    account: Option<String>,
    /// The number.
    number: E164,
    /// Its slot.
    slot: u32,
    /// What happened, in words.
    text: String,
    /// The page of the dashboard that shows more, if the webhook has the dashboard's address.
    page: Option<String>,
}

/// A slot has moved.
#[derive(ToSchema)]
#[allow(dead_code)]
#[schema(rename_all = "kebab-case")]
struct NumberReplaced {
    /// The account; null if it concerns none.
    #[schema(example = "acme")]
    account: Option<String>,
    /// The order.
    order: u64,
    /// The number that is replaced.
    number: E164,
    /// Its replacement.
    replacement: E164,
    /// The slot.
    slot: u32,
    /// Who requested it.
    why: ReplacementReason,
    /// Inbound calls reach the old number until then, at least.
    number_stops_at: Time,
    /// What happened, in words.
    text: String,
    /// The page of the dashboard that shows more, if the webhook has the dashboard's address.
    page: Option<String>,
}

/// A replacement that will not be made.
#[derive(ToSchema)]
#[allow(dead_code)]
#[schema(rename_all = "kebab-case")]
struct OrderAbandoned {
    /// The account; null if it concerns none.
    #[schema(example = "acme")]
    account: Option<String>,
    /// The order.
    order: u64,
    /// The number that is replaced.
    number: E164,
    /// Its replacement.
    replacement: E164,
    /// The slot.
    slot: u32,
    /// Who requested it.
    why: ReplacementReason,
    /// Whether the policy is asked for another candidate, which is a new order.
    asked_again: bool,
    /// What happened, in words.
    text: String,
    /// The page of the dashboard that shows more, if the webhook has the dashboard's address.
    page: Option<String>,
}

/// A replacement that is held up.
#[derive(ToSchema)]
#[allow(dead_code)]
#[schema(rename_all = "kebab-case")]
struct OrderStuck {
    /// The account; null if it concerns none.
    #[schema(example = "acme")]
    account: Option<String>,
    /// The order.
    order: u64,
    /// The number that is replaced.
    number: E164,
    /// Its replacement.
    replacement: E164,
    /// The slot.
    slot: u32,
    /// Who requested it.
    why: ReplacementReason,
    /// How far it is.
    state: OrderState,
    /// What happened, in words.
    text: String,
    /// The page of the dashboard that shows more, if the webhook has the dashboard's address.
    page: Option<String>,
}

/// An account that was closed.
#[derive(ToSchema)]
#[allow(dead_code)]
#[schema(rename_all = "kebab-case")]
struct AccountClosed {
    /// The account; null if it concerns none.
    #[schema(example = "acme")]
    account: Option<String>,
    /// When it was closed.
    closed_at: Time,
    /// Numbers that left it.
    numbers: u32,
    /// Replacements that were abandoned.
    abandoned_orders: u32,
    /// What its last billing cycle was charged, in US cents.
    charged_in_cycle_cents: i64,
    /// When that cycle ends.
    cycle_ends_at: Time,
    /// What happened, in words.
    text: String,
    /// The page of the dashboard that shows more, if the webhook has the dashboard's address.
    page: Option<String>,
}

/// A policy that fails.
#[derive(ToSchema)]
#[allow(dead_code)]
#[schema(rename_all = "kebab-case")]
struct PolicyNews {
    /// The account; null if it concerns none.
    #[schema(example = "acme")]
    account: Option<String>,
    /// The revision.
    revision: Option<u64>,
    /// What happened, in words.
    text: String,
    /// The page of the dashboard that shows more, if the webhook has the dashboard's address.
    page: Option<String>,
}

/// A leap of the time.
#[derive(ToSchema)]
#[allow(dead_code)]
#[schema(rename_all = "kebab-case")]
struct ClockHeld {
    /// The account; null if it concerns none.
    #[schema(example = "acme")]
    account: Option<String>,
    /// The machine's time.
    now: Time,
    /// The newest time in the ledger.
    newest: Time,
    /// Accounts that it concerns.
    accounts: u32,
    /// Cycles that would be charged.
    charges: u32,
    /// What they would cost, in US cents.
    cents: i64,
    /// What happened, in words.
    text: String,
    /// The page of the dashboard that shows more, if the webhook has the dashboard's address.
    page: Option<String>,
}

/// A test.
#[derive(ToSchema)]
#[allow(dead_code)]
#[schema(rename_all = "kebab-case")]
struct WebhookTest {
    /// The account; null if it concerns none.
    #[schema(example = "acme")]
    account: Option<String>,
    /// What happened, in words.
    text: String,
    /// The page of the dashboard that shows more, if the webhook has the dashboard's address.
    page: Option<String>,
}
