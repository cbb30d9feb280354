//! The steps of an order: those that are done, the one it is at, and those to come.

use dialguard_dialer::ledger::{Order, OrderState};
use maud::{Markup, html};

/// Where a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Done,
    /// It is under way.
    Current,
    /// Something holds it up.
    Held,
    /// It ended here, and the slot did not move.
    Ended,
    Ahead,
}

impl Stage {
    fn class(self) -> &'static str {
        match self {
            Stage::Done => "done",
            Stage::Current => "current",
            Stage::Held => "held",
            Stage::Ended => "ended",
            Stage::Ahead => "ahead",
        }
    }

    /// For those who do not see the mark.
    fn in_words(self) -> &'static str {
        match self {
            Stage::Done => "done",
            Stage::Current => "under way",
            Stage::Held => "on hold",
            Stage::Ended => "ended here",
            Stage::Ahead => "to come",
        }
    }
}

pub fn steps(order: &Order) -> Markup {
    html! {
        ol.steps aria-label="Steps" {
            @for (name, stage) in steps_of(order) {
                li class=(stage.class()) aria-current=[matches!(stage, Stage::Current | Stage::Held).then_some("step")] {
                    (mark(stage)) span { (name) } span.unseen { ": " (stage.in_words()) }
                }
            }
        }
    }
}

/// A tick, a filled dot, a cross or an empty ring.
fn mark(stage: Stage) -> Markup {
    html! {
        svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" {
            circle cx="8" cy="8" r="6.5" {}
            @match stage {
                Stage::Done => path d="M4.8 8.3l2.2 2.2 4.2-4.6" {},
                Stage::Current => circle.dot cx="8" cy="8" r="3" {},
                Stage::Held => path d="M8 4.5v4.5M8 11v0.5" {},
                Stage::Ended => path d="M5.5 5.5l5 5M10.5 5.5l-5 5" {},
                Stage::Ahead => {},
            }
        }
    }
}

/// Each step with the state from which on it is done. A number that is on hand is not reserved and ordered.
fn steps_of(order: &Order) -> Vec<(&'static str, Stage)> {
    if order.state == OrderState::Abandoned {
        return vec![("planned", Stage::Done), ("abandoned", Stage::Ended)];
    }
    let is_bought = order.price_cents.is_some();
    let reserving = [("reserved", OrderState::Reserved), ("ordered", OrderState::Acquired)];
    let rest = match order.state {
        OrderState::Done => "rest over",
        _ if order.gives_back => "given back",
        _ => "resting",
    };
    let steps = [("planned", OrderState::Intended)]
        .into_iter()
        .chain(reserving.into_iter().filter(|_| is_bought))
        .chain([("owned", OrderState::Acquired), ("swapped", OrderState::Swapped), (rest, OrderState::Done)]);
    let stage = |done_from| if order.state >= done_from { Stage::Done } else { Stage::Ahead };
    let mut steps: Vec<_> = steps.map(|(name, done_from)| (name, stage(done_from))).collect();
    if let Some((_, next)) = steps.iter_mut().find(|(_, stage)| *stage == Stage::Ahead) {
        *next = if order.hold.is_some() { Stage::Held } else { Stage::Current };
    }
    steps
}
