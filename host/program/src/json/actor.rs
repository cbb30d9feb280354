//! Who did something.

use dialguard_dialer::ledger::{self, Party};
use serde::Serialize;
use utoipa::ToSchema;

/// Who did it, as it was then: the actor stays when the user or token is removed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Actor {
    kind: ActorKind,
    /// The name of the user, of the token, or of the system's user; `schedule`; a policy's revision in words. Null if it is
    /// unknown.
    #[schema(example = "ann")]
    name: Option<String>,
    /// What tells it from others of that name: when the user or token was added, the policy's revision, the number of the
    /// system's user. Null for the schedule, or if it is unknown.
    id: Option<String>,
    /// The kind of the one that asked for it, if that is another: the user whose replacement the schedule carries out, or who
    /// started the review in which a policy decided.
    for_kind: Option<ActorKind>,
    /// That one's name.
    for_name: Option<String>,
    /// What tells that one from others of that name.
    for_id: Option<String>,
}

/// What sort of actor it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum ActorKind {
    /// A user of the dashboard.
    User,
    /// A program, by its token.
    Token,
    /// Dialguard itself, when something is due.
    Schedule,
    /// A revision of the policy.
    Policy,
    /// A user of the operating system, by a command.
    SystemUser,
    /// It was not recorded, in an earlier version.
    Unknown,
}

impl From<ledger::ActorKind> for ActorKind {
    fn from(kind: ledger::ActorKind) -> Self {
        match kind {
            ledger::ActorKind::User => ActorKind::User,
            ledger::ActorKind::Token => ActorKind::Token,
            ledger::ActorKind::Schedule => ActorKind::Schedule,
            ledger::ActorKind::Policy => ActorKind::Policy,
            ledger::ActorKind::SystemUser => ActorKind::SystemUser,
        }
    }
}

impl From<Option<&ledger::Actor>> for Actor {
    fn from(actor: Option<&ledger::Actor>) -> Self {
        let parts = |party: Option<&Party>| match party.cloned() {
            Some(Party { kind, name, id }) => (Some(ActorKind::from(kind)), Some(name), id),
            None => (None, None, None),
        };
        let (kind, name, id) = parts(actor.map(|actor| &actor.party));
        let (for_kind, for_name, for_id) = parts(actor.and_then(|actor| actor.acts_for.as_ref()));
        Actor { kind: kind.unwrap_or(ActorKind::Unknown), name, id, for_kind, for_name, for_id }
    }
}
