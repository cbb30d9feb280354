//! Who did something, in words.

use dialguard_dialer::ledger::{Actor, ActorKind, Party};

/// Who did it, as in 'by …'.
pub fn actor_in_words(actor: Option<&Actor>) -> String {
    let Some(Actor { party, acts_for }) = actor else { return "not recorded".into() };
    match (party.kind, acts_for) {
        (_, None) => party_in_words(party),
        // A policy always decides in a review that somebody starts; the schedule starts it unless another is named.
        (ActorKind::Policy, Some(starter)) if starter.kind == ActorKind::Schedule => party_in_words(party),
        (ActorKind::Policy, Some(starter)) => {
            format!("{}, in a review by {}", party_in_words(party), party_in_words(starter))
        }
        (_, Some(asked_by)) => format!("{}, for {}", party_in_words(party), party_in_words(asked_by)),
    }
}

/// The same behind a sentence: `by ann`.
pub fn by_in_words(actor: Option<&Actor>) -> String {
    let who = actor_in_words(actor);
    if actor.is_some() { format!("by {who}") } else { format!("actor {who}") }
}

fn party_in_words(Party { kind, name, .. }: &Party) -> String {
    match kind {
        ActorKind::User => name.clone(),
        ActorKind::Token => format!("token {name}"),
        ActorKind::Schedule => "the schedule".into(),
        ActorKind::Policy => match name.strip_prefix("revision ") {
            Some(revision) => format!("policy revision {revision}"),
            None => name.clone(),
        },
        ActorKind::SystemUser => format!("{name} (system user)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actors_are_named_plainly() {
        let (ann, schedule, policy) = (Actor::user("ann", 1), Actor::schedule(), Actor::policy(Some(3)));
        let said = [
            (None, "not recorded"),
            (Some(ann.clone()), "ann"),
            (Some(Actor::token("dialer", 1)), "token dialer"),
            (Some(schedule.clone()), "the schedule"),
            (Some(schedule.acting_for(&ann)), "the schedule, for ann"),
            (Some(policy.acting_for(&schedule)), "policy revision 3"),
            (Some(policy.acting_for(&ann)), "policy revision 3, in a review by ann"),
            (Some(Actor::policy(None)), "the program's own policy"),
        ];
        for (actor, words) in said {
            assert_eq!(actor_in_words(actor.as_ref()), words);
        }
    }
}
