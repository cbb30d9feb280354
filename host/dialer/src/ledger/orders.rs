//! Replacements in progress, each step a transaction.
//!
//! The states rise: intended, reserved, screened, ordering, acquired, carried over, swapped, done. A number on hand
//! goes from intended to acquired. An order whose number is unavailable, or whose grounds no longer hold, is abandoned,
//! from any state before swapped. A number that was bought for it stays in the account as a candidate.
//!
//! A step that spends money or moves a slot names the [`Basis`] on which its grounds were found to hold. If the account
//! has had a run or a change since, the step is not taken.
//!
//! A step that calls a provider is claimed first, for two minutes: if its process dies, another one takes over then,
//! and looks the order up before it repeats anything. [`fulfilment`](crate::fulfilment) says what each step does.

pub(in crate::ledger) mod closing;
pub(in crate::ledger) mod grounds;
mod news;
pub(in crate::ledger) mod page;
pub(in crate::ledger) mod rest;

use crate::ledger::accounts::buying::spending;
use crate::ledger::accounts::slots::occupy;
use crate::ledger::accounts::{AccountProfile, open, profile, touch};
use crate::ledger::actors::{ACTOR_COLUMNS, Actor, Change, actor_from_row, join_actors};
use crate::ledger::events::{EventKind, NewEvent};
use crate::ledger::numbers::change_state;
use crate::ledger::time;
use crate::ledger::{Ledger, LedgerError, Result, asked_to_sql, from_sql, to_sql};
use crate::phone::e164;
use crate::prices::{REPLACEMENT_PRICE_CENTS, dollars};
use dialguard::contract::{Candidate, PhoneNumber, Replacement, ReplacementReason, SlotId, Timestamp};
use grounds::Basis;
use rest::{is_resting, tell_kept};
use rusqlite::{OptionalExtension, Row, Transaction, params};

/// How long a process may take for one step before another one takes over, in seconds. A step makes three calls at most,
/// which take 114 seconds.
const LEASE_SECONDS: u64 = 120;

/// How long an unavailable number is not offered again, in seconds: 30 days.
const NOT_OFFERED_AGAIN_SECONDS: u64 = 30 * 86_400;

/// A replacement that was planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its own id.
    pub id: u64,
    /// The account.
    pub account: String,
    /// The number that goes.
    pub number: PhoneNumber,
    /// The one that takes its slot.
    pub replacement: PhoneNumber,
    /// The slot.
    pub slot: SlotId,
    /// Why it is made.
    pub why: ReplacementReason,
    /// Its state.
    pub state: OrderState,
    /// Since when it has that state.
    pub state_since: Timestamp,
    /// When it was decided.
    pub intended_at: Timestamp,
    /// The provider that has the old number, and sells the new one; none without a provider.
    pub provider: Option<String>,
    /// The price of the new number, in US cents, when the replacement was planned; none if it was on hand.
    pub price_cents: Option<u32>,
    /// The id that the provider knows it by.
    pub reference: String,
    /// The new number is one of the account's own, which had rested.
    pub has_rested: bool,
    /// Since when the old number rests; none unless it does.
    pub resting_since: Option<Timestamp>,
    /// Until when, as long as the account's settings stay as they are. What becomes of it then is the policy's to say.
    pub rests_until: Option<Timestamp>,
    /// Why it was planned, in the policy's words.
    pub because: String,
    /// When the slot moved; none if it has not.
    pub swapped_at: Option<Timestamp>,
    /// What was spent on its number, or is set aside for it, in US cents.
    pub spent_cents: Option<u32>,
    /// What the replacement was charged, in US cents; none unless the slot has moved.
    pub charged_cents: Option<u64>,
    /// Rests that the old number has ended.
    pub rests: u8,
    /// The old number is being given back to its provider.
    pub gives_back: bool,
    /// What holds it up; none if nothing does.
    pub hold: Option<Hold>,
    /// When it is tried again, if something holds it up.
    pub next_try_at: Timestamp,
    /// Failed tries.
    pub tries: u32,
    /// Who asked for it; none for an order of an earlier version, which recorded no actors.
    pub asked_by: Option<Actor>,
    pub(crate) sent_at: Option<Timestamp>,
    /// When the provider first said that it has the order.
    pub(crate) confirmed_at: Option<Timestamp>,
    pub(crate) looks: u32,
    /// The run that planned it.
    pub(crate) run: u64,
    /// The policy will be asked for another candidate.
    pub(crate) is_asked_again: bool,
}

/// What holds an order up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// What it is, in words.
    pub problem: String,
    /// Since when.
    pub since: Timestamp,
    /// Whether it needs an operator; otherwise it may resolve itself.
    pub is_stuck: bool,
}

/// The state of a replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrderState {
    /// Recorded; nothing was done yet.
    Intended,
    /// The provider holds the number, or has no reservations.
    Reserved,
    /// The policy still chooses the number.
    Screened,
    /// It may have been bought: the order was sent, or is about to be.
    Ordering,
    /// The account owns the replacement.
    Acquired,
    /// The old number's settings were carried over to it.
    CarriedOver,
    /// The replacement has the slot. The old number has left the account, and rests.
    Swapped,
    /// Finished.
    Done,
    /// Ended, and the slot did not move.
    Abandoned,
}

