-- How far time has come in the ledger, credits, and since when the add-on is on.

-- The newest time that the ledger has seen: of an account's change, of a running server, or accepted by a user. 0 before
-- the first one.
CREATE TABLE ledger_time (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    newest_at  INTEGER NOT NULL,
    -- The newest time when webhooks received the message that a later time is on hold.
    told_after INTEGER
) STRICT;
INSERT INTO ledger_time SELECT 1, ifnull(max(changed_at), 0), NULL FROM accounts;
CREATE TRIGGER time_begins_with_an_account AFTER INSERT ON accounts BEGIN
    UPDATE ledger_time SET newest_at = NEW.changed_at WHERE newest_at < NEW.changed_at;
END;
CREATE TRIGGER time_passes_with_a_change AFTER UPDATE OF changed_at ON accounts BEGIN
    UPDATE ledger_time SET newest_at = NEW.changed_at WHERE newest_at < NEW.changed_at;
END;
CREATE TRIGGER time_only_passes BEFORE UPDATE OF newest_at ON ledger_time WHEN NEW.newest_at < OLD.newest_at BEGIN
    SELECT RAISE(ABORT, 'time does not go back');
END;

-- Leaps that a user said are meant.
CREATE TABLE accepted_leaps (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    newest_at   INTEGER NOT NULL,
    accepted_at INTEGER NOT NULL CHECK (accepted_at > newest_at)
) STRICT;
CREATE TRIGGER time_leaps AFTER INSERT ON accepted_leaps BEGIN
    UPDATE ledger_time SET newest_at = NEW.accepted_at WHERE newest_at < NEW.accepted_at;
END;
CREATE TRIGGER accepted_leaps_stay BEFORE UPDATE ON accepted_leaps BEGIN
    SELECT RAISE(ABORT, 'accepted leaps are only appended');
END;
CREATE TRIGGER accepted_leaps_are_not_lost BEFORE DELETE ON accepted_leaps BEGIN
    SELECT RAISE(ABORT, 'accepted leaps are only appended');
END;

-- The last check before money is given back: a credit puts charges right, and is never more than them.
CREATE TRIGGER credits_stay_within_charges BEFORE INSERT ON events WHEN NEW.kind = 'credited' OR NEW.cents < 0 BEGIN
    SELECT RAISE(ABORT, 'only a credit is negative') WHERE NEW.kind <> 'credited' OR NEW.cents IS NULL OR NEW.cents >= 0;
    SELECT RAISE(ABORT, 'more would be credited than was charged')
     WHERE NEW.cents + (SELECT ifnull(sum(cents), 0) FROM events WHERE account = NEW.account AND cents IS NOT NULL) < 0;
END;
CREATE INDEX events_of_money ON events (account, at) WHERE cents IS NOT NULL;
