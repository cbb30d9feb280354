//! Accounts: their settings, billing cycles and charges.

pub(in crate::ledger) mod bill;
pub(in crate::ledger) mod billing;
pub(in crate::ledger) mod buying;
pub(in crate::ledger) mod checks;
pub(in crate::ledger) mod closing;
pub(in crate::ledger) mod days;
pub(in crate::ledger) mod rated_days;
pub(in crate::ledger) mod settings;
pub(in crate::ledger) mod setup;
pub(in crate::ledger) mod slots;
pub(in crate::ledger) mod totals;

use crate::figures::{count, grouped};
use crate::ledger::accounts::buying::{Areas, Buying};
use crate::ledger::accounts::days::PlannedDay;
use crate::ledger::actors::Change;
use crate::ledger::events::{EventKind, NewEvent, append};
use crate::ledger::orders::try_at_once;
use crate::ledger::time;
use crate::ledger::{Ledger, LedgerError, Result, SLOTS_PER_BLOCK, ensure_length, from_sql, never_back, to_sql};
use crate::phone::Region;
use crate::prices::{dollars, price_cents};
use crate::zones::{self, Zone};
use chrono::{NaiveDate, NaiveTime};
use dialguard::calendar::{cycle_starts_on, day_starts_at, local_date, rfc3339};
use dialguard::contract::{BLOCKS_MAX, Timestamp};
use dialguard::settings::Settings;
use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use settings::AccountSettings;

/// Bytes of an account's id, at most.
pub const ACCOUNT_ID_BYTES_MAX: usize = 256;

/// An account to add.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The dialer's own name for it. The program takes 1 to 64 letters, digits, `.`, `_` or `-`; a ledger takes any of at most
    /// 256 bytes.
    pub id: String,
    /// Blocks of 15 slots, 0 to 100,000.
    pub blocks: u32,
    /// The time zone of its dates and billing cycles.
    pub time_zone: Zone,
    /// The country in whose national format its numbers may be written.
    pub region: Region,
    /// Local time of its daily review.
    pub review_at: NaiveTime,
    /// How its numbers are rated and replaced.
    pub settings: AccountSettings,
}

impl NewAccount {
    /// Whether the program would take this id.
    pub fn is_id(text: &str) -> bool {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let starts_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        starts_well && text.len() <= 64 && text.bytes().all(fits)
    }
}

/// A change of an account; fields that are none stay as they are.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// The time zone of its days and its billing cycles, from the next ones on.
    pub time_zone: Option<Zone>,
    /// The country in whose national format its numbers may be written.
    pub region: Option<Region>,
    /// Local time of its daily review.
    pub review_at: Option<NaiveTime>,
    /// Switches the reputation add-on on or off.
    pub enabled: Option<bool>,
    /// Blocks of 15 slots: more count and are charged at once, fewer from the next billing cycle on. Together with switching
    /// the add-on on in a cycle that was not charged, both count at once, and only they are charged.
    pub blocks: Option<u32>,
    /// How its numbers are rated and replaced.
    pub settings: Option<AccountSettings>,
    /// The active policy's defaults, for the history: it says what a setting was that goes back to its default.
    pub defaults: Settings,
    /// Where its numbers are bought, and what may be spent.
    pub buying: Option<Buying>,
}

impl AccountChange {
    /// Whether only settings change, or nothing.
    pub fn is_of_settings_alone(&self) -> bool {
        let AccountChange { time_zone, region, review_at, enabled, blocks, settings: _, defaults: _, buying } = self;
        time_zone.is_none()
            && region.is_none()
            && review_at.is_none()
            && enabled.is_none()
            && blocks.is_none()
            && buying.is_none()
    }
}

/// What a change of an account would cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangePrice {
    /// Charged at once, in US cents.
    pub now_cents: u64,
    /// Charged for each billing cycle from the next one on, in US cents.
    pub next_cents: u64,
    /// Whether the add-on is on after the change.
    pub enabled: bool,
    /// Blocks for the current cycle after the change.
    pub blocks: u32,
    /// Blocks from the next cycle on.
    pub blocks_next: u32,
    /// When the current cycle ends.
    pub cycle_ends_at: Timestamp,
}

