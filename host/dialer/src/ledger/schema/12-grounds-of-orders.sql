-- An order is carried out only as long as its grounds hold.

-- When the slot moved, and when that local day began: automatic replacements count on the day of the swap.
ALTER TABLE orders ADD COLUMN swapped_at INTEGER;
ALTER TABLE orders ADD COLUMN swap_day_starts_at INTEGER;
UPDATE orders SET swapped_at = ifnull(
    (SELECT max(at) FROM events
      WHERE events.account = orders.account AND events.kind = 'replaced' AND events.number = orders.number
        AND at BETWEEN orders.intended_at AND orders.state_since),
    state_since)
 WHERE state IN ('swapped', 'done');
CREATE INDEX orders_swapped ON orders (account, swapped_at) WHERE swapped_at IS NOT NULL;
CREATE INDEX orders_of_run ON orders (account, run);

-- The order was abandoned though nothing is wrong with its candidate, which may be offered again at once.
ALTER TABLE orders ADD COLUMN is_candidate_fit INTEGER NOT NULL DEFAULT 0 CHECK (is_candidate_fit IN (0, 1));

-- Obstacles that were reported, each once: a JSON list.
ALTER TABLE orders ADD COLUMN reported TEXT NOT NULL DEFAULT '[]';

-- What an abandoned order had set aside is free; what it has spent counts. So `spent_on` alone says what counts.
UPDATE orders SET spent_on = NULL, spent_cycle = NULL WHERE state = 'abandoned';
DROP TRIGGER caps_hold;
CREATE TRIGGER caps_hold BEFORE UPDATE OF spent_on, spent_cycle, price_cents ON orders
    WHEN NEW.spent_on IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'the cap on a day''s spending would be passed')
     WHERE NEW.price_cents > (SELECT day_cents_max FROM accounts WHERE key = NEW.account)
         - (SELECT ifnull(sum(price_cents), 0) FROM orders
             WHERE account = NEW.account AND spent_on = NEW.spent_on AND id <> NEW.id);
    SELECT RAISE(ABORT, 'the cap on a billing cycle''s spending would be passed')
     WHERE NEW.price_cents > (SELECT cycle_cents_max FROM accounts WHERE key = NEW.account)
         - (SELECT ifnull(sum(price_cents), 0) FROM orders
             WHERE account = NEW.account AND spent_cycle = NEW.spent_cycle AND id <> NEW.id);
END;

-- The last check before a slot moves: the switches are on and the day's limit holds, even if the program has a bug.
CREATE TRIGGER grounds_hold BEFORE UPDATE OF state ON orders
    WHEN NEW.state = 'swapped' AND OLD.state <> 'swapped' BEGIN
    SELECT RAISE(ABORT, 'a swap has its time') WHERE NEW.swapped_at IS NULL OR NEW.swap_day_starts_at IS NULL;
    SELECT RAISE(ABORT, 'the add-on is off') WHERE (SELECT enabled FROM accounts WHERE key = NEW.account) = 0;
    SELECT RAISE(ABORT, 'automatic replacement is off')
     WHERE NEW.why = 'flagged' AND NOT (SELECT json_extract(settings, '$.auto_replace') FROM accounts WHERE key = NEW.account);
    SELECT RAISE(ABORT, 'the limit on a day''s automatic replacements would be passed')
     WHERE NEW.why = 'flagged'
       AND (SELECT count(*) FROM orders
             WHERE account = NEW.account AND why = 'flagged' AND swapped_at >= NEW.swap_day_starts_at AND id <> NEW.id)
        >= (SELECT json_extract(settings, '$.replacements_per_day_max') FROM accounts WHERE key = NEW.account);
END;