impl OrderState {
    /// Every state, in the order in which they come.
    pub const ALL: [OrderState; 9] = [
        OrderState::Intended,
        OrderState::Reserved,
        OrderState::Screened,
        OrderState::Ordering,
        OrderState::Acquired,
        OrderState::CarriedOver,
        OrderState::Swapped,
        OrderState::Done,
        OrderState::Abandoned,
    ];

    /// Its name, as in the database and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            OrderState::Intended => "intended",
            OrderState::Reserved => "reserved",
            OrderState::Screened => "screened",
            OrderState::Ordering => "ordering",
            OrderState::Acquired => "acquired",
            OrderState::CarriedOver => "carried-over",
            OrderState::Swapped => "swapped",
            OrderState::Done => "done",
            OrderState::Abandoned => "abandoned",
        }
    }
}

impl Order {
    /// Whether its number must be bought; otherwise it was on hand.
    pub fn is_bought(&self) -> bool {
        self.price_cents.is_some()
    }

    /// Whether nothing can have been bought for it yet.
    pub fn is_before_buying(&self) -> bool {
        self.state < OrderState::Ordering
    }

    /// Whether its slot has moved to the replacement.
    pub fn has_slot(&self) -> bool {
        matches!(self.state, OrderState::Swapped | OrderState::Done)
    }

    /// Its new number, as it was offered.
    pub(crate) fn candidate(&self) -> Candidate {
        let Order { replacement, price_cents, has_rested, .. } = self;
        Candidate { number: *replacement, price_cents: price_cents.unwrap_or(0), rested: *has_rested }
    }

    /// Whether its old number rests, and nothing is decided about it.
    pub fn is_resting(&self) -> bool {
        self.state == OrderState::Swapped && !self.gives_back
    }

    /// Whether its slot may still move.
    pub fn is_under_way(&self) -> bool {
        self.state < OrderState::Swapped
    }
}

/// An order that is this process's to take one step, for two minutes.
#[derive(Debug, Clone)]
pub(crate) struct ClaimedOrder {
    pub order: Order,
    lease: Option<String>,
}

/// The outcome of setting an order's price aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Earmark {
    /// The order may be sent.
    Done,
    /// It may not be spent now; says why.
    Forbidden(String),
    /// Another process has taken the step, or the account has changed since the order's grounds were checked.
    Lost,
}

/// Why an order is abandoned, and what follows.
#[derive(Debug, Clone)]
pub(crate) struct Abandonment {
    /// In words.
    pub why: String,
    /// Nothing is wrong with the candidate, which may be offered again at once; otherwise after 30 days.
    pub is_candidate_fit: bool,
    /// The policy is asked for another candidate.
    pub ask_again: bool,
    /// The actor ends it of its own accord, and not for the one that asked for the replacement.
    pub is_wish: bool,
}

impl Abandonment {
    /// The number is no longer to be replaced.
    pub fn without_grounds(why: String) -> Self {
        Abandonment { why, is_candidate_fit: true, ask_again: false, is_wish: false }
    }

    /// The candidate cannot be used.
    pub fn of_candidate(why: String) -> Self {
        Abandonment { why, is_candidate_fit: false, ask_again: true, is_wish: false }
    }

    /// A user wants no such replacement.
    pub fn by_user() -> Self {
        let why = "a user abandoned it".into();
        Abandonment { why, is_candidate_fit: false, ask_again: false, is_wish: true }
    }
}

/// Why an order goes no further for now.
#[derive(Debug, Clone)]
pub(crate) struct Obstacle {
    /// In words.
    pub problem: String,
    /// Seconds until it is tried again.
    pub pause: u64,
    /// It needs an operator.
    pub is_stuck: bool,
    /// Nothing can have been bought, so it starts again, and its price is free again.
    pub from_the_start: bool,
}