/// An account.
#[derive(Debug, Clone)]
pub struct AccountProfile {
    pub(super) key: i64,
    /// The dialer's own name for it.
    pub id: String,
    /// The time zone of its dates and billing cycles.
    pub time_zone: Zone,
    /// The country in whose national format its numbers may be written.
    pub region: Region,
    /// Local time of its daily review.
    pub review_at: NaiveTime,
    /// The local date on which it was added; billing cycles begin on that day of the month.
    pub added_on: NaiveDate,
    /// Whether the reputation add-on is on.
    pub enabled: bool,
    /// How its numbers are rated and replaced.
    pub settings: AccountSettings,
    /// Where its numbers are bought, and what may be spent.
    pub buying: Buying,
    /// Rises with every change.
    pub revision: u64,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// Slots bought for the current cycle.
    pub slot_count: u32,
    /// Slots from the next cycle on.
    pub slot_count_next: u32,
    pub(super) cycle_index: u32,
    /// When the current billing cycle began.
    pub cycle_starts_at: Timestamp,
    /// When it ends, by the newest time zone data.
    pub cycle_ends_at: Timestamp,
    /// When it ends by what is on record.
    pub(super) recorded_end: Timestamp,
    /// The time zone at whose midnight it ends; none if only the record tells.
    pub(super) cycle_zone: Option<Zone>,
    /// Slots with a number.
    pub occupied: u32,
    /// Slots locked until the cycle ends.
    pub locked: u32,
    /// Distinct numbers rated on the day that began at `rated_day`.
    pub(super) rated_day: Timestamp,
    pub(super) rated_count: u32,
    /// Numbers looked up for reviews on the day that began at `looked_up_day`, as often as each was.
    pub(super) looked_up_day: Timestamp,
    pub(super) looked_up_count: u32,
    /// The day that was under way at the latest change, and the one before.
    pub(super) kept_days: Vec<PlannedDay>,
    pub(super) days_closed_until: Timestamp,
    /// Scheduled checks of numbers without a rating since `check_since`, and when the next may be made.
    pub(super) check_since: Timestamp,
    pub(super) check_tries: u32,
    pub(super) check_next_at: Timestamp,
    /// When it was closed; none if it is not.
    pub closed_at: Option<Timestamp>,
}

impl AccountProfile {
    /// The account's local date at `at`.
    pub fn local_date(&self, at: Timestamp) -> NaiveDate {
        local_date(at, self.time_zone)
    }

    /// The local date on which it was closed; none if it is not.
    pub fn closed_on(&self) -> Option<NaiveDate> {
        self.closed_at.map(|at| self.local_date(at))
    }

    /// [`LedgerError::AccountClosed`] if it is closed.
    pub fn ensure_open(&self) -> Result<()> {
        match self.closed_on() {
            None => Ok(()),
            Some(closed_on) => Err(LedgerError::AccountClosed { account: self.id.clone(), closed_on }),
        }
    }

    /// Blocks bought for the current cycle.
    pub fn blocks(&self) -> u32 {
        self.slot_count / SLOTS_PER_BLOCK
    }

    /// Blocks from the next cycle on.
    pub fn blocks_next(&self) -> u32 {
        self.slot_count_next / SLOTS_PER_BLOCK
    }

    /// The account in the billing cycle of `now`, in seconds since 1970; before the latest change to it, as it was left.
    pub fn as_of(mut self, now: Timestamp) -> Self {
        while self.cycle_ends_at <= now {
            self.turn_cycle();
        }
        self
    }

    /// The account as it is when the change's blocks are decided: after the rest of the change, but before the add-on is
    /// switched off. `is_charged` is whether its present cycle was charged.
    pub(crate) fn when_blocks_change(mut self, change: &AccountChange, is_charged: bool, now: Timestamp) -> Self {
        if self.gives_up_blocks(change, is_charged) {
            self.slot_count = self.slots_in_use();
            self.slot_count_next = self.slot_count;
        }
        let kept_days = if change.time_zone.is_some() { self.days_kept_at(now) } else { self.kept_days };
        AccountProfile {
            kept_days,
            time_zone: change.time_zone.unwrap_or(self.time_zone),
            region: change.region.unwrap_or(self.region),
            review_at: change.review_at.unwrap_or(self.review_at),
            enabled: self.enabled || change.enabled == Some(true),
            settings: change.settings.clone().unwrap_or(self.settings),
            buying: change.buying.clone().unwrap_or(self.buying),
            ..self
        }
    }

