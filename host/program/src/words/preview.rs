//! What a request would cost and lose, in sentences with figures that are right for any number of numbers.

use super::{Surface, count, days_until, dollars, e164, refusal, slots, thousands};
use dialguard::contract::{PhoneNumber, Request, SlotId};
use dialguard_dialer::dialguard::{PlannedReplacement, Preview, ReplacementCost, slots_cents};
use dialguard_dialer::ledger::{Buying, ProviderProfile};
use dialguard_dialer::prices::REPLACEMENT_PRICE_CENTS;
use std::collections::BTreeMap;

/// Replacements that a question lists one by one, at most.
pub const REPLACEMENTS_LISTED_MAX: usize = 15;

/// A replacement into another area code.
pub const OTHER_AREA: &str = "another area code";

/// Whether the text is this count, with or without separators of thousands.
pub fn is_count(typed: &str, count: usize) -> bool {
    typed.trim().replace(',', "").parse() == Ok(count)
}

/// A request as a command names it: `replace 134 numbers`.
pub fn request_in_words(request: &Request) -> String {
    let (verb, numbers) = match request {
        Request::StartMonitoring(numbers) => ("monitor", numbers),
        Request::StopMonitoring(numbers) => ("stop monitoring", numbers),
        Request::ReplaceNumbers(numbers) => ("replace", numbers),
        Request::DeleteNumbers(deletion) => ("delete", &deletion.numbers),
        Request::SetBlocks(blocks) => return format!("change to {}", count((*blocks).into(), "block")),
    };
    format!("{verb} {}", subject(numbers))
}

/// The number, or how many.
pub fn subject(numbers: &[PhoneNumber]) -> String {
    match numbers {
        [only] => e164(*only),
        many => count(many.len() as u64, "number"),
    }
}

/// What a preview says, beside its replacements and refusals one by one.
pub fn preview_in_words(preview: &Preview, surface: Surface) -> Vec<String> {
    let mut sentences = taking_in_words(preview);
    if !preview.replacements.is_empty() {
        sentences.extend(replacing_in_words(&preview.cost(), preview.provider.as_ref(), &preview.account.buying));
    }
    sentences.extend(locking_in_words(preview, surface));
    sentences.extend(leaving_in_words(preview));
    if preview.is_idle() {
        sentences.push("There is nothing to do.".into());
    }
    sentences
}

/// What surprises people about slots, said before they take one.
pub const REMOVING_LOCKS: &str = "If you stop monitoring a number or delete it, its slot stays locked until the billing \
    cycle ends. Replace it instead: the slot stays in use.";

/// The slots that numbers take.
pub fn taking_in_words(preview: &Preview) -> Vec<String> {
    let (taken, used) = (preview.taken.len() as u64, u64::from(preview.account.occupied));
    if taken == 0 {
        return Vec::new();
    }
    let (in_use, all) = (thousands(used + taken), thousands(preview.account.slot_count.into()));
    vec![
        format!(
            "{} will use {}. {in_use} of {all} slots will then be in use. There is no extra charge. {} checked at once.",
            count(taken, "number"),
            slots(&preview.taken),
            if taken == 1 { "It is" } else { "They are" },
        ),
        REMOVING_LOCKS.into(),
    ]
}

/// What replacements cost, and what becomes of the old numbers.
pub fn replacing_in_words(cost: &ReplacementCost, provider: Option<&ProviderProfile>, buying: &Buying) -> Vec<String> {
    let is_one = cost.replacements == 1;
    let mut sentences = vec![match is_one {
        true => format!("{} will be charged. The slot stays in use.", dollars(cost.fee_cents)),
        false => format!(
            "{} will be charged, {} for each of {} replacements. Slots stay in use.",
            dollars(cost.fee_cents),
            dollars(REPLACEMENT_PRICE_CENTS),
            thousands(cost.replacements as u64),
        ),
    }];
    sentences.extend(provider.filter(|_| cost.bought > 0).map(|provider| buying_in_words(cost, provider, buying)));
    match (cost.other_areas, is_one) {
        (0, _) => {}
        (_, true) => sentences.push(format!("The new number has {OTHER_AREA}.")),
        (1, _) => sentences.push(format!("1 of the new numbers has {OTHER_AREA}.")),
        (others, _) => sentences.push(format!("{} of the new numbers have {OTHER_AREA}.", thousands(others as u64))),
    }
    sentences.push(match (provider, is_one) {
        (Some(provider), true) => format!(
            "The old number rests, at no fee, and {} goes on billing it. Once it is clean again it can replace others.",
            provider.name
        ),
        (Some(provider), false) => format!(
            "The old numbers rest, at no fee, and {} goes on billing them. Once they are clean again they can replace \
             others.",
            provider.name
        ),
        (None, true) => "The old number rests, at no fee. Once it is clean again it can replace others.".into(),
        (None, false) => "The old numbers rest, at no fee. Once they are clean again they can replace others.".into(),
    });
    sentences
}