impl Ledger {
    /// The account's open replacements, oldest first: those in progress, those whose old number rests, and those that
    /// were abandoned and about which the policy will be asked again.
    pub fn open_orders(&self, id: &str) -> Result<Vec<Order>> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            orders(transaction, "account = ?1 AND (state NOT IN ('done', 'abandoned') OR ask_again = 1)", [account.key])
        })
    }

    /// The latest order of each number that this run or a later one planned a replacement for, oldest first.
    pub(crate) fn latest_orders_since(&self, id: &str, run: u64) -> Result<Vec<Order>> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            let latest = "orders.id IN (SELECT max(id) FROM orders WHERE account = ?1 AND run >= ?2 GROUP BY number)";
            orders(transaction, latest, [account.key, to_sql(run)])
        })
    }

    /// The order of that id; none if there is none.
    pub fn order(&self, order: u64) -> Result<Option<Order>> {
        Ok(self.read(|transaction| orders(transaction, "orders.id = ?1", [asked_to_sql(order)]))?.pop())
    }

    /// The account's own order of that id; [`LedgerError::NoSuchOrder`] if it has none, even if another account does.
    pub fn order_of(&self, id: &str, order: u64) -> Result<Order> {
        self.order(order)?.filter(|found| found.account == id).ok_or(LedgerError::NoSuchOrder(order))
    }

    /// Accounts with an order that can be taken further now, or about which the policy must be asked again. A number that
    /// has rested is one only if `gives_back_rested`, because the policy does not decide about it.
    pub fn accounts_with_due_orders(&self, now: Timestamp, gives_back_rested: bool) -> Result<Vec<String>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT id FROM accounts
                  WHERE EXISTS (SELECT 1 FROM orders WHERE account = key AND state NOT IN ('done', 'abandoned')
                                   AND next_try_at <= ?1 AND leased_until <= ?1 AND (state <> 'swapped' OR gives_back))
                     OR EXISTS (SELECT 1 FROM orders WHERE account = key AND ask_again = 1)
                  ORDER BY id",
            )?;
            let ids = statement.query_map([to_sql(now)], |row| row.get(0))?;
            let mut ids: Vec<String> = ids.collect::<rusqlite::Result<_>>()?;
            if gives_back_rested {
                let resting = "state = 'swapped' AND gives_back = 0 AND next_try_at <= ?1 AND leased_until <= ?1";
                let rested = orders(transaction, resting, [to_sql(now)])?;
                ids.extend(
                    rested.into_iter().filter(|order| order.rests_until <= Some(now)).map(|order| order.account),
                );
                ids.sort_unstable();
                ids.dedup();
            }
            Ok(ids)
        })
    }

    /// Claims an order for one step, if no other process has it. Without a provider it needs no lease: its steps are in
    /// the ledger alone, and each is taken once.
    pub(crate) fn claim(&self, order: u64, now: Timestamp) -> Result<Option<ClaimedOrder>> {
        self.change(|transaction| {
            // Steps at a provider cannot be taken back.
            time::check(transaction, now)?;
            let lease: Option<Option<String>> = transaction
                .prepare_cached(
                    "UPDATE orders SET lease = iif(provider IS NULL, NULL, lower(hex(randomblob(8)))),
                            leased_until = iif(provider IS NULL, 0, ?2 + ?3)
                      WHERE id = ?1 AND leased_until <= ?2 AND state NOT IN ('done', 'abandoned') RETURNING lease",
                )?
                .query_row(params![to_sql(order), to_sql(now), to_sql(LEASE_SECONDS)], |row| row.get(0))
                .optional()?;
            let Some(lease) = lease else { return Ok(None) };
            let order = orders(transaction, "orders.id = ?1", [to_sql(order)])?.pop();
            Ok(order.map(|order| ClaimedOrder { order, lease }))
        })
    }

    /// Releases a claimed order as it is.
    pub(crate) fn let_go(&self, claimed: &ClaimedOrder) -> Result<()> {
        self.change(|transaction| release_lease(transaction, claimed))
    }

    /// The provider holds the number, or has no reservations.
    pub(crate) fn reserved(&self, claimed: &ClaimedOrder, now: Timestamp) -> Result<bool> {
        self.move_on(claimed, OrderState::Reserved, now, |_, _| Ok(()))
    }

    /// The policy still chooses the number.
    pub(crate) fn screened(&self, claimed: &ClaimedOrder, now: Timestamp) -> Result<bool> {
        self.move_on(claimed, OrderState::Screened, now, |_, _| Ok(()))
    }

    /// Why the order's price may not be spent now, in words; none if it may.
    pub(crate) fn spending_forbidden(&self, order: &Order, now: Timestamp) -> Result<Option<String>> {
        let (account, now) = self.account_at(&order.account, now)?;
        let price = order.price_cents.unwrap_or_default();
        self.read(|transaction| Ok(spending(transaction, &account, now)?.forbids(price, &account)))
    }

    /// Sets the order's price aside and notes that it is sent now; both are on disk before it is. One that has been
    /// sent before has its price set aside already.
    pub(crate) fn set_aside(&self, claimed: &ClaimedOrder, basis: Basis, now: Timestamp) -> Result<Earmark> {
        let order = &claimed.order;
        self.change(|transaction| {
            let (account, now) = open(transaction, &order.account, now)?;
            if !basis.still_holds(transaction, &account)? {
                release_lease(transaction, claimed)?;
                return Ok(Earmark::Lost);
            }
            // An order sent before already counts as spent.
            let price = if order.state == OrderState::Ordering { 0 } else { order.price_cents.unwrap_or_default() };
            if let Some(words) = spending(transaction, &account, now)?.forbids(price, &account) {
                return Ok(Earmark::Forbidden(words));
            }
            let today = account.day(now);
            let sent = transaction
                .prepare_cached(
                    "UPDATE orders SET state = 'ordering', state_since = iif(state = 'ordering', state_since, ?4),
                            spent_on = ifnull(spent_on, ?5), spent_day = ifnull(spent_day, ?8),
                            spent_cycle = ifnull(spent_cycle, ?6), sent_at = ?4, looks = 0,
                            leased_until = ?4 + ?7
                      WHERE id = ?1 AND state = ?2 AND lease IS ?3 AND state IN ('screened', 'ordering')",
                )?
                .execute(params![
                    to_sql(order.id),
                    order.state.name(),
                    claimed.lease,
                    to_sql(now),
                    today.date.to_string(),
                    to_sql(account.cycle_starts_at),
                    to_sql(LEASE_SECONDS),
                    to_sql(today.starts_at)
                ])?;
            Ok(if sent == 1 { Earmark::Done } else { Earmark::Lost })
        })
    }

    /// The provider says that it has the order.
    pub(crate) fn confirmed(&self, claimed: &ClaimedOrder, now: Timestamp) -> Result<()> {
        self.change(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE orders SET confirmed_at = ifnull(confirmed_at, ?3) WHERE id = ?1 AND lease IS ?2",
                )?
                .execute(params![to_sql(claimed.order.id), claimed.lease, to_sql(now)])?;
            Ok(())
        })
    }

    /// The replacement is the account's now.
    pub(crate) fn acquired(&self, claimed: &ClaimedOrder, now: Timestamp) -> Result<bool> {
        let order = &claimed.order;
        self.move_on(claimed, OrderState::Acquired, now, |transaction, account| {
            change_state(transaction, account.key, order.replacement, ("ordered", "owned"), now)?;
            if let (Some(cents), Some(provider)) = (order.price_cents, &order.provider) {
                let (run, _) = cause(transaction, order)?;
                let text =
                    format!("{} was bought from {provider} for {}.", e164(order.replacement), dollars(cents.into()));
                let bought = EventKind::NumberBought;
                append_step(transaction, (account, order), run, bought, order.replacement, &text, now)?;
            }
            Ok(())
        })
    }

    /// The old number's settings are the new one's too, but for these.
    pub(crate) fn carried_over(&self, claimed: &ClaimedOrder, left_out: &[String], now: Timestamp) -> Result<bool> {
        let order = &claimed.order;
        self.move_on(claimed, OrderState::CarriedOver, now, |transaction, account| {
            if left_out.is_empty() {
                return Ok(());
            }
            let (run, _) = cause(transaction, order)?;
            let text = format!(
                "Configure by hand for {} what could not be carried over from {}: {}.",
                e164(order.replacement),
                e164(order.number),
                left_out.join("; ")
            );
            append_step(transaction, (account, order), run, EventKind::NotCarriedOver, order.replacement, &text, now)
        })
    }

    /// The slot moves from the old number to its replacement, which starts pending. It is never free in between. The
    /// replacement is charged, and the old number leaves the account and rests.
    pub(crate) fn swap(&self, claimed: &ClaimedOrder, basis: Basis, now: Timestamp) -> Result<bool> {
        let order = &claimed.order;
        self.move_on_from((Some(basis), false), claimed, OrderState::Swapped, now, |transaction, account| {
            swap_slot(transaction, account, order, now)?;
            charge(transaction, account, order, now)?;
            change_state(transaction, account.key, order.number, ("owned", "released"), now)?;
            let day_starts_at = account.day(now).starts_at;
            transaction
                .prepare_cached(
                    "UPDATE orders SET state = 'swapped', swapped_at = ?2, swap_day_starts_at = ?3 WHERE id = ?1",
                )?
                .execute(params![to_sql(order.id), to_sql(now), to_sql(day_starts_at)])?;
            let stops_at = rest::begin(transaction, account, order, now)?;
            news::tell_replaced(transaction, account, order, stops_at, now)
        })
    }

    /// The old number was given back, unless it was imported again meanwhile. Without a provider it is the person's to
    /// release.
    pub(crate) fn released(&self, claimed: &ClaimedOrder, is_kept: bool, now: Timestamp) -> Result<bool> {
        let order = &claimed.order;
        self.move_on(claimed, OrderState::Swapped, now, |transaction, account| {
            if is_kept {
                tell_kept(transaction, account, order, now)?;
                return finish(transaction, order, now);
            }
            // From now on it counts as released.
            transaction
                .prepare_cached(
                    "UPDATE numbers SET since = ?2, given_back_at = iif(?3, ?2, given_back_at)
                      WHERE number = ?1 AND state = 'released'",
                )?
                .execute(params![to_sql(order.number), to_sql(now), order.provider.is_some()])?;
            end(transaction, account, order, now)
        })
    }

    /// Whether the order's old number is an account's again, from an import.
    pub(crate) fn is_taken_back(&self, order: &Order) -> Result<bool> {
        self.read(|transaction| {
            let mut statement = transaction
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM numbers WHERE number = ?1 AND state <> 'released')")?;
            Ok(statement.query_row([to_sql(order.number)], |row| row.get(0))?)
        })
    }

    /// The order ends, and the slot stays with its number. What was set aside for it is free again. A number that is the
    /// account's already stays as a candidate.
    pub(crate) fn abandon_order(
        &self,
        claimed: &ClaimedOrder,
        abandonment: &Abandonment,
        now: Timestamp,
    ) -> Result<bool> {
        let order = &claimed.order;
        self.move_on_from((None, abandonment.is_wish), claimed, OrderState::Abandoned, now, |transaction, account| {
            give_candidate_back(transaction, account, order, now)?;
            let is_paid = order.is_bought() && order.state >= OrderState::Acquired;
            transaction
                .prepare_cached(
                    "UPDATE orders SET ask_again = ?2, is_candidate_fit = ?3, spent_on = iif(?4, spent_on, NULL),
                            spent_cycle = iif(?4, spent_cycle, NULL) WHERE id = ?1",
                )?
                .execute(params![to_sql(order.id), abandonment.ask_again, abandonment.is_candidate_fit, is_paid])?;
            let (run, _) = cause(transaction, order)?;
            let text = news::abandoned_in_words(order, &abandonment.why, is_paid);
            append_step(transaction, (account, order), run, EventKind::OrderAbandoned, order.number, &text, now)?;
            news::tell_abandoned(transaction, account, order, &text, abandonment.ask_again, now)
        })
    }

    /// Something holds the order up. Each obstacle that needs an operator is reported once.
    pub(crate) fn hold(&self, claimed: &ClaimedOrder, obstacle: &Obstacle, now: Timestamp) -> Result<()> {
        let order = &claimed.order;
        self.change(|transaction| {
            let account = profile(transaction, &order.account)?;
            let tried = transaction
                .prepare_cached(
                    "UPDATE orders SET tries = tries + 1, next_try_at = ?4, problem = ?5, looks = looks + 1,
                            held_since = ifnull(held_since, ?6), is_stuck = ?7, lease = NULL, leased_until = 0
                      WHERE id = ?1 AND lease IS ?2 AND state = ?3",
                )?
                .execute(params![
                    to_sql(order.id),
                    claimed.lease,
                    now_state(transaction, order)?,
                    to_sql(now.saturating_add(obstacle.pause)),
                    obstacle.problem,
                    to_sql(now),
                    obstacle.is_stuck,
                ])?;
            if tried == 0 {
                return Ok(());
            }
            if obstacle.from_the_start {
                transaction
                    .prepare_cached(
                        "UPDATE orders SET state = 'intended', state_since = ?2, spent_on = NULL, spent_day = NULL,
                                spent_cycle = NULL, sent_at = NULL, confirmed_at = NULL WHERE id = ?1 AND state IN ('intended', 'reserved', 'screened', 'ordering')",
                    )?
                    .execute(params![to_sql(order.id), to_sql(now)])?;
            }
            if !obstacle.is_stuck {
                return Ok(());
            }
            news::report_obstacle(&transaction.of_order(order.id)?, &account, order, obstacle, now)
        })
    }

    /// Makes the order due at once, on a user's wish. Errors: no such order in progress.
    pub fn retry_order(&self, order: u64, now: Timestamp) -> Result<Order> {
        self.change(|transaction| {
            let found = find_open(transaction, order)?;
            let (account, now) = open(transaction, &found.account, now)?;
            transaction.execute("UPDATE orders SET next_try_at = 0, tries = 0 WHERE id = ?1", [to_sql(order)])?;
            let text = format!("The replacement of {} is tried again, as requested.", e164(found.number));
            append_step(transaction, (&account, &found), None, EventKind::OrderResumed, found.number, &text, now)?;
            Ok(found)
        })
    }

    /// Abandoned orders about which the policy must be asked again, oldest first.
    pub(crate) fn orders_to_ask_again(&self, id: &str) -> Result<Vec<Order>> {
        self.read(|transaction| {
            let account = profile(transaction, id)?;
            orders(transaction, "account = ?1 AND ask_again = 1", [account.key])
        })
    }

    /// The policy was asked again, or has been often enough; the words, if any, say why the number is not replaced.
    pub(crate) fn asked_again(&self, order: &Order, words: Option<&str>, now: Timestamp) -> Result<()> {
        self.change(|transaction| {
            let (account, now) = open(transaction, &order.account, now)?;
            let asked = transaction
                .execute("UPDATE orders SET ask_again = 0 WHERE id = ?1 AND ask_again = 1", [to_sql(order.id)])?;
            match words.filter(|_| asked == 1) {
                Some(words) => {
                    let change = &transaction.of_order(order.id)?;
                    append_step(change, (&account, order), None, EventKind::OrderAbandoned, order.number, words, now)?;
                    news::tell_abandoned(transaction, &account, order, words, false, now)?;
                    touch(transaction, account.key, now)
                }
                None => Ok(()),
            }
        })
    }

    /// How many candidates for this number turned out to be unavailable or unfit since then.
    pub(crate) fn abandoned_since(&self, order: &Order, since: Timestamp) -> Result<u32> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT count(*) FROM orders
                  WHERE number = ?1 AND state = 'abandoned' AND is_candidate_fit = 0 AND state_since >= ?2",
            )?;
            Ok(statement.query_row([to_sql(order.number), to_sql(since)], |row| row.get(0))?)
        })
    }

    /// How many candidates in a row this order's provider did not sell since then, for whatever account, without selling
    /// any.
    pub(crate) fn refusals_in_a_row(&self, order: &Order, since: Timestamp) -> Result<u32> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT count(*) FROM orders
                  WHERE provider = ?1 AND state = 'abandoned' AND is_candidate_fit = 0 AND state_since >= ?2
                    AND id > ifnull((SELECT max(id) FROM orders
                                      WHERE provider = ?1 AND price_cents IS NOT NULL
                                        AND state IN ('acquired', 'carried-over', 'swapped', 'done')), 0)",
            )?;
            Ok(statement.query_row(params![order.provider, to_sql(since)], |row| row.get(0))?)
        })
    }

    /// One step of an order, in one transaction. If another process has taken it already, nothing is done, and the
    /// result is false.
    fn move_on(
        &self,
        claimed: &ClaimedOrder,
        to: OrderState,
        now: Timestamp,
        also: impl FnOnce(&Change, &AccountProfile) -> Result<()>,
    ) -> Result<bool> {
        self.move_on_from((None, false), claimed, to, now, also)
    }

    /// The same, if the basis on which the order's grounds hold is still the account's. The actor takes the step for the one
    /// that asked for the replacement, or by itself.
    fn move_on_from(
        &self,
        (basis, by_itself): (Option<Basis>, bool),
        claimed: &ClaimedOrder,
        to: OrderState,
        now: Timestamp,
        also: impl FnOnce(&Change, &AccountProfile) -> Result<()>,
    ) -> Result<bool> {
        let order = &claimed.order;
        self.change(|transaction| {
            let (account, now) = open(transaction, &order.account, now)?;
            if let Some(basis) = basis
                && !basis.still_holds(transaction, &account)?
            {
                release_lease(transaction, claimed)?;
                return Ok(false);
            }
            // Once bought, a number is not held up any more; until then the pauses between attempts keep growing.
            let settled = to >= OrderState::Acquired;
            let is_ours = transaction
                .prepare_cached(
                    "UPDATE orders SET lease = NULL, leased_until = 0, next_try_at = 0, tries = iif(?4, 0, tries),
                            problem = iif(?4, NULL, problem), held_since = iif(?4, NULL, held_since),
                            is_stuck = iif(?4, 0, is_stuck), reported = iif(?4, '[]', reported)
                      WHERE id = ?1 AND lease IS ?2 AND state = ?3",
                )?
                .execute(params![to_sql(order.id), claimed.lease, now_state(transaction, order)?, settled])?;
            if is_ours == 0 {
                return Ok(false);
            }
            // The slot must move before its order says so.
            if to != OrderState::Swapped {
                transaction
                    .prepare_cached("UPDATE orders SET state = ?2, state_since = ?3 WHERE id = ?1")?
                    .execute(params![to_sql(order.id), to.name(), to_sql(now)])?;
            }
            match by_itself {
                true => also(transaction, &account)?,
                false => also(&transaction.of_order(order.id)?, &account)?,
            }
            // Earlier steps change nothing that a policy sees, and would only make its runs stale.
            if settled {
                touch(transaction, account.key, now)?;
            }
            Ok(true)
        })
    }
}