    /// Whether the change begins with giving up the blocks that no slot in use needs. Those of a cycle that was not charged,
    /// because the add-on was off, are not bought: if it is switched on with another number of blocks, that number counts
    /// and is charged for this cycle already, also if it is smaller.
    fn gives_up_blocks(&self, change: &AccountChange, is_charged: bool) -> bool {
        !self.enabled && change.enabled == Some(true) && change.blocks.is_some() && !is_charged
    }

    /// The slots of as many blocks as the slots in use need.
    fn slots_in_use(&self) -> u32 {
        (self.occupied + self.locked).div_ceil(SLOTS_PER_BLOCK) * SLOTS_PER_BLOCK
    }

    /// The blocks of each billing cycle that has begun by `now` and was not charged yet, because the account has not been
    /// changed since.
    pub(in crate::ledger) fn due_blocks(&self, now: Timestamp) -> impl Iterator<Item = u32> {
        let mut account = self.clone();
        let cycles = std::iter::from_fn(move || {
            (account.cycle_ends_at <= now).then(|| {
                account.turn_cycle();
                account.blocks()
            })
        });
        cycles.filter({
            let enabled = self.enabled;
            move |blocks| enabled && *blocks > 0
        })
    }

    fn next_cycle_starts_at(&self, zone: Zone) -> Timestamp {
        day_starts_at(cycle_starts_on(self.added_on, self.cycle_index + 1), zone)
    }

    /// When the present billing cycle ends by the newest time zone data. Not before the latest change: what was done and
    /// charged in this cycle stays in it.
    fn planned_end(&self) -> Timestamp {
        let planned = self.cycle_zone.map(|zone| self.next_cycle_starts_at(zone));
        planned.filter(|end| *end > self.changed_at).unwrap_or(self.recorded_end)
    }

    /// Whether newer time zone data move the end of the billing cycle.
    pub fn is_to_plan_again(&self) -> bool {
        self.cycle_ends_at != self.recorded_end
    }

    /// The account in its next billing cycle.
    fn turn_cycle(&mut self) {
        self.cycle_index += 1;
        self.cycle_starts_at = self.cycle_ends_at;
        self.cycle_ends_at = self.next_cycle_starts_at(self.time_zone);
        self.cycle_zone = Some(self.time_zone);
        self.slot_count = self.slot_count_next;
        // Every lock ends with the cycle in which it began.
        self.locked = 0;
    }
}

