//! The orders of an account that is closed.

use crate::figures::grouped;
use crate::ledger::accounts::AccountProfile;
use crate::ledger::actors::Change;
use crate::ledger::events::EventKind;
use crate::ledger::orders::{Order, OrderState, append_step, cause, give_candidate_back, news, orders};
use crate::ledger::{Result, to_sql};
use crate::phone::e164;
use crate::prices::dollars;
use dialguard::contract::Timestamp;
use rusqlite::{Transaction, params};

/// The account's orders whose slot may still move or about which the policy would be asked again, and those whose old
/// number rests.
pub(in crate::ledger) fn open(transaction: &Transaction, account: &AccountProfile) -> Result<(Vec<Order>, Vec<Order>)> {
    let open = "account = ?1 AND (state NOT IN ('done', 'abandoned') OR ask_again = 1)";
    let open = orders(transaction, open, [account.key])?;
    Ok(open.into_iter().partition(|order| order.state != OrderState::Swapped))
}

/// Orders for which a number may have been bought, or which a process is working on at its provider: they must end
/// first, because what comes of them would find no account.
pub(in crate::ledger) fn held_up_by(
    transaction: &Transaction,
    account: &AccountProfile,
    now: Timestamp,
) -> Result<Vec<Order>> {
    let held_up = "account = ?1 AND state NOT IN ('done', 'abandoned') AND (state = 'ordering' OR leased_until > ?2)";
    orders(transaction, held_up, [account.key, to_sql(now)])
}

/// Why orders hold closing up.
pub(in crate::ledger) fn held_up_in_words(ids: &[u64]) -> String {
    let listed: Vec<_> = ids.iter().take(10).map(u64::to_string).collect();
    let more = if ids.len() > listed.len() {
        format!(" and {} more", grouped((ids.len() - listed.len()) as u64))
    } else {
        String::new()
    };
    let orders = if ids.len() == 1 { "order" } else { "orders" };
    format!("a number may be bought or given back at this moment for {orders} {}{more}", listed.join(", "))
}

/// Ends all of them. A number that rests stays with its provider.
pub(in crate::ledger) fn end_all(transaction: &Change, account: &AccountProfile, now: Timestamp) -> Result<()> {
    let (under_way, resting) = open(transaction, account)?;
    for order in under_way {
        abandon(transaction, account, &order, now)?;
    }
    for order in resting {
        end(transaction, &order, "done", now)?;
        let kept = match &order.provider {
            Some(provider) => format!("is not given back to {provider}"),
            None => "rests no longer".into(),
        };
        let text = format!("{} {kept}: the account was closed.", e164(order.number));
        append_step(transaction, (account, &order), None, EventKind::NumberKept, order.number, &text, now)?;
    }
    Ok(())
}

fn abandon(transaction: &Change, account: &AccountProfile, order: &Order, now: Timestamp) -> Result<()> {
    let (number, candidate) = (e164(order.number), e164(order.replacement));
    let text = match (order.state, order.price_cents) {
        (OrderState::Abandoned, _) => format!("{number} was not replaced: the account was closed."),
        (OrderState::Acquired | OrderState::CarriedOver, Some(cents)) => format!(
            "{number} was not replaced by {candidate}, which was bought for {}: the account was closed.",
            dollars(cents.into())
        ),
        _ => news::abandoned_in_words(order, "the account was closed", false),
    };
    if order.is_before_buying() {
        give_candidate_back(transaction, account, order, now)?;
    }
    match order.state {
        OrderState::Abandoned => {
            transaction.execute("UPDATE orders SET ask_again = 0 WHERE id = ?1", [to_sql(order.id)])?;
        }
        _ => end(transaction, order, "abandoned", now)?,
    }
    let (run, _) = cause(transaction, order)?;
    append_step(transaction, (account, order), run, EventKind::OrderAbandoned, order.number, &text, now)?;
    news::tell_abandoned(transaction, account, order, &text, false, now)
}

fn end(transaction: &Transaction, order: &Order, state: &str, now: Timestamp) -> Result<()> {
    transaction.execute(
        "UPDATE orders SET state = ?2, state_since = ?3, is_candidate_fit = 1, lease = NULL, leased_until = 0,
                problem = NULL, held_since = NULL, is_stuck = 0 WHERE id = ?1",
        params![to_sql(order.id), state, to_sql(now)],
    )?;
    Ok(())
}