fn release_lease(transaction: &Transaction, claimed: &ClaimedOrder) -> Result<()> {
    transaction
        .prepare_cached("UPDATE orders SET lease = NULL, leased_until = 0 WHERE id = ?1 AND lease IS ?2")?
        .execute(params![to_sql(claimed.order.id), claimed.lease])?;
    Ok(())
}

/// The candidate of an order that ends: forgotten if it was never the account's, otherwise a candidate again.
fn give_candidate_back(
    transaction: &Transaction,
    account: &AccountProfile,
    order: &Order,
    now: Timestamp,
) -> Result<()> {
    let (key, candidate) = (account.key, order.replacement);
    match (order.is_bought(), order.state >= OrderState::Acquired) {
        _ if order.has_rested => make_ready_again(transaction, key, candidate, now),
        (_, true) => change_state(transaction, key, candidate, ("owned", "candidate"), now),
        (false, false) => change_state(transaction, key, candidate, ("ordered", "candidate"), now),
        (true, false) => {
            transaction
                .prepare_cached("DELETE FROM numbers WHERE number = ?1 AND account = ?2 AND state = 'ordered'")?
                .execute(params![to_sql(candidate), key])?;
            Ok(())
        }
    }
}

/// One of the account's own that was on order may take another's place again.
fn make_ready_again(transaction: &Transaction, account: i64, number: PhoneNumber, now: Timestamp) -> Result<()> {
    let is_ready = transaction
        .prepare_cached(
            "UPDATE numbers SET state = 'owned', since = ?3, ready_since = ?3
              WHERE number = ?2 AND account = ?1 AND state IN ('ordered', 'owned')",
        )?
        .execute(params![account, to_sql(number), to_sql(now)])?;
    assert_eq!(is_ready, 1, "{} is no longer on order", e164(number));
    Ok(())
}

