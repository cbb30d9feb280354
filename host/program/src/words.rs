//! Figures, times and refusals in words: the same on the command line, on the dashboard and in the API.

mod access;
mod actors;
mod attention;
mod calls;
mod checks;
mod marks;
mod preview;
mod review;
mod screening;
mod settings_change;
mod story;
mod summary;

pub use access::{browser_in_words, grant_in_words, inviter_in_words};
pub use actors::{actor_in_words, by_in_words};
pub use attention::{concern_in_words, remedy};
pub use calls::{
    WHOLE_HOURS, answer_rate, call_counts, calls_in_words, column, incoming_calls, read_calls_in_words,
    recognized_calls,
};
pub use checks::{
    age_in_words, answered_in_days, answered_in_words, checks_in_words, rated_days_in_rows, source_in_words,
    trouble_in_words, trouble_steps,
};
pub use marks::{MarkMeaning, legend};
pub use preview::{
    OTHER_AREA, REMOVING_LOCKS, REPLACEMENTS_LISTED_MAX, is_count, leaving_in_words, locking_in_words,
    preview_in_words, refused_in_words, replacement_in_words, replacing_in_words, replacing_instead_in_words,
    request_in_words, subject, taking_in_words,
};
pub use review::check_in_words;
pub use screening::{SCREENED_GROUPS, asked_in_words, screening_cost_in_words};
pub use settings_change::{VALUES_STAY, settings_change_in_words};
pub use story::{bill_line_in_words, day_in_words, headline, sentence, time_of_day, time_of_step};
pub use summary::{summary_in_words, why_not_in_words};

use crate::candidates::{CandidateRating, RatedCandidate};
use chrono::Datelike;
use dialguard::calendar::{rfc3339, utc};
use dialguard::contract::{Answer, Outcome, PhoneNumber, ReplacementReason, Review, SlotId, Status, Timestamp};
pub use dialguard_dialer::figures::{count, grouped as thousands};
use dialguard_dialer::ledger::{
    AccountProfile, Bill, Billing, Closing, ImportedAs, LedgerTime, Order, OrderState, RatingAges, Saving,
};
use dialguard_dialer::number_file::{ImportedFile, NumberFile};
pub use dialguard_dialer::phone::readable;
use dialguard_dialer::policies::Live;
pub use dialguard_dialer::prices::{dollars, signed_dollars};
use dialguard_dialer::prices::{dollars_of_micros, price_cents};
use dialguard_dialer::sources::costs::LookUpCosts;
use dialguard_dialer::zones::Zone;

/// The monthly price of this many blocks.
pub fn price(blocks: u32) -> String {
    dollars(price_cents(blocks))
}

/// The score from which a carrier's answer counts as spam, for marks and lines; none if the policy has no such setting.
pub fn spam_score_min(live: &Live, account: &AccountProfile) -> Option<u8> {
    let score = live.declaration.value("spam-score-min", &account.settings)?;
    u8::try_from(score).ok()
}

/// The time, the newest time in the ledger, and what a leap would charge.
pub fn time_in_words(time: &LedgerTime) -> String {
    let now = rfc3339(time.now);
    match (&time.leap, time.newest_at) {
        (Some(leap), _) => format!(
            "On hold: {leap}.\nCorrect the clock or, if the time is right, confirm it with `dialguard clock accept`."
        ),
        (None, Some(newest_at)) => {
            format!("The time is {now}; the newest time in the ledger is {}.", rfc3339(newest_at))
        }
        (None, None) => format!("The time is {now}; the ledger has no accounts yet."),
    }
}

/// Charges and credits of a billing cycle.
pub fn bill_in_words(bill: &Bill) -> String {
    let mut text = dollars(bill.charged_cents);
    if bill.due_cents > 0 {
        text += &format!(" ({} of it is recorded with the account's next change)", dollars(bill.due_cents));
    }
    if bill.credited_cents > 0 {
        let (credited, balance) = (dollars(bill.credited_cents), signed_dollars(bill.balance_cents()));
        text += &format!(", less {credited} credited: {balance}");
    }
    text
}

