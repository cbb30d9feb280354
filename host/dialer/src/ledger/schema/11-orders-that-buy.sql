-- Replacements whose numbers are bought, and what an account may spend on them.

-- An account's provider and limits: areas in addition to a number's own are '', 'anywhere', or area codes separated by
-- commas; caps are in US cents, for a local day and a billing cycle.
ALTER TABLE accounts ADD COLUMN provider TEXT REFERENCES providers (name);
ALTER TABLE accounts ADD COLUMN areas TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN rest_days INTEGER NOT NULL DEFAULT 30 CHECK (rest_days BETWEEN 0 AND 365);
ALTER TABLE accounts ADD COLUMN day_cents_max INTEGER NOT NULL DEFAULT 1000 CHECK (day_cents_max >= 0);
ALTER TABLE accounts ADD COLUMN cycle_cents_max INTEGER NOT NULL DEFAULT 5000 CHECK (cycle_cents_max >= 0);

-- The old number of an order that was swapped and not finished has left the account; see below.
UPDATE numbers SET state = 'released'
 WHERE number IN (SELECT number FROM orders WHERE state = 'swapped') AND state = 'owned'
   AND NOT EXISTS (SELECT 1 FROM monitored WHERE monitored.number = numbers.number);
INSERT INTO events (account, at, run, kind, number, text)
SELECT account, intended_at, run, 'released', number,
       '+' || number || ' left the account, replaced by +' || replacement || '.'
  FROM orders WHERE state = 'swapped';
UPDATE orders SET state = 'done' WHERE state = 'swapped';

-- A replacement, recorded before anything is bought; each state is recorded before the next step begins.
CREATE TABLE orders_of_more_states (
    id           INTEGER PRIMARY KEY,
    account      INTEGER NOT NULL REFERENCES accounts (key),
    run          INTEGER NOT NULL REFERENCES runs (id),
    number       INTEGER NOT NULL,
    replacement  INTEGER NOT NULL,
    slot         INTEGER NOT NULL,
    why          TEXT    NOT NULL CHECK (why IN ('flagged', 'requested')),
    -- From 'swapped' on the old number has left the account and rests, until it is given back and the order is 'done'.
    state        TEXT    NOT NULL CHECK (state IN ('intended', 'reserved', 'screened', 'ordering', 'acquired',
                                                   'carried-over', 'swapped', 'done', 'abandoned')),
    intended_at  INTEGER NOT NULL,
    because      TEXT    NOT NULL DEFAULT '',
    -- The provider that has the old number, and sells the new one; none without a provider.
    provider     TEXT    REFERENCES providers (name),
    -- The price of the new number when it was planned; none if it was on hand.
    price_cents  INTEGER CHECK (price_cents > 0),
    -- The order's id at the provider, unique across ledgers.
    reference    TEXT    NOT NULL UNIQUE DEFAULT ('dialguard-' || lower(hex(randomblob(12)))),
    state_since  INTEGER NOT NULL DEFAULT 0,
    -- The local date and the billing cycle in whose caps the price counts; set when the order is sent.
    spent_on     TEXT,
    spent_cycle  INTEGER,
    -- When it was last sent, if that may have had an effect; and how often it was looked up since.
    sent_at      INTEGER,
    looks        INTEGER NOT NULL DEFAULT 0,
    rests_until  INTEGER,
    -- What holds it up, since when, failed tries, and the time of the next try.
    tries        INTEGER NOT NULL DEFAULT 0,
    next_try_at  INTEGER NOT NULL DEFAULT 0,
    problem      TEXT,
    held_since   INTEGER,
    is_stuck     INTEGER NOT NULL DEFAULT 0 CHECK (is_stuck IN (0, 1)),
    -- The process that is taking a step right now.
    lease        TEXT,
    leased_until INTEGER NOT NULL DEFAULT 0,
    -- The order was abandoned, and the policy must be asked again.
    ask_again    INTEGER NOT NULL DEFAULT 0 CHECK (ask_again IN (0, 1)),
    CHECK (price_cents IS NULL OR provider IS NOT NULL),
    -- The price of everything sent, and of everything bought, counts.
    CHECK (price_cents IS NULL OR spent_on IS NOT NULL OR state IN ('intended', 'reserved', 'screened', 'abandoned')),
    CHECK ((spent_on IS NULL) = (spent_cycle IS NULL))
) STRICT;
INSERT INTO orders_of_more_states (id, account, run, number, replacement, slot, why, state, intended_at, because, state_since)
SELECT id, account, run, number, replacement, slot, why, state, intended_at, because, intended_at FROM orders;
DROP TABLE orders;
ALTER TABLE orders_of_more_states RENAME TO orders;
CREATE INDEX orders_of_account ON orders (account, intended_at);
CREATE INDEX orders_of_number ON orders (number);
CREATE INDEX orders_open ON orders (account, id) WHERE state NOT IN ('done', 'abandoned');
CREATE INDEX orders_to_ask_again ON orders (account) WHERE ask_again = 1;
CREATE INDEX orders_spent ON orders (account, spent_cycle) WHERE spent_cycle IS NOT NULL;
-- A number is replaced once, and replaces one number.
CREATE UNIQUE INDEX one_open_order_a_number ON orders (number) WHERE state NOT IN ('swapped', 'done', 'abandoned');
CREATE UNIQUE INDEX one_order_a_replacement ON orders (replacement) WHERE state <> 'abandoned';
-- Orders whose old number still has its slot.
CREATE VIEW replacements_under_way AS
SELECT account, number, replacement, provider FROM orders WHERE state NOT IN ('swapped', 'done', 'abandoned');