/// The state that the order must still be in: the one it was claimed in, or `ordering` if it has been sent since.
fn now_state(transaction: &Transaction, order: &Order) -> Result<&'static str> {
    let state: String = transaction
        .prepare_cached("SELECT state FROM orders WHERE id = ?1")?
        .query_row([to_sql(order.id)], |row| row.get(0))?;
    let is_sent = order.state == OrderState::Screened && state == OrderState::Ordering.name();
    Ok(if is_sent { OrderState::Ordering.name() } else { order.state.name() })
}

fn swap_slot(transaction: &Change, account: &AccountProfile, order: &Order, now: Timestamp) -> Result<()> {
    let left = transaction.execute(
        "DELETE FROM monitored WHERE account = ?1 AND number = ?2 AND slot = ?3",
        params![account.key, to_sql(order.number), order.slot],
    )?;
    assert_eq!(left, 1, "{} left slot {} though its replacement is under way", e164(order.number), order.slot);
    occupy(transaction, account.key, order.replacement, order.slot, now)?;
    let (run, because) = cause(transaction, order)?;
    let (number, successor, slot) = (order.number, order.replacement, order.slot);
    let text = format!("{} replaced by {} in slot {slot}: {because}", e164(number), e164(successor));
    append_step(transaction, (account, order), run, EventKind::Replaced, number, &text, now)
}