/// What a billing cycle comes to: a row for each kind, and the sums, in US cents.
pub fn bill_rows(bill: &Billing) -> Vec<(String, i64)> {
    let counted = |figure: u32, one: &str| capital(&count(figure.into(), one));
    let cents = u64::cast_signed;
    vec![
        ("Blocks".into(), cents(bill.blocks_cents)),
        (counted(bill.replacements, "replacement"), cents(bill.replacements_cents)),
        (counted(bill.credits, "credit"), -cents(bill.credited_cents)),
        ("Charged by Dialguard".into(), bill.balance_cents()),
        (format!("{} bought, billed by the provider", count(bill.numbers.into(), "number")), cents(bill.numbers_cents)),
        ("Total".into(), bill.total_cents()),
    ]
}

/// How old ratings are, and what daily look-ups would cost; nothing if no number is monitored.
pub fn look_ups_in_words(costs: &LookUpCosts, surface: Surface) -> Vec<String> {
    let RatingAges { monitored, never_rated, oldest_rated_at, .. } = costs.ages;
    let mut sentences = Vec::new();
    if let Some(at) = oldest_rated_at {
        sentences.push(format!("The oldest rating is from {}.", surface.until(at)));
    }
    if never_rated > 0 {
        let verb = if never_rated == 1 { "was" } else { "were" };
        sentences.push(format!("{} {verb} never rated.", count(never_rated.into(), "number")));
    }
    if costs.day_micros() > 0 {
        let (day, month) = (dollars_of_micros(costs.day_micros()), dollars_of_micros(costs.month_micros()));
        let numbers = count(monitored.into(), "number");
        sentences.push(format!("Looking up {numbers} with every source costs {day} a day, {month} in 30 days."));
    }
    sentences
}

/// What an account's own numbers have saved, and how that is counted.
pub fn saving_in_words(saving: &Saving) -> String {
    let own = count(saving.by_own.into(), "number");
    match saving.by_bought {
        0 => {
            format!("Replacements by {own} of the account's own in the past 365 days. None was bought to compare with.")
        }
        bought => format!(
            "{} saved in the past 365 days: {own} of the account's own replaced others, and {} bought for {} in all.",
            dollars(saving.cents()),
            if bought == 1 { "1 was".into() } else { format!("{} were", thousands(bought.into())) },
            dollars(saving.bought_cents),
        ),
    }
}

/// What becomes of the account's numbers that are still flagged after their last rest.
pub fn after_last_rest(account: &AccountProfile) -> &'static str {
    match account.buying.provider {
        Some(_) => "are given back",
        None => "leave the account, and are yours to release",
    }
}

/// Who had a number replaced.
pub fn reason_in_words(why: ReplacementReason) -> &'static str {
    match why {
        ReplacementReason::Flagged => "automatic",
        ReplacementReason::Requested => "on request",
    }
}

/// What abandoning an order does.
pub fn abandoning_in_words(order: &Order) -> String {
    let (old, new) = (e164(order.number), e164(order.replacement));
    let first = match order.state {
        OrderState::Done | OrderState::Abandoned => return format!("Order {} is over.", order.id),
        OrderState::Swapped => {
            return format!("{new} has replaced {old}: it is too late to abandon order {}.", order.id);
        }
        OrderState::Ordering => "If the provider says that no number was bought, ",
        _ => "",
    };
    let text = format!("{old} keeps slot {} and is not replaced by {new}; nothing is charged.", order.slot);
    if first.is_empty() { text } else { format!("{first}{text}") }
}

/// What closing an account does, in sentences.
pub fn closing_in_words(closing: &Closing, surface: Surface) -> Vec<String> {
    let mut sentences: Vec<String> = closing.held_up_by.iter().map(held_up_in_words).collect();
    sentences.extend(closed_numbers_in_words(closing));
    sentences.extend(closed_bill_in_words(closing, surface));
    let after = "Afterwards the account can be read, exported and credited. It cannot be changed or opened again, and its id \
                 is not used again.";
    sentences.push(after.into());
    sentences
}