impl Ledger {
    /// Adds an account and charges its blocks. Its first billing cycle began at the midnight before, in its own time
    /// zone. Refuses an id that exists already or belongs to a closed account, more than [`BLOCKS_MAX`] blocks, and
    /// settings that are too large: [`LedgerError::SettingsTooLarge`].
    pub fn add_account(&self, new: &NewAccount, now: Timestamp) -> Result<()> {
        if new.blocks > BLOCKS_MAX {
            let (blocks, max) = (count(new.blocks.into(), "block"), grouped(BLOCKS_MAX.into()));
            let message = format!("{blocks} are too many: an account has 0 to {max}");
            return Err(LedgerError::Refused(message));
        }
        ensure_length("an account's id", &new.id, ACCOUNT_ID_BYTES_MAX)?;
        settings::ensure_fits(&Settings::default(), &new.settings.values)?;
        self.change(|transaction| {
            time::check(transaction, now)?;
            let added_on = local_date(now, new.time_zone);
            if let Some(known) = find(transaction, &new.id)? {
                known.ensure_open()?;
                return Err(LedgerError::AccountExists(new.id.clone()));
            }
            transaction.execute(
                "INSERT INTO accounts (id, time_zone, region, review_at, added_on, enabled, settings, revision, changed_at,
                     slot_count, slot_count_next, cycle_index, cycle_starts_at, cycle_ends_at, cycle_zone, days_closed_until)
                 VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, 1, ?7, ?8, ?8, 0, ?9, ?10, ?2, ?9)",
                params![
                    new.id,
                    new.time_zone.name(),
                    new.region.to_string(),
                    new.review_at.format("%H:%M").to_string(),
                    added_on.to_string(),
                    settings_to_sql(&new.settings),
                    to_sql(now),
                    new.blocks * SLOTS_PER_BLOCK,
                    to_sql(day_starts_at(added_on, new.time_zone)),
                    to_sql(day_starts_at(cycle_starts_on(added_on, 1), new.time_zone)),
                ],
            )?;
            let mut account = profile(transaction, &new.id)?;
            days::keep(transaction, &mut account, now)?;
            let text = format!("Account added with {} of {SLOTS_PER_BLOCK} slots.", count(new.blocks.into(), "block"));
            append(transaction, account.key, now, None, EventKind::AccountAdded, None, &text)?;
            charge(transaction, &account, now, new.blocks, ChargeCause::Cycle)
        })
    }

    /// Changes an account, all but its blocks. A policy decides about those:
    /// [`Dialguard::change_account`](crate::Dialguard::change_account). Refuses settings that are too large:
    /// [`LedgerError::SettingsTooLarge`].
    pub fn change_account(&self, id: &str, change: &AccountChange, now: Timestamp) -> Result<()> {
        if change.blocks.is_some() {
            return Err(LedgerError::BlocksWithoutPlan);
        }
        self.change(|transaction| {
            let (account, now) = open(transaction, id, now)?;
            self::change(transaction, &account, change, now)
        })
    }

    /// Whether blocks were charged in the account's present cycle. They are not if the add-on was off when it began.
    pub(crate) fn is_charged(&self, account: &AccountProfile) -> Result<bool> {
        self.read(|transaction| is_charged(transaction, account))
    }

    /// What the change would charge, all but its blocks. It is made and taken back, so that the price is the one that the
    /// change charges. Errors as [`Ledger::change_account`].
    pub(crate) fn price_of_change(&self, id: &str, change: &AccountChange, now: Timestamp) -> Result<ChangePrice> {
        self.try_change(|transaction| {
            let (account, now) = open(transaction, id, now)?;
            price_of(transaction, &account, |transaction| self::change(transaction, &account, change, now))
        })
    }

    /// Every account, in the order of their ids.
    pub fn accounts(&self) -> Result<Vec<AccountProfile>> {
        self.read(every_account)
    }

    /// The revision of every account, by its id: what has changed since, in this process or another.
    pub fn account_revisions(&self) -> Result<std::collections::HashMap<String, u64>> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT id, revision FROM accounts")?;
            let revisions = statement.query_map([], |row| Ok((row.get(0)?, from_sql(row.get(1)?))))?;
            Ok(revisions.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// One account, as it was left.
    pub fn account(&self, id: &str) -> Result<AccountProfile> {
        self.read(|transaction| profile(transaction, id))
    }

    /// One account as of `now` (in seconds since 1970), in the billing cycle of that time; nothing is written. Also returns
    /// the time to use from here on, which is `now` unless the clock went back a little.
    pub fn account_at(&self, id: &str, now: Timestamp) -> Result<(AccountProfile, Timestamp)> {
        let account = self.account(id)?;
        let now = never_back(id, now, account.changed_at)?;
        Ok((account.as_of(now), now))
    }
}

/// Every account, in the order of their ids.
pub(super) fn every_account(transaction: &Transaction) -> Result<Vec<AccountProfile>> {
    let mut statement = transaction.prepare_cached(&format!("{SELECT_PROFILE} ORDER BY id"))?;
    let accounts = statement.query_map([], profile_from_row)?;
    Ok(accounts.collect::<rusqlite::Result<_>>()?)
}

/// The account as of `now`, for a change that follows in the same transaction: the billing cycles due by then begin,
/// and their blocks are charged. So this is where a time that leaps is refused, every change of a closed account too,
/// and where newer time zone data take effect.
pub(super) fn open(transaction: &Change, id: &str, now: Timestamp) -> Result<(AccountProfile, Timestamp)> {
    let account = profile(transaction, id)?;
    account.ensure_open()?;
    bring_up_to(transaction, account, now)
}

/// The same, also of a closed account, which is charged nothing.
pub(super) fn open_even_closed(transaction: &Change, id: &str, now: Timestamp) -> Result<(AccountProfile, Timestamp)> {
    bring_up_to(transaction, profile(transaction, id)?, now)
}