/// Charges the price of a replacement, once an order.
fn charge(transaction: &Change, account: &AccountProfile, order: &Order, now: Timestamp) -> Result<()> {
    let (run, _) = cause(transaction, order)?;
    let text = format!("{} for the replacement of {}.", dollars(REPLACEMENT_PRICE_CENTS), e164(order.number));
    let event = NewEvent::new(account.key, now, EventKind::ReplacementCharged, &text);
    let (number, cents, order) = (Some(order.number), Some(to_sql(REPLACEMENT_PRICE_CENTS)), Some(order.id));
    NewEvent { run, number, cents, order, ..event }.append(transaction)
}

/// Records a step of an order.
fn append_step(
    change: &Change,
    (account, order): (&AccountProfile, &Order),
    run: Option<i64>,
    kind: EventKind,
    number: PhoneNumber,
    text: &str,
    now: Timestamp,
) -> Result<()> {
    let event = NewEvent::new(account.key, now, kind, text);
    NewEvent { run, number: Some(number), order: Some(order.id), ..event }.append(change)
}

/// The old number has left, and the order is done.
fn end(transaction: &Change, account: &AccountProfile, order: &Order, now: Timestamp) -> Result<()> {
    finish(transaction, order, now)?;
    let (run, _) = cause(transaction, order)?;
    let (number, successor) = (e164(order.number), e164(order.replacement));
    let text = match &order.provider {
        Some(provider) => format!("{number} was given back to {provider}, replaced by {successor}."),
        None => format!("{number} has left the account, replaced by {successor}. Release it where you rent it."),
    };
    append_step(transaction, (account, order), run, EventKind::Released, order.number, &text, now)
}

