-- What needs a person, found without reading every number; billing cycles; and how far each user has read.

-- Monitored numbers by status, kept by the triggers below.
CREATE TABLE status_counts (
    account INTEGER NOT NULL REFERENCES accounts (key),
    status  INTEGER NOT NULL CHECK (status BETWEEN 0 AND 3),
    numbers INTEGER NOT NULL CHECK (numbers >= 0),
    PRIMARY KEY (account, status)
) STRICT, WITHOUT ROWID;
INSERT INTO status_counts SELECT account, status, count(*) FROM monitored GROUP BY account, status;
CREATE TRIGGER a_status_comes AFTER INSERT ON monitored BEGIN
    INSERT INTO status_counts (account, status, numbers) VALUES (NEW.account, NEW.status, 1)
        ON CONFLICT (account, status) DO UPDATE SET numbers = numbers + 1;
END;
CREATE TRIGGER a_status_goes AFTER DELETE ON monitored BEGIN
    UPDATE status_counts SET numbers = numbers - 1 WHERE account = OLD.account AND status = OLD.status;
END;
CREATE TRIGGER a_status_turns AFTER UPDATE OF status ON monitored WHEN NEW.status <> OLD.status BEGIN
    UPDATE status_counts SET numbers = numbers - 1 WHERE account = OLD.account AND status = OLD.status;
    INSERT INTO status_counts (account, status, numbers) VALUES (NEW.account, NEW.status, 1)
        ON CONFLICT (account, status) DO UPDATE SET numbers = numbers + 1;
END;

-- When each billing cycle of an account began; it ends when the next one begins. Of cycles before this version those
-- are known in which blocks were charged, and the first.
CREATE TABLE cycles (
    account   INTEGER NOT NULL REFERENCES accounts (key),
    cycle     INTEGER NOT NULL CHECK (cycle >= 0),
    starts_at INTEGER NOT NULL,
    PRIMARY KEY (account, cycle)
) STRICT, WITHOUT ROWID;
INSERT INTO cycles
    SELECT account, CAST(substr(cause, 7) AS INTEGER), min(at) FROM events
     WHERE kind = 'charged' AND cause LIKE 'cycle %' GROUP BY 1, 2;
INSERT OR REPLACE INTO cycles SELECT account, 0, min(at) FROM events GROUP BY account;
INSERT OR REPLACE INTO cycles SELECT key, cycle_index, cycle_starts_at FROM accounts;
CREATE TRIGGER the_first_cycle_begins AFTER INSERT ON accounts BEGIN
    INSERT INTO cycles (account, cycle, starts_at) VALUES (NEW.key, NEW.cycle_index, NEW.cycle_starts_at);
END;
CREATE TRIGGER a_cycle_begins AFTER UPDATE OF cycle_index ON accounts WHEN NEW.cycle_index <> OLD.cycle_index BEGIN
    INSERT INTO cycles (account, cycle, starts_at) VALUES (NEW.key, NEW.cycle_index, NEW.cycle_starts_at);
END;

-- The newest event of an account that a user has had the chance to read. A new user has nothing to catch up with:
-- `alerts_from` is the newest event of all when the user was added.
CREATE TABLE alerts_read (
    user    TEXT    NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    account INTEGER NOT NULL REFERENCES accounts (key),
    event   INTEGER NOT NULL,
    PRIMARY KEY (user, account)
) STRICT, WITHOUT ROWID;
ALTER TABLE users ADD COLUMN alerts_from INTEGER NOT NULL DEFAULT 0;
UPDATE users SET alerts_from = (SELECT ifnull(max(id), 0) FROM events);
CREATE TRIGGER a_user_begins_with_nothing_unread AFTER INSERT ON users BEGIN
    UPDATE users SET alerts_from = (SELECT ifnull(max(id), 0) FROM events) WHERE name = NEW.name;
END;

-- An account's orders of any state in their order, those that are stuck, and its latest review.
CREATE INDEX orders_by_id ON orders (account, id);
CREATE INDEX orders_stuck ON orders (account) WHERE is_stuck = 1 AND state NOT IN ('done', 'abandoned');
CREATE INDEX reviews_of_account ON runs (account, id) WHERE kind = 'review';
