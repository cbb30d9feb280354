//! Events of an account.

use super::{Actor, E164, Time};
use dialguard_dialer::ledger;
use serde::Serialize;
use utoipa::ToSchema;

/// Something that happened to an account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Event {
    /// Rises with every event.
    id: u64,
    at: Time,
    /// Name of the kind, in kebab-case.
    #[schema(example = "turned-flagged")]
    kind: String,
    /// The number it happened to.
    number: Option<E164>,
    /// What was charged, in US cents; negative if it was credited.
    cents: Option<i64>,
    /// The event in words.
    text: String,
    /// The run that caused it; null if a user or the calendar did.
    run: Option<u64>,
    /// SHA-256 of the policy that decided, in hexadecimal.
    policy: Option<String>,
    /// That policy's revision.
    revision: Option<u64>,
    /// Who did it.
    actor: Actor,
}

impl From<&ledger::Event> for Event {
    fn from(event: &ledger::Event) -> Self {
        Event {
            id: event.id,
            at: Time(event.at),
            kind: event.kind.to_string(),
            number: event.number.map(E164::from),
            cents: event.cents,
            text: event.text.clone(),
            run: event.run,
            policy: event.policy.clone(),
            revision: event.revision,
            actor: Actor::from(event.actor.as_ref()),
        }
    }
}