fn finish(transaction: &Transaction, order: &Order, now: Timestamp) -> Result<()> {
    transaction
        .prepare_cached("UPDATE orders SET state = 'done', state_since = ?2 WHERE id = ?1")?
        .execute(params![to_sql(order.id), to_sql(now)])?;
    Ok(())
}

/// The run that planned an order, and why in the policy's words.
fn cause(transaction: &Transaction, order: &Order) -> Result<(Option<i64>, String)> {
    let mut statement = transaction.prepare_cached("SELECT run, because FROM orders WHERE id = ?1")?;
    Ok(statement.query_row([to_sql(order.id)], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Records a replacement before anything is bought. Its number is the account's candidate, or on offer at the account's
/// provider. `offered_cents` is what it costs there, as it was offered in the run.
pub(super) fn intend(
    transaction: &Change,
    (account, run): (&AccountProfile, i64),
    replacement: &Replacement,
    offered_cents: Option<u32>,
    now: Timestamp,
) -> Result<()> {
    let (price_cents, has_rested) = match take_candidate(transaction, account, replacement.replacement, now)? {
        TakenCandidate::Ready => (None, true),
        TakenCandidate::OnHand => (None, false),
        TakenCandidate::OnOffer { flat_cents } => (Some(offered_cents.unwrap_or(flat_cents)), false),
    };
    transaction
        .prepare_cached(
            "INSERT INTO orders (account, run, number, replacement, slot, why, state, intended_at, because, provider,
                 price_cents, state_since, has_rested, actor)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'intended', ?7, ?8, ?9, ?10, ?7, ?11, ?12)",
        )?
        .execute(params![
            account.key,
            run,
            to_sql(replacement.number),
            to_sql(replacement.replacement),
            replacement.slot,
            reason_name(replacement.why),
            to_sql(now),
            replacement.because,
            account.buying.provider,
            price_cents,
            has_rested,
            transaction.actor_key()?
        ])?;
    let order = from_sql(transaction.last_insert_rowid());
    let Replacement { number, replacement: successor, because, .. } = replacement;
    let text = format!("{} is to be replaced by {}: {because}", e164(*number), e164(*successor));
    let event = NewEvent::new(account.key, now, EventKind::ReplacementIntended, &text);
    NewEvent { run: Some(run), number: Some(*number), order: Some(order), ..event }.append(transaction)
}

fn reason_name(why: ReplacementReason) -> &'static str {
    match why {
        ReplacementReason::Flagged => "flagged",
        ReplacementReason::Requested => "requested",
    }
}

/// Where a candidate came from.
enum TakenCandidate {
    /// It is one of the account's own, and has rested.
    Ready,
    /// It was imported to take another's place.
    OnHand,
    /// It must be bought; what numbers cost there unless the provider states a price.
    OnOffer { flat_cents: u32 },
}

/// The number is on order from now on. If another account was quicker, the run is made again.
fn take_candidate(
    transaction: &Transaction,
    account: &AccountProfile,
    number: PhoneNumber,
    now: Timestamp,
) -> Result<TakenCandidate> {
    for (is_so, taken) in
        [("ready_since IS NOT NULL", TakenCandidate::Ready), ("state = 'candidate'", TakenCandidate::OnHand)]
    {
        let sql = format!(
            "UPDATE numbers SET state = 'ordered', since = ?3, ready_since = NULL
              WHERE number = ?1 AND account = ?2 AND {is_so}"
        );
        let is_taken = transaction.prepare_cached(&sql)?.execute(params![to_sql(number), account.key, to_sql(now)])?;
        if is_taken == 1 {
            return Ok(taken);
        }
    }
    let stale = || LedgerError::Stale(account.id.clone());
    let provider = account.buying.provider.as_deref().ok_or_else(stale)?;
    let taken = transaction
        .prepare_cached(
            "INSERT INTO numbers (number, account, state, since) VALUES (?1, ?2, 'ordered', ?3)
             ON CONFLICT (number) DO UPDATE
                SET account = excluded.account, state = excluded.state, since = excluded.since
              WHERE numbers.state = 'released' AND numbers.account <> excluded.account
                AND NOT EXISTS (SELECT 1 FROM orders WHERE orders.number = numbers.number AND orders.state = 'swapped')",
        )?
        .execute(params![to_sql(number), account.key, to_sql(now)])?;
    if taken == 0 {
        return Err(stale());
    }
    let flat_cents = transaction
        .prepare_cached("SELECT price_cents FROM providers WHERE name = ?1")?
        .query_row([provider], |row| row.get(0))?;
    Ok(TakenCandidate::OnOffer { flat_cents })
}

