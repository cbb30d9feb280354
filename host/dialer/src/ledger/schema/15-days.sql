-- Days are intervals between instants, so that a change of time zone neither forgets nor counts twice what happened
-- today. A day's check is done when each monitored number is rated for it; what is missing when it closes is reported.

-- The days before the latest change of time zone that may still be asked about, as JSON; the last of them was under
-- way.
ALTER TABLE accounts ADD COLUMN kept_days TEXT NOT NULL DEFAULT '[]';
-- Days that ended by then are closed: done, or reported as missed.
ALTER TABLE accounts ADD COLUMN days_closed_until INTEGER NOT NULL DEFAULT 0;
UPDATE accounts SET days_closed_until = changed_at;
-- How often numbers without a rating since `check_since` were asked about, and when they may be again.
ALTER TABLE accounts ADD COLUMN check_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN check_tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN check_next_at INTEGER NOT NULL DEFAULT 0;
-- Distinct numbers rated on the day that began at `rated_day`.
ALTER TABLE accounts ADD COLUMN rated_day INTEGER NOT NULL DEFAULT 0;
UPDATE accounts SET rated_day = ifnull((SELECT max(decided_at) FROM runs
                                         WHERE account = accounts.key AND kind = 'review' AND local_date = rated_on), 0);
ALTER TABLE accounts DROP COLUMN rated_on;

-- The beginning of the day that a number's latest rating counts for; in older ledgers an instant on that day.
ALTER TABLE monitored ADD COLUMN rated_day INTEGER;
UPDATE monitored SET rated_day = last_rated_at;
CREATE TRIGGER rated_once_a_day BEFORE UPDATE OF rated_day ON monitored WHEN NEW.rated_day <= OLD.rated_day BEGIN
    SELECT RAISE(ABORT, 'the number has been rated for this day');
END;

-- The beginning of the day that a run was for. Two days may have one local date, after a move to the west.
ALTER TABLE runs ADD COLUMN day INTEGER;
UPDATE runs SET day = decided_at;
DROP INDEX one_daily_review;
CREATE UNIQUE INDEX one_daily_review ON runs (account, day) WHERE daily = 1;

-- The beginning of the day in whose cap the price counts. Older orders have the time at which they were sent.
ALTER TABLE orders ADD COLUMN spent_day INTEGER;
UPDATE orders SET spent_day = ifnull(sent_at, state_since) WHERE spent_on IS NOT NULL;
DROP TRIGGER caps_hold;
CREATE TRIGGER caps_hold BEFORE UPDATE OF spent_on, spent_day, spent_cycle, price_cents ON orders
    WHEN NEW.spent_on IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'the cap on a day''s spending would be passed')
     WHERE NEW.price_cents > (SELECT day_cents_max FROM accounts WHERE key = NEW.account)
         - (SELECT ifnull(sum(price_cents), 0) FROM orders
             WHERE account = NEW.account AND spent_on = NEW.spent_on AND spent_day = NEW.spent_day AND id <> NEW.id);
    SELECT RAISE(ABORT, 'the cap on a billing cycle''s spending would be passed')
     WHERE NEW.price_cents > (SELECT cycle_cents_max FROM accounts WHERE key = NEW.account)
         - (SELECT ifnull(sum(price_cents), 0) FROM orders
             WHERE account = NEW.account AND spent_cycle = NEW.spent_cycle AND id <> NEW.id);
END;
