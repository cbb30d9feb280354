-- Accounts can be closed. Their history stays; nothing is charged, ordered or changed after it, even if the program has a
-- bug. Credits are the exception: they put charges right.

ALTER TABLE accounts ADD COLUMN closed_at INTEGER;

-- What an account has ends before it is closed, in the same transaction.
CREATE TRIGGER a_closed_account_is_empty BEFORE UPDATE OF closed_at ON accounts WHEN NEW.closed_at IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'the account is on, or has slots in use or bought')
     WHERE NEW.enabled OR NEW.slot_count_next > 0 OR NEW.occupied > 0 OR NEW.locked > 0;
    SELECT RAISE(ABORT, 'the account has numbers')
     WHERE EXISTS (SELECT 1 FROM numbers WHERE account = NEW.key AND state <> 'released');
    SELECT RAISE(ABORT, 'the account has orders')
     WHERE EXISTS (SELECT 1 FROM orders WHERE account = NEW.key
                      AND (state NOT IN ('done', 'abandoned') OR ask_again = 1));
END;
CREATE TRIGGER a_closed_account_stays BEFORE UPDATE ON accounts WHEN OLD.closed_at IS NOT NULL
    AND (NEW.closed_at IS NOT OLD.closed_at OR NEW.enabled OR NEW.slot_count_next > 0 OR NEW.slot_count > OLD.slot_count
         OR NEW.id <> OLD.id OR NEW.settings <> OLD.settings OR NEW.time_zone <> OLD.time_zone) BEGIN
    SELECT RAISE(ABORT, 'the account is closed');
END;
CREATE TRIGGER nothing_is_charged_after_closing BEFORE INSERT ON events
    WHEN NEW.kind IN ('charged', 'replacement-charged')
     AND (SELECT closed_at FROM accounts WHERE key = NEW.account) IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'the account is closed');
END;
CREATE TRIGGER nothing_is_ordered_after_closing BEFORE INSERT ON orders
    WHEN (SELECT closed_at FROM accounts WHERE key = NEW.account) IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'the account is closed');
END;
CREATE TRIGGER nothing_is_decided_after_closing BEFORE INSERT ON runs
    WHEN (SELECT closed_at FROM accounts WHERE key = NEW.account) IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'the account is closed');
END;
CREATE TRIGGER no_number_comes_after_closing BEFORE INSERT ON numbers
    WHEN (SELECT closed_at FROM accounts WHERE key = NEW.account) IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'the account is closed');
END;
CREATE TRIGGER no_number_returns_after_closing BEFORE UPDATE OF account, state ON numbers WHEN NEW.state <> 'released'
     AND (SELECT closed_at FROM accounts WHERE key = NEW.account) IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'the account is closed');
END;