/// Of numbers that a provider offers, those that may be offered to the policy: none that an account has, that rests, that
/// this account has released, or that was unavailable or unfit in the past 30 days.
pub(super) fn unknown(
    transaction: &Transaction,
    account: i64,
    numbers: &[PhoneNumber],
    now: Timestamp,
) -> Result<Vec<PhoneNumber>> {
    let mut statement = transaction.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM numbers WHERE number = ?1 AND state <> 'released')
             OR EXISTS (SELECT 1 FROM orders
                         WHERE replacement = ?1 AND state = 'abandoned' AND is_candidate_fit = 0 AND state_since > ?2)",
    )?;
    let since = to_sql(now.saturating_sub(NOT_OFFERED_AGAIN_SECONDS));
    let mut unknown = Vec::new();
    for number in numbers {
        let is_taken: bool = statement.query_row([to_sql(*number), since], |row| row.get(0))?;
        if !is_taken && !is_resting(transaction, *number)? && !has_released(transaction, account, *number)? {
            unknown.push(*number);
        }
    }
    Ok(unknown)
}

/// Whether the account has ever released the number, which another may have taken since.
pub(super) fn has_released(transaction: &Transaction, account: i64, number: PhoneNumber) -> Result<bool> {
    let mut statement = transaction
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM events WHERE account = ?1 AND number = ?2 AND kind = ?3)")?;
    Ok(statement.query_row(params![account, to_sql(number), EventKind::Released.name()], |row| row.get(0))?)
}

/// Makes all of an account's orders due, because what held them up may be gone, or their grounds.
pub(in crate::ledger) fn try_at_once(transaction: &Transaction, account: i64) -> Result<()> {
    transaction.execute(
        "UPDATE orders SET next_try_at = 0 WHERE account = ?1 AND state NOT IN ('done', 'abandoned')",
        [account],
    )?;
    Ok(())
}

fn find_open(transaction: &Transaction, order: u64) -> Result<Order> {
    let is_open = "orders.id = ?1 AND state NOT IN ('done', 'abandoned')";
    let found = orders(transaction, is_open, [asked_to_sql(order)])?.pop();
    found.ok_or(LedgerError::NoOpenOrder(order))
}

pub(in crate::ledger) fn orders(
    transaction: &Transaction,
    which: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<Order>> {
    let mut statement = transaction.prepare_cached(&format!(
        r#"SELECT orders.id, accounts.id, number, replacement, slot, why, state, state_since, intended_at, orders.provider,
                price_cents, reference, iif(state = 'swapped', resting_since, NULL), problem, held_since, is_stuck,
                next_try_at, tries, sent_at, looks, run, ask_again, confirmed_at, has_rested, rests, gives_back,
                accounts.settings ->> '$.values."rest-days"', because, swapped_at, iif(spent_on IS NULL, NULL, price_cents),
                (SELECT cents FROM events WHERE order_id = orders.id AND events.kind = 'replacement-charged'),
                {ACTOR_COLUMNS}
           FROM orders JOIN accounts ON accounts.key = account {} WHERE {which} ORDER BY orders.id"#,
        join_actors("orders")
    ))?;
    let orders = statement.query_map(parameters, order_from_row)?;
    Ok(orders.collect::<rusqlite::Result<_>>()?)
}

fn order_from_row(row: &Row) -> rusqlite::Result<Order> {
    let time = |column| row.get::<_, Option<i64>>(column).map(|at| at.map(from_sql));
    let state = row.get_ref(6)?.as_str()?;
    let state = OrderState::ALL.into_iter().find(|known| known.name() == state);
    let is_stuck = row.get(15)?;
    let (resting_since, rest_days) = (time(12)?, row.get::<_, Option<String>>(26)?);
    let hold = row.get::<_, Option<String>>(13)?.zip(time(14)?);
    Ok(Order {
        id: from_sql(row.get(0)?),
        account: row.get(1)?,
        number: from_sql(row.get(2)?),
        replacement: from_sql(row.get(3)?),
        slot: row.get(4)?,
        why: match row.get_ref(5)?.as_str()? {
            "flagged" => ReplacementReason::Flagged,
            _ => ReplacementReason::Requested,
        },
        state: state.expect("the schema has no other states"),
        state_since: from_sql(row.get(7)?),
        intended_at: from_sql(row.get(8)?),
        provider: row.get(9)?,
        price_cents: row.get(10)?,
        reference: row.get(11)?,
        has_rested: row.get(23)?,
        resting_since,
        rests_until: resting_since.map(|since| since + rest::rest_seconds(rest_days.as_deref())),
        because: row.get(27)?,
        swapped_at: time(28)?,
        spent_cents: row.get(29)?,
        charged_cents: time(30)?,
        rests: row.get(24)?,
        gives_back: row.get(25)?,
        hold: hold.map(|(problem, since)| Hold { problem, since, is_stuck }),
        next_try_at: from_sql(row.get(16)?),
        tries: row.get(17)?,
        asked_by: actor_from_row(row, 31)?,
        sent_at: time(18)?,
        looks: row.get(19)?,
        run: from_sql(row.get(20)?),
        is_asked_again: row.get(21)?,
        confirmed_at: time(22)?,
    })
}