-- The last check before money is spent: the caps hold, even if the program has a bug.
CREATE TRIGGER caps_hold BEFORE UPDATE OF spent_on, spent_cycle, price_cents ON orders
    WHEN NEW.spent_on IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'the cap on a day''s spending would be passed')
     WHERE NEW.price_cents > (SELECT day_cents_max FROM accounts WHERE key = NEW.account)
         - (SELECT ifnull(sum(price_cents), 0) FROM orders
             WHERE account = NEW.account AND spent_on = NEW.spent_on AND id <> NEW.id AND state <> 'abandoned');
    SELECT RAISE(ABORT, 'the cap on a billing cycle''s spending would be passed')
     WHERE NEW.price_cents > (SELECT cycle_cents_max FROM accounts WHERE key = NEW.account)
         - (SELECT ifnull(sum(price_cents), 0) FROM orders
             WHERE account = NEW.account AND spent_cycle = NEW.spent_cycle AND id <> NEW.id AND state <> 'abandoned');
END;
CREATE TRIGGER orders_begin_unspent BEFORE INSERT ON orders
    WHEN NEW.state <> 'intended' OR NEW.spent_on IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'an order begins as an intent');
END;
-- A finished or abandoned order stays so.
CREATE TRIGGER orders_end BEFORE UPDATE OF state ON orders WHEN OLD.state IN ('done', 'abandoned') BEGIN
    SELECT RAISE(ABORT, 'the order is over');
END;
-- A number is released only after its successor is owned and has the slot.
CREATE TRIGGER successor_first BEFORE UPDATE OF state ON orders
    WHEN NEW.state = 'done' AND OLD.state <> 'swapped' OR NEW.state = 'swapped' AND NOT EXISTS (
        SELECT 1 FROM monitored JOIN numbers USING (number, account)
         WHERE number = NEW.replacement AND account = NEW.account AND slot = NEW.slot AND numbers.state = 'owned') BEGIN
    SELECT RAISE(ABORT, 'the successor does not have the slot yet');
END;

-- A replacement is charged once, with its order.
ALTER TABLE events ADD COLUMN order_id INTEGER REFERENCES orders (id);
CREATE UNIQUE INDEX one_charge_an_order ON events (order_id) WHERE kind = 'replacement-charged';
CREATE TRIGGER a_charge_has_its_order BEFORE INSERT ON events
    WHEN NEW.kind = 'replacement-charged' AND (NEW.order_id IS NULL OR NEW.cents IS NULL) BEGIN
    SELECT RAISE(ABORT, 'a replacement is charged with its order');
END;