fn buying_in_words(cost: &ReplacementCost, provider: &ProviderProfile, buying: &Buying) -> String {
    let (name, numbers) = (&provider.name, dollars(cost.number_cents));
    let each = match cost.number_cents == cost.bought as u64 * u64::from(provider.price_cents) {
        true => format!(", {} each", dollars(provider.price_cents.into())),
        false => ", each at its own price".into(),
    };
    let bought = match cost.bought {
        1 => format!("1 new number is bought from {name} for {numbers}"),
        bought => format!("{} new numbers are bought from {name} for {numbers}{each}", thousands(bought as u64)),
    };
    let [day, cycle] = [buying.day_cents_max, buying.cycle_cents_max].map(|cents| dollars(cents.into()));
    format!("{bought}. What exceeds the account's caps of {day} a day and {cycle} per billing cycle waits.")
}

/// The slots that are locked: `Deleting locks slot 7 until 1 December: 20 days of a slot that costs $3.27 per billing
/// cycle.`
pub fn locking_in_words(preview: &Preview, surface: Surface) -> Option<String> {
    let until = preview.locked.first()?.until;
    let locked: Vec<SlotId> = preview.locked.iter().map(|closing| closing.slot).collect();
    let doing = if matches!(preview.request, Request::DeleteNumbers(_)) { "Deleting" } else { "Stopping" };
    let cost = dollars(slots_cents(locked.len()));
    let paid = match locked.len() {
        1 => format!("a slot that costs {cost} per billing cycle"),
        _ => format!("slots that cost {cost} per billing cycle"),
    };
    Some(format!(
        "{doing} locks {} until {}: {} of {paid}. Nothing is refunded.",
        slots(&locked),
        surface.until(until),
        count(days_until(until, preview.at), "day"),
    ))
}

/// The numbers that leave, and who goes on billing them.
pub fn leaving_in_words(preview: &Preview) -> Vec<String> {
    let gone = match &preview.leaving[..] {
        [] => return Vec::new(),
        [only] => format!("{} leaves the account for good, and is not offered to it again.", e164(*only)),
        many => {
            let numbers = count(many.len() as u64, "number");
            format!("{numbers} leave the account for good, and are not offered to it again.")
        }
    };
    vec![gone, billed_on(preview.leaving.len(), &preview.billed_on)]
}

fn billed_on(leaving: usize, bought_at: &BTreeMap<String, usize>) -> String {
    let (them, unknown) = (if leaving == 1 { "it" } else { "them" }, leaving - bought_at.values().sum::<usize>());
    let bills = |(provider, numbers): (&String, &usize)| match *numbers == leaving {
        true => format!("{provider} goes on billing {them}"),
        false => format!("{provider} goes on billing {} of {them}", thousands(*numbers as u64)),
    };
    let others = match unknown {
        0 => None,
        1 if leaving == 1 => Some("its provider goes on billing it".into()),
        all if all == leaving => Some("their providers go on billing them".into()),
        some => Some(format!("other providers go on billing {}", thousands(some as u64))),
    };
    let bills: Vec<String> = bought_at.iter().map(bills).chain(others).collect();
    format!("Deleting ends nothing at a provider: {} until you end {them} there.", bills.join(", "))
}

/// What replacing the numbers would cost and keep instead of locking their slots; `locked` is how many.
pub fn replacing_instead_in_words(instead: &Preview, locked: usize) -> Vec<String> {
    let cost = instead.cost();
    let (kept, total) = (cost.replacements, dollars(cost.fee_cents));
    if kept == 0 {
        return vec!["No clean candidate is available to replace with instead.".into()];
    }
    let slots = |count: usize| if count == 1 { "slot" } else { "slots" };
    let mut sentences = vec![match kept == locked {
        true => format!("Replacing instead keeps the {} and costs {total}.", slots(locked)),
        false => format!(
            "Replacing instead keeps {} of {} {} and costs {total}; for the others there is no clean candidate.",
            thousands(kept as u64),
            thousands(locked as u64),
            slots(locked),
        ),
    }];
    // The first sentence says the fee.
    let more = replacing_in_words(&cost, instead.provider.as_ref(), &instead.account.buying);
    sentences.extend(more.into_iter().skip(1));
    sentences
}

/// The numbers that would be refused, by reason; more than three are counted.
pub fn refused_in_words(preview: &Preview, surface: Surface) -> Vec<String> {
    let mut reasons: BTreeMap<String, Vec<PhoneNumber>> = BTreeMap::new();
    for (number, outcome) in preview.refused() {
        reasons.entry(refusal(outcome, surface)).or_default().push(number);
    }
    let line = |(reason, numbers): (&String, &Vec<PhoneNumber>)| match numbers.len() {
        1..=3 => format!("{}: {reason}", numbers.iter().map(|number| e164(*number)).collect::<Vec<_>>().join(", ")),
        many => format!("{}: {reason}", count(many as u64, "number")),
    };
    reasons.iter().map(line).collect()
}

/// `+13105550199 will replace +13105550100 in slot 1 (another area code, $1.15)`.
pub fn replacement_in_words(planned: &PlannedReplacement) -> String {
    let it = &planned.replacement;
    let area = planned.is_other_area().then(|| OTHER_AREA.to_owned());
    let facts: Vec<_> = area.into_iter().chain(planned.number_cents.map(|cents| dollars(cents.into()))).collect();
    let facts = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
    format!("{} will replace {} in slot {}{facts}", e164(it.replacement), e164(it.number), it.slot)
}