fn bring_up_to(
    transaction: &Change,
    mut account: AccountProfile,
    now: Timestamp,
) -> Result<(AccountProfile, Timestamp)> {
    let now = never_back(&account.id, now, account.changed_at)?;
    time::check(transaction, now)?;
    // What is due by now is due whoever comes first.
    let transaction = &transaction.by_schedule();
    if account.is_to_plan_again() {
        account = plan_again(transaction, &account, now)?;
    }
    while account.cycle_ends_at <= now {
        account.turn_cycle();
        begin_cycle(transaction, &account)?;
    }
    days::close(transaction, &mut account, now, false)?;
    days::keep(transaction, &mut account, now)?;
    Ok((account, now))
}

/// By newer time zone data the billing cycle ends at another time, and with it the locks of its slots. The revision
/// rises, because a plan made before names the old time.
fn plan_again(transaction: &Change, account: &AccountProfile, now: Timestamp) -> Result<AccountProfile> {
    let (ends_at, before) = (account.cycle_ends_at, account.recorded_end);
    transaction
        .execute("UPDATE accounts SET cycle_ends_at = ?2 WHERE key = ?1", params![account.key, to_sql(ends_at)])?;
    transaction
        .execute("UPDATE slot_locks SET until = ?2 WHERE account = ?1", params![account.key, to_sql(ends_at)])?;
    let text = format!(
        "The billing cycle ends at {} instead of {}: time zone data {}.",
        rfc3339(ends_at),
        rfc3339(before),
        zones::database().version
    );
    append(transaction, account.key, now, None, EventKind::AccountChanged, None, &text)?;
    touch(transaction, account.key, now)?;
    profile(transaction, &account.id)
}

/// What the account is charged by `make`, which changes it, and what it costs after.
pub(super) fn price_of(
    transaction: &Change,
    account: &AccountProfile,
    make: impl FnOnce(&Change) -> Result<()>,
) -> Result<ChangePrice> {
    let before = charged_in_all(transaction, account.key)?;
    make(transaction)?;
    let now_cents = charged_in_all(transaction, account.key)? - before;
    let after = profile(transaction, &account.id)?;
    Ok(ChangePrice {
        now_cents,
        next_cents: if after.enabled { price_cents(after.blocks_next()) } else { 0 },
        enabled: after.enabled,
        blocks: after.blocks(),
        blocks_next: after.blocks_next(),
        cycle_ends_at: after.cycle_ends_at,
    })
}

/// Everything that the account was ever charged, in US cents.
fn charged_in_all(transaction: &Transaction, account: i64) -> Result<u64> {
    let mut statement =
        transaction.prepare_cached("SELECT ifnull(sum(cents), 0) FROM events WHERE account = ?1 AND cents > 0")?;
    Ok(statement.query_row([account], |row| row.get(0).map(from_sql))?)
}

/// Before blocks are decided: gives up those that no slot in use needs, if the cycle was not charged.
pub(super) fn give_up_blocks(
    transaction: &Change,
    account: AccountProfile,
    change: &AccountChange,
    now: Timestamp,
) -> Result<AccountProfile> {
    let (before, slots) = (account.blocks(), account.slots_in_use());
    let is_kept = slots == account.slot_count && slots == account.slot_count_next;
    if is_kept || !account.gives_up_blocks(change, is_charged(transaction, &account)?) {
        return Ok(account);
    }
    transaction.execute(
        "UPDATE accounts SET slot_count = ?2, slot_count_next = ?2 WHERE key = ?1",
        params![account.key, slots],
    )?;
    let after = count((slots / SLOTS_PER_BLOCK).into(), "block");
    let text = format!("{after} instead of {before}: the others were not charged in this billing cycle.");
    append(transaction, account.key, now, None, EventKind::BlocksChanged, None, &text)?;
    profile(transaction, &account.id)
}