fn held_up_in_words(order: &Order) -> String {
    let set_aside = match order.price_cents.filter(|_| order.state == OrderState::Ordering) {
        Some(cents) => format!(", and {} is set aside for it", dollars(cents.into())),
        None => String::new(),
    };
    let id = order.id;
    format!("Order {id} must end first: a number may be bought or given back for it at this moment{set_aside}.")
}

/// What becomes of the account's numbers, orders and slots: a sentence for each kind that it has.
fn closed_numbers_in_words(closing: &Closing) -> Vec<String> {
    let abandoned = match closing.unspent_cents() {
        0 => " abandoned and not charged.".to_owned(),
        cents => format!(" abandoned and not charged, and {} for their numbers is not spent.", dollars(cents)),
    };
    let kept = " the account. Nothing is released: providers keep their numbers, and keep charging for them. Any account \
                can import them.";
    let kinds: [(u64, _, _, &str); 6] = [
        (closing.monitored.into(), "monitored number is", "monitored numbers are", " no longer checked from now on."),
        (closing.owned.into(), "number leaves", "numbers leave", kept),
        (
            closing.resting.into(),
            "replaced number that rests is",
            "replaced numbers that rest are",
            " not given back to a provider.",
        ),
        (closing.candidates.into(), "candidate is", "candidates are", " withdrawn."),
        (closing.abandoned.len() as u64, "replacement in progress is", "replacements in progress are", &abandoned),
        (closing.locked.into(), "locked slot is", "locked slots are", " released."),
    ];
    let kinds = kinds.into_iter().filter(|(figure, ..)| *figure > 0);
    kinds
        .map(|(figure, one, many, rest)| {
            format!("{} {}{rest}", thousands(figure), if figure == 1 { one } else { many })
        })
        .collect()
}

/// What it costs, and what it does not cost any more.
fn closed_bill_in_words(closing: &Closing, surface: Surface) -> Vec<String> {
    let mut sentences = Vec::new();
    if closing.charged_now_cents > 0 {
        sentences.push(format!("{} is charged now, for what has begun already.", dollars(closing.charged_now_cents)));
    }
    sentences.push(format!(
        "Charged in this billing cycle: {}. Nothing of it is refunded, but it can be credited.",
        bill_in_words(&closing.bill)
    ));
    let next = match closing.next_cents {
        0 => String::new(),
        cents => format!("; the next cycle would have cost {}", dollars(cents)),
    };
    let ends = surface.until(closing.cycle_ends_at);
    sentences.push(format!("The cycle ends on {ends}. Nothing more is charged{next}."));
    sentences
}

/// How a file of numbers was read: `UTF-8, separated by semicolons; numbers in column "Phone #"`.
pub fn recognized(file: &NumberFile) -> String {
    let separated = if file.columns.len() > 1 { delimited(file.format.delimiter) } else { String::new() };
    let numbers = match file.column() {
        Some(column) => format!("numbers in {}", column_name(column)),
        None => "a number in every field".into(),
    };
    format!("{}{separated}; {numbers}", file.format.encoding)
}

fn delimited(delimiter: char) -> String {
    let by = match delimiter {
        ',' => "commas".into(),
        ';' => "semicolons".into(),
        '\t' => "tabs".into(),
        '|' => "bars".into(),
        other => format!("{other:?}"),
    };
    format!(", separated by {by}")
}

/// `"Fax" has numbers too`; empty if no other column has. A file may have thousands, of which the first are named.
pub fn other_columns(file: &NumberFile) -> Option<String> {
    const NAMED_MAX: usize = 10;
    let mut names: Vec<_> = file.other_columns.iter().take(NAMED_MAX).map(|name| column_name(name)).collect();
    if let unnamed @ 1.. = file.other_columns.len().saturating_sub(NAMED_MAX) {
        names.push(format!("{} others", thousands(unnamed as u64)));
    }
    let (last, others) = names.split_last()?;
    Some(match others {
        [] => format!("{last} has numbers too"),
        _ => format!("{} and {last} have numbers too", others.join(", ")),
    })
}

