-- Numbers that rest, those that have rested and are ready, monitored ones that are not in use; and what look-ups cost.

-- Days of rest are a policy's setting, `rest-days`. A closed account's settings stay as they were.
UPDATE accounts SET settings = json_set(settings, '$.values."rest-days"', CAST(rest_days AS TEXT))
 WHERE rest_days <> 30 AND closed_at IS NULL;
ALTER TABLE accounts DROP COLUMN rest_days;

-- A replaced number rests while its order is 'swapped': since when, in which of its rests, and whether it has been decided
-- that it goes back to its provider. What decides that knows how long a rest takes.
ALTER TABLE orders ADD COLUMN resting_since INTEGER;
ALTER TABLE orders ADD COLUMN rests INTEGER NOT NULL DEFAULT 0 CHECK (rests BETWEEN 0 AND 255);
ALTER TABLE orders ADD COLUMN gives_back INTEGER NOT NULL DEFAULT 0 CHECK (gives_back IN (0, 1));
-- The replacement is one of the account's own, which had rested.
ALTER TABLE orders ADD COLUMN has_rested INTEGER NOT NULL DEFAULT 0 CHECK (has_rested IN (0, 1));
-- Earlier versions left the rest of a number that was imported again as it was.
UPDATE orders SET state = 'done'
 WHERE state = 'swapped'
   AND (EXISTS (SELECT 1 FROM numbers WHERE numbers.number = orders.number AND numbers.state <> 'released')
        OR id < (SELECT max(id) FROM orders AS later WHERE later.number = orders.number AND later.state = 'swapped'));
UPDATE orders SET resting_since = ifnull(swapped_at, state_since), gives_back = held_since IS NOT NULL
 WHERE state = 'swapped';
ALTER TABLE orders DROP COLUMN rests_until;
CREATE UNIQUE INDEX one_rest_a_number ON orders (number) WHERE state = 'swapped';
CREATE INDEX orders_resting ON orders (account, resting_since, number) WHERE state = 'swapped';
CREATE TRIGGER a_resting_number_has_left BEFORE UPDATE OF state ON orders
    WHEN NEW.state = 'swapped' AND OLD.state <> 'swapped' BEGIN
    SELECT RAISE(ABORT, 'the number still has a slot')
     WHERE EXISTS (SELECT 1 FROM monitored WHERE number = NEW.number);
END;
CREATE TRIGGER a_resting_number_takes_no_slot BEFORE INSERT ON monitored BEGIN
    SELECT RAISE(ABORT, 'the number rests')
     WHERE EXISTS (SELECT 1 FROM orders WHERE number = NEW.number AND state = 'swapped');
END;
CREATE TRIGGER own_numbers_are_not_bought BEFORE INSERT ON orders
    WHEN NEW.has_rested = 1 AND NEW.price_cents IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'the account has the number already');
END;

-- Since when a number that the account owns may take another's place, because it has rested. Whatever else is made of it
-- ends that.
ALTER TABLE numbers ADD COLUMN ready_since INTEGER
    CHECK (ready_since IS NULL OR state = 'owned' AND is_monitored = 0);
CREATE INDEX numbers_ready ON numbers (account, number) WHERE ready_since IS NOT NULL;
DROP TRIGGER a_number_takes_a_slot;
CREATE TRIGGER a_number_takes_a_slot AFTER INSERT ON monitored BEGIN
    UPDATE numbers SET is_monitored = 1, ready_since = NULL WHERE number = NEW.number;
END;

-- Since when the dialer does not use a monitored number, because it is flagged and there is no clean one in its place.
ALTER TABLE monitored ADD COLUMN resting_since INTEGER;
CREATE INDEX monitored_resting ON monitored (account, number) WHERE resting_since IS NOT NULL;

-- Numbers looked up for reviews on the day that began at `looked_up_day`, as often as each was.
ALTER TABLE accounts ADD COLUMN looked_up_day INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN looked_up_count INTEGER NOT NULL DEFAULT 0;

-- What stands for a source in recordings: outlives it, so that no other source gets its id. And the carriers that it has
-- named so far.
CREATE TABLE source_ids (
    id   INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 65535),
    name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO source_ids (name) SELECT name FROM sources ORDER BY name;
CREATE TABLE source_carriers (
    source  TEXT    NOT NULL REFERENCES sources (name) ON DELETE CASCADE,
    carrier INTEGER NOT NULL REFERENCES carriers (id),
    PRIMARY KEY (source, carrier)
) STRICT, WITHOUT ROWID;