/// Changes all but the blocks.
pub(super) fn change(
    transaction: &Change,
    account: &AccountProfile,
    change: &AccountChange,
    now: Timestamp,
) -> Result<()> {
    let AccountChange { time_zone, region, review_at, enabled, blocks: _, settings, defaults, buying } = change;
    let set = |column: &str, value: String| {
        transaction.execute(&format!("UPDATE accounts SET {column} = ?2 WHERE key = ?1"), params![account.key, value])
    };
    let mut said = Vec::new();
    if let Some(zone) = time_zone {
        set("time_zone", zone.name().to_owned())?;
        said.push(format!("time zone {zone}"));
    }
    if let Some(region) = region {
        set("region", region.to_string())?;
        said.push(format!("region {region}"));
    }
    if let Some(review_at) = review_at {
        let review_at = review_at.format("%H:%M").to_string();
        set("review_at", review_at.clone())?;
        said.push(format!("review at {review_at}"));
    }
    if let Some(settings) = settings {
        settings::ensure_fits(&account.settings.values, &settings.values)?;
        set("settings", settings_to_sql(settings))?;
        // Orders whose grounds are gone end, and others may no longer be held up.
        try_at_once(transaction, account.key)?;
        said.extend(settings::differences(&account.settings, settings, defaults));
    }
    if let Some(buying) = buying {
        buying::change(transaction, account, buying)?;
        said.extend(account.buying.differences(buying));
    }
    if let Some(enabled) = *enabled {
        if !enabled {
            // A late check is not made any more.
            days::close(transaction, &mut account.clone(), now, true)?;
        }
        switch(transaction, account, now, enabled)?;
        said.push(format!("add-on {}", if enabled { "on" } else { "off" }));
    }
    if said.is_empty() {
        return Ok(());
    }
    let text = format!("Changed: {}.", said.join(", "));
    append(transaction, account.key, now, None, EventKind::AccountChanged, None, &text)?;
    touch(transaction, account.key, now)
}

/// Locks have ended, fewer blocks take effect, and the blocks are charged.
fn begin_cycle(transaction: &Change, account: &AccountProfile) -> Result<()> {
    transaction.execute(
        "DELETE FROM slot_locks WHERE account = ?1 AND until <= ?2",
        params![account.key, to_sql(account.cycle_starts_at)],
    )?;
    transaction.execute(
        "UPDATE accounts SET cycle_index = ?2, cycle_starts_at = ?3, cycle_ends_at = ?4, slot_count = ?5, cycle_zone = ?6
          WHERE key = ?1",
        params![
            account.key,
            account.cycle_index,
            to_sql(account.cycle_starts_at),
            to_sql(account.cycle_ends_at),
            account.slot_count,
            account.time_zone.name()
        ],
    )?;
    if account.enabled {
        charge(transaction, account, account.cycle_starts_at, account.blocks(), ChargeCause::Cycle)?;
    }
    Ok(())
}

/// What blocks are charged for. The database refuses a second charge for the same.
#[derive(Clone, Copy)]
pub(super) enum ChargeCause {
    /// The account has them in its current cycle: from its start, or from when the add-on was switched on in it.
    Cycle,
    /// They were bought in this run.
    Run(i64),
}

impl ChargeCause {
    fn to_sql(self, account: &AccountProfile) -> String {
        match self {
            ChargeCause::Cycle => format!("cycle {}", account.cycle_index),
            ChargeCause::Run(run) => format!("run {run}"),
        }
    }
}

/// Charges `blocks` for the account's current cycle.
pub(super) fn charge(
    transaction: &Change,
    account: &AccountProfile,
    at: Timestamp,
    blocks: u32,
    cause: ChargeCause,
) -> Result<()> {
    if blocks == 0 {
        return Ok(());
    }
    let cents = price_cents(blocks);
    let text =
        format!("{} for {} until {}.", dollars(cents), count(blocks.into(), "block"), rfc3339(account.cycle_ends_at));
    let event = NewEvent::new(account.key, at, EventKind::Charged, &text);
    NewEvent { cents: Some(to_sql(cents)), cause: Some(cause.to_sql(account)), ..event }.append(transaction)
}

/// Switches the add-on. Switched on in a cycle that was not charged yet, it is charged now.
fn switch(transaction: &Change, account: &AccountProfile, now: Timestamp, enabled: bool) -> Result<()> {
    transaction.execute("UPDATE accounts SET enabled = ?2 WHERE key = ?1", params![account.key, enabled])?;
    // Orders that were held up because it was off are due.
    try_at_once(transaction, account.key)?;
    if enabled && !is_charged(transaction, account)? {
        charge(transaction, account, now, account.blocks(), ChargeCause::Cycle)?;
    }
    Ok(())
}

/// Whether something was charged in the account's present cycle.
fn is_charged(transaction: &Transaction, account: &AccountProfile) -> Result<bool> {
    let charged = transaction
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM events WHERE account = ?1 AND kind = ?2 AND at >= ?3)")?
        .query_row(params![account.key, EventKind::Charged.name(), to_sql(account.cycle_starts_at)], |row| {
            row.get(0)
        })?;
    Ok(charged)
}