/// `column "Phone #"`, or `column 2` of a file without a header.
fn column_name(name: &str) -> String {
    if name.starts_with("column ") { name.to_owned() } else { format!("column {:?}", shortened(name)) }
}

/// A field of a file, cut short where it is long, on one line.
pub fn shortened(field: &str) -> String {
    const CHARACTERS_MAX: usize = 40;
    let field = field.replace(|character: char| character.is_control(), " ");
    match field.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &field[..end]),
        None => field,
    }
}

/// How many refused rows of a file are listed. Files may have millions; all of them are in the file of refused rows.
pub const REFUSED_LISTED_MAX: usize = 100;

/// How many numbers an import took or, if it was only tried, would take.
pub fn import_counts(outcome: &ImportedFile, imported_as: ImportedAs, dry_run: bool) -> String {
    let ImportedFile { imported, known_before, refused, .. } = outcome;
    let what = if imported_as == ImportedAs::Candidate { "candidate" } else { "number" };
    let imported = count(*imported as u64, what);
    let verb = if dry_run { "would be imported" } else { "imported" };
    let [known_before, refused] = [*known_before, refused.len()].map(|figure| thousands(figure as u64));
    format!("{imported} {verb}, {known_before} already known, {refused} refused")
}

/// What a number was rated by: `2 of 3 carriers flag it`.
pub fn rating_in_words(review: &Review) -> String {
    let carriers = count(review.answering.into(), "carrier");
    match review.flagging {
        0 => format!("none of {carriers} flags it"),
        1 => format!("1 of {carriers} flags it"),
        flagging => format!("{flagging} of {carriers} flag it"),
    }
}

/// What carriers said last about a candidate: `clean: none of 3 carriers flags it`.
pub fn candidate_in_words(one: &RatedCandidate) -> String {
    let carriers = count(one.answering as u64, "carrier");
    match one.rating() {
        CandidateRating::Clean => format!("clean: none of {carriers} flags it"),
        CandidateRating::Flagged => format!("flagged by {} of {carriers}", one.flagging),
        CandidateRating::Unrated if one.answering == 0 => "unrated".into(),
        CandidateRating::Unrated => format!("unrated: only {carriers} answered"),
    }
}

/// Where a candidate came from.
pub fn origin_in_words(one: &RatedCandidate) -> String {
    one.candidate.bought_from.as_ref().map_or("own".into(), |provider| format!("from {provider}"))
}

/// `1 monitored number is`, `5,000 monitored numbers are`.
pub fn monitored_are(numbers: u32) -> String {
    format!("{} {}", count(numbers.into(), "monitored number"), if numbers == 1 { "is" } else { "are" })
}

/// The local date, such as `1 December`; with its year unless that is the current one.
pub fn date(at: Timestamp, zone: Zone, now: Timestamp) -> String {
    let [at, now] = [at, now].map(|instant| utc(instant).with_timezone(&zone));
    let format = if at.year() == now.year() { "%-d %B" } else { "%-d %B %Y" };
    at.format(format).to_string()
}

/// Days that begin before then, including the current one.
pub fn days_until(until: Timestamp, now: Timestamp) -> u64 {
    until.saturating_sub(now).div_ceil(86_400)
}

/// A number in E.164: for files, for commands, and in all words here. Pages show the numbers in words as people read them.
pub fn e164(number: PhoneNumber) -> String {
    dialguard_dialer::phone::e164(number).to_string()
}

