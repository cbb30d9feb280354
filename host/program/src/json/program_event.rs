//! Events outside accounts.

use super::{Actor, Time};
use dialguard_dialer::ledger::{self, ProgramSubject};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that happened outside accounts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ProgramEvent {
    /// Rises with every event.
    id: u64,
    at: Time,
    subject: EventSubject,
    /// Which one: the name of the user, the token, the source or the provider, or the id of the invite or the webhook;
    /// null for a policy.
    #[schema(example = "ann")]
    name: Option<String>,
    /// Name of the kind, in kebab-case.
    #[schema(example = "user-removed")]
    kind: String,
    /// The event in words.
    #[schema(example = "ann was removed.")]
    text: String,
    /// The policy's revision; null if it is not about one.
    revision: Option<u64>,
    /// Who did it.
    actor: Actor,
}

/// What an event outside accounts is about.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EventSubject {
    Policy,
    User,
    Token,
    Invite,
    Source,
    Provider,
    /// A webhook for every account.
    Webhook,
    /// A name of a carrier.
    Carrier,
}

impl From<ProgramSubject> for EventSubject {
    fn from(subject: ProgramSubject) -> Self {
        match subject {
            ProgramSubject::Policy => EventSubject::Policy,
            ProgramSubject::User => EventSubject::User,
            ProgramSubject::Token => EventSubject::Token,
            ProgramSubject::Invite => EventSubject::Invite,
            ProgramSubject::Source => EventSubject::Source,
            ProgramSubject::Provider => EventSubject::Provider,
            ProgramSubject::Webhook => EventSubject::Webhook,
            ProgramSubject::Carrier => EventSubject::Carrier,
        }
    }
}

impl From<EventSubject> for ProgramSubject {
    fn from(subject: EventSubject) -> Self {
        match subject {
            EventSubject::Policy => ProgramSubject::Policy,
            EventSubject::User => ProgramSubject::User,
            EventSubject::Token => ProgramSubject::Token,
            EventSubject::Invite => ProgramSubject::Invite,
            EventSubject::Source => ProgramSubject::Source,
            EventSubject::Provider => ProgramSubject::Provider,
            EventSubject::Webhook => ProgramSubject::Webhook,
            EventSubject::Carrier => ProgramSubject::Carrier,
        }
    }
}

impl From<&ledger::ProgramEvent> for ProgramEvent {
    fn from(event: &ledger::ProgramEvent) -> Self {
        ProgramEvent {
            id: event.id,
            at: Time(event.at),
            subject: event.subject.into(),
            name: event.name.clone(),
            kind: event.kind.clone(),
            text: event.text.clone(),
            revision: event.revision,
            actor: Actor::from(event.actor.as_ref()),
        }
    }
}