/// The account changed: plans made from the revision before can no longer be applied.
pub(super) fn touch(transaction: &Transaction, key: i64, now: Timestamp) -> Result<()> {
    transaction
        .prepare_cached("UPDATE accounts SET revision = revision + 1, changed_at = max(changed_at, ?2) WHERE key = ?1")?
        .execute(params![key, to_sql(now)])?;
    Ok(())
}

const SELECT_PROFILE: &str = "SELECT key, id, time_zone, region, review_at, added_on, enabled, settings, revision, \
     changed_at, slot_count, slot_count_next, cycle_index, cycle_starts_at, cycle_ends_at, occupied, locked, rated_day, \
     rated_count, provider, areas, looked_up_day, day_cents_max, cycle_cents_max, kept_days, \
     days_closed_until, check_since, check_tries, check_next_at, cycle_zone, closed_at, looked_up_count FROM accounts";

pub(super) fn profile(transaction: &Transaction, id: &str) -> Result<AccountProfile> {
    find(transaction, id)?.ok_or_else(|| LedgerError::NoSuchAccount(id.to_owned()))
}

fn find(transaction: &Transaction, id: &str) -> Result<Option<AccountProfile>> {
    let mut statement = transaction.prepare_cached(&format!("{SELECT_PROFILE} WHERE id = ?1"))?;
    Ok(statement.query_row([id], profile_from_row).optional()?)
}

fn profile_from_row(row: &Row) -> rusqlite::Result<AccountProfile> {
    let time_zone: String = row.get(2)?;
    let region: String = row.get(3)?;
    let review_at: String = row.get(4)?;
    let added_on: String = row.get(5)?;
    let settings: String = row.get(7)?;
    let cycle_zone: Option<String> = row.get(29)?;
    let mut account = AccountProfile {
        key: row.get(0)?,
        id: row.get(1)?,
        time_zone: time_zone.parse().map_err(|error| unreadable(2, error))?,
        region: region.parse().map_err(|error: String| unreadable(3, std::io::Error::other(error)))?,
        review_at: NaiveTime::parse_from_str(&review_at, "%H:%M").map_err(|error| unreadable(4, error))?,
        added_on: added_on.parse().map_err(|error| unreadable(5, error))?,
        enabled: row.get(6)?,
        settings: serde_json::from_str(&settings).map_err(|error| unreadable(7, error))?,
        revision: from_sql(row.get(8)?),
        changed_at: from_sql(row.get(9)?),
        slot_count: row.get(10)?,
        slot_count_next: row.get(11)?,
        cycle_index: row.get(12)?,
        cycle_starts_at: from_sql(row.get(13)?),
        cycle_ends_at: from_sql(row.get(14)?),
        recorded_end: from_sql(row.get(14)?),
        cycle_zone: cycle_zone.map(|zone| zone.parse()).transpose().map_err(|error| unreadable(29, error))?,
        occupied: row.get(15)?,
        locked: row.get(16)?,
        rated_day: from_sql(row.get(17)?),
        rated_count: row.get(18)?,
        looked_up_day: from_sql(row.get(21)?),
        looked_up_count: row.get(31)?,
        buying: Buying {
            provider: row.get(19)?,
            areas: row
                .get_ref(20)?
                .as_str()?
                .parse::<Areas>()
                .map_err(|error| unreadable(20, std::io::Error::other(error)))?,
            day_cents_max: row.get(22)?,
            cycle_cents_max: row.get(23)?,
        },
        kept_days: serde_json::from_str(row.get_ref(24)?.as_str()?).map_err(|error| unreadable(24, error))?,
        days_closed_until: from_sql(row.get(25)?),
        check_since: from_sql(row.get(26)?),
        check_tries: row.get(27)?,
        check_next_at: from_sql(row.get(28)?),
        closed_at: row.get::<_, Option<i64>>(30)?.map(from_sql),
    };
    account.cycle_ends_at = account.planned_end();
    Ok(account)
}

fn unreadable(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

fn settings_to_sql(settings: &AccountSettings) -> String {
    serde_json::to_string(settings).expect("settings are plain values")
}