/// `slot 7`, `slots 2, 4 and 7`, or how many if they are too many to list.
pub fn slots(slots: &[SlotId]) -> String {
    match slots {
        [only] => format!("slot {only}"),
        [others @ .., last] if others.len() < 10 => {
            let others: Vec<_> = others.iter().map(SlotId::to_string).collect();
            format!("slots {} and {last}", others.join(", "))
        }
        _ => count(slots.len() as u64, "slot"),
    }
}

/// The name of an event kind or of a state, `turned-flagged` as `Turned flagged`.
pub fn kind_name(kind: &str) -> String {
    capital(&kind.replace('-', " "))
}

/// With an initial capital.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// The status of that name.
pub fn status_of_name(name: &str) -> Option<Status> {
    Status::ALL.into_iter().find(|status| status.name() == name)
}

/// The name of an answer in the contract.
pub fn answer_name(answer: Answer) -> &'static str {
    match answer {
        Answer::Accepted => "accepted",
        Answer::AddOnOff => "add-on-off",
        Answer::NotOwned => "not-owned",
        Answer::AlreadyMonitored => "already-monitored",
        Answer::NotMonitored => "not-monitored",
        Answer::NoFreeSlot => "no-free-slot",
        Answer::SlotWouldLock => "slot-would-lock",
        Answer::NoCleanCandidate => "no-clean-candidate",
        Answer::ReplacementPending => "replacement-pending",
        Answer::SlotsInUse => "slots-in-use",
    }
}

/// Where text is read, which decides how a time and a next step are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// Times in RFC 3339; the next step is a command.
    CommandLine,
    /// Local dates, compared with the year of `now`; the next step is something the dashboard offers.
    Dashboard { zone: Zone, now: Timestamp },
    /// Times in RFC 3339; the next step is a request.
    Api,
}

impl Surface {
    fn until(self, at: Timestamp) -> String {
        match self {
            Surface::Dashboard { zone, now } => date(at, zone, now),
            Surface::CommandLine | Surface::Api => rfc3339(at),
        }
    }
}

/// What to do next: a command, something the dashboard offers, and a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Steps {
    pub command: Option<&'static str>,
    pub dashboard: Option<&'static str>,
    pub request: Option<&'static str>,
}

impl Steps {
    /// Only an operator with a shell can do it.
    pub fn command(command: &'static str) -> Self {
        Steps { command: Some(command), ..Steps::default() }
    }

    /// The step on one surface.
    pub fn on(self, surface: Surface) -> Option<&'static str> {
        match surface {
            Surface::CommandLine => self.command,
            Surface::Dashboard { .. } => self.dashboard,
            Surface::Api => self.request,
        }
    }
}

impl From<(Option<&'static str>, Option<&'static str>, Option<&'static str>)> for Steps {
    fn from((command, dashboard, request): (Option<&'static str>, Option<&'static str>, Option<&'static str>)) -> Self {
        Steps { command, dashboard, request }
    }
}

/// Why a number was refused, and the next step if there is one.
pub fn refusal(outcome: &Outcome, surface: Surface) -> String {
    let reason = reason(outcome, surface);
    match next_steps(outcome.answer).on(surface) {
        Some(step) => format!("{reason}; {step}"),
        None => reason,
    }
}

/// Why a number was refused.
pub fn reason(outcome: &Outcome, surface: Surface) -> String {
    let until = outcome.until.map(|until| surface.until(until));
    match (outcome.answer, until) {
        (Answer::Accepted, _) => "done".into(),
        (Answer::AddOnOff, _) => "the reputation add-on is off".into(),
        (Answer::NotOwned, _) => "the account does not own this number".into(),
        (Answer::AlreadyMonitored, _) => "already monitored".into(),
        (Answer::NotMonitored, _) => "not monitored".into(),
        (Answer::NoFreeSlot, Some(until)) => format!("no free slot until {until}"),
        (Answer::NoFreeSlot, None) => "no free slot".into(),
        (Answer::SlotWouldLock, Some(until)) => format!("its slot would stay locked until {until}"),
        (Answer::SlotWouldLock, None) => "its slot would stay locked".into(),
        (Answer::NoCleanCandidate, _) => "no candidate is rated clean".into(),
        (Answer::ReplacementPending, _) => "its replacement is already in progress".into(),
        (Answer::SlotsInUse, _) => "more numbers are monitored than that many blocks hold".into(),
    }
}

/// What to do about a refusal.
pub fn next_steps(answer: Answer) -> Steps {
    let (command, dashboard, request) = match answer {
        Answer::AddOnOff => (
            "turn it on with `dialguard account set ID --add-on on`",
            "turn it on first",
            "turn it on with `PATCH /api/v1/accounts/{account}` and `\"enabled\": true`",
        ),
        Answer::NotOwned => (
            "import it with `dialguard numbers import ID FILE`",
            "import it first",
            "import it with `POST /api/v1/accounts/{account}/numbers`",
        ),
        Answer::NoFreeSlot => (
            "add a block with `dialguard account set ID --blocks N`",
            "add a block",
            "add a block with `PATCH /api/v1/accounts/{account}` and `blocks`",
        ),
        Answer::SlotWouldLock => (
            "`dialguard replace` keeps the slot, `--accept-slot-loss` gives it up",
            "replace it to keep the slot",
            "`replace-numbers` keeps the slot, `accept-slot-loss` gives it up",
        ),
        Answer::NoCleanCandidate => (
            "import more with `dialguard numbers import ID FILE --candidates`",
            "import more candidates",
            "import more with `POST /api/v1/accounts/{account}/numbers` as `candidate`",
        ),
        Answer::ReplacementPending => (
            "`dialguard orders ID` shows its progress",
            "see Replacements",
            "`GET /api/v1/accounts/{account}/orders` shows its progress",
        ),
        Answer::SlotsInUse => (
            "stop monitoring some first with `dialguard unmonitor ID NUMBER`",
            "stop monitoring some first",
            "stop monitoring some first with `POST /api/v1/accounts/{account}/requests`",
        ),
        Answer::Accepted | Answer::AlreadyMonitored | Answer::NotMonitored => return Steps::default(),
    };
    Steps { command: Some(command), dashboard: Some(dashboard), request: Some(request) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_grouped_and_counted() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(dollars(4_900), "$49.00");
        assert_eq!(dollars(123_456_705), "$1,234,567.05");
        assert_eq!(slots(&[7]), "slot 7");
        assert_eq!(slots(&[2, 4, 7]), "slots 2, 4 and 7");
        assert_eq!(slots(&(1..=12).collect::<Vec<_>>()), "12 slots");
    }

    fn new_york() -> Zone {
        "America/New_York".parse().expect("a time zone")
    }

    #[test]
    fn a_lock_ends_on_a_local_date() {
        // 2026-12-01T05:00:00Z is midnight in New York. `now` is six days and some hours earlier, in the same year.
        let (now, until) = (1_795_500_000, 1_796_101_200);
        assert_eq!(date(until, new_york(), now), "1 December");
        assert_eq!(date(until, new_york(), now + 86_400 * 60), "1 December 2026");
        assert_eq!(days_until(until, now), 7);
        assert_eq!(days_until(until, until), 0);
    }

    #[test]
    fn a_refusal_has_one_reason_and_a_next_step_for_each_surface() {
        let (now, until) = (1_795_500_000, Some(1_796_101_200));
        let full = Outcome { answer: Answer::NoFreeSlot, until };
        let dashboard = Surface::Dashboard { zone: new_york(), now };
        assert_eq!(refusal(&full, dashboard), "no free slot until 1 December; add a block");
        assert_eq!(
            refusal(&full, Surface::CommandLine),
            "no free slot until 2026-12-01T05:00:00Z; add a block with `dialguard account set ID --blocks N`"
        );
        assert!(refusal(&full, Surface::Api).contains("PATCH /api/v1/accounts"));
        assert_eq!(refusal(&Outcome { answer: Answer::NotMonitored, until: None }, Surface::Api), "not monitored");
    }
}
