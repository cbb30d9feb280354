-- The ledger. Timestamps are seconds since 1970-01-01T00:00:00Z, dates local to the account, money US cents,
-- phone numbers the digits of E.164 as an integer.

CREATE TABLE accounts (
    key             INTEGER PRIMARY KEY,
    id              TEXT    NOT NULL UNIQUE,
    time_zone       TEXT    NOT NULL,
    region          TEXT    NOT NULL,
    review_at       TEXT    NOT NULL,
    added_on        TEXT    NOT NULL,
    enabled         INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    settings        TEXT    NOT NULL,
    revision        INTEGER NOT NULL,
    changed_at      INTEGER NOT NULL,
    slot_count      INTEGER NOT NULL CHECK (slot_count >= 0),
    slot_count_next INTEGER NOT NULL CHECK (slot_count_next BETWEEN 0 AND slot_count),
    cycle_index     INTEGER NOT NULL,
    cycle_starts_at INTEGER NOT NULL,
    cycle_ends_at   INTEGER NOT NULL CHECK (cycle_ends_at > cycle_starts_at),
    -- Maintained by the triggers below, so that this table can refuse more slots in use than were bought.
    occupied        INTEGER NOT NULL DEFAULT 0 CHECK (occupied >= 0),
    locked          INTEGER NOT NULL DEFAULT 0 CHECK (locked >= 0),
    -- Distinct numbers rated on the local date `rated_on`.
    rated_on        TEXT    NOT NULL DEFAULT '',
    rated_count     INTEGER NOT NULL DEFAULT 0,
    CHECK (occupied + locked <= slot_count)
) STRICT;

-- Every number in the ledger, in one account and one state.
CREATE TABLE numbers (
    number  INTEGER PRIMARY KEY CHECK (number BETWEEN 1 AND 999999999999999),
    account INTEGER NOT NULL REFERENCES accounts (key),
    state   TEXT    NOT NULL CHECK (state IN ('candidate', 'ordered', 'owned', 'released')),
    since   INTEGER NOT NULL
) STRICT;
CREATE INDEX numbers_of_account ON numbers (account, state, number);

-- The numbers in slots: a slot has one number, a number one slot.
CREATE TABLE monitored (
    account         INTEGER NOT NULL REFERENCES accounts (key),
    number          INTEGER NOT NULL UNIQUE REFERENCES numbers (number),
    slot            INTEGER NOT NULL CHECK (slot >= 1),
    status          INTEGER NOT NULL CHECK (status BETWEEN 0 AND 3),
    status_since    INTEGER NOT NULL,
    monitored_since INTEGER NOT NULL,
    flagging_checks INTEGER NOT NULL,
    clearing_checks INTEGER NOT NULL,
    last_rated_at   INTEGER,
    PRIMARY KEY (account, number),
    UNIQUE (account, slot)
) STRICT, WITHOUT ROWID;

-- Slots that stay empty until the cycle ends.
CREATE TABLE slot_locks (
    account INTEGER NOT NULL REFERENCES accounts (key),
    slot    INTEGER NOT NULL,
    until   INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    PRIMARY KEY (account, slot)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER occupy_a_slot BEFORE INSERT ON monitored BEGIN
    SELECT RAISE(ABORT, 'the slot is locked')
     WHERE EXISTS (SELECT 1 FROM slot_locks WHERE account = NEW.account AND slot = NEW.slot);
    SELECT RAISE(ABORT, 'the number is not the account''s')
     WHERE NOT EXISTS (SELECT 1 FROM numbers
                        WHERE number = NEW.number AND account = NEW.account AND state = 'owned');
    UPDATE accounts SET occupied = occupied + 1 WHERE key = NEW.account;
END;
CREATE TRIGGER leave_a_slot AFTER DELETE ON monitored BEGIN
    UPDATE accounts SET occupied = occupied - 1 WHERE key = OLD.account;
END;
CREATE TRIGGER lock_a_slot BEFORE INSERT ON slot_locks BEGIN
    SELECT RAISE(ABORT, 'the slot is occupied')
     WHERE EXISTS (SELECT 1 FROM monitored WHERE account = NEW.account AND slot = NEW.slot);
    UPDATE accounts SET locked = locked + 1 WHERE key = NEW.account;
END;
CREATE TRIGGER unlock_a_slot AFTER DELETE ON slot_locks BEGIN
    UPDATE accounts SET locked = locked - 1 WHERE key = OLD.account;
END;
CREATE TRIGGER a_monitored_number_stays BEFORE UPDATE OF state, account ON numbers
    WHEN EXISTS (SELECT 1 FROM monitored WHERE number = OLD.number) BEGIN
    SELECT RAISE(ABORT, 'the number is monitored');
END;

-- One run of a policy whose plan was applied. `daily` marks the one review of a local date.
CREATE TABLE runs (
    id         INTEGER PRIMARY KEY,
    account    INTEGER NOT NULL REFERENCES accounts (key),
    kind       TEXT    NOT NULL CHECK (kind IN ('review', 'request')),
    daily      INTEGER NOT NULL CHECK (daily IN (0, 1)),
    local_date TEXT    NOT NULL,
    decided_at INTEGER NOT NULL,
    based_on   INTEGER NOT NULL,
    policy     TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX one_daily_review ON runs (account, local_date) WHERE daily = 1;
-- At most one run is based on a revision of an account.
CREATE UNIQUE INDEX one_run_a_revision ON runs (account, based_on);

-- What carriers answered during a run, packed; kept for a number of days.
CREATE TABLE answers (
    run        INTEGER PRIMARY KEY REFERENCES runs (id),
    account    INTEGER NOT NULL REFERENCES accounts (key),
    decided_at INTEGER NOT NULL,
    body       BLOB    NOT NULL
) STRICT;
CREATE INDEX answers_of_account ON answers (account, decided_at);

-- A replacement, recorded before anything is bought.
CREATE TABLE orders (
    id          INTEGER PRIMARY KEY,
    account     INTEGER NOT NULL REFERENCES accounts (key),
    run         INTEGER NOT NULL REFERENCES runs (id),
    number      INTEGER NOT NULL,
    replacement INTEGER NOT NULL,
    slot        INTEGER NOT NULL,
    why         TEXT    NOT NULL CHECK (why IN ('flagged', 'requested')),
    state       TEXT    NOT NULL CHECK (state IN ('intended', 'acquired', 'swapped', 'done')),
    intended_at INTEGER NOT NULL
) STRICT;
CREATE INDEX orders_of_account ON orders (account, intended_at);
-- A number is replaced once, and replaces one number.
CREATE UNIQUE INDEX one_open_order_a_number ON orders (number) WHERE state <> 'done';
CREATE UNIQUE INDEX one_order_a_replacement ON orders (replacement);

-- What happened, in order. Rows are only appended.
CREATE TABLE events (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES accounts (key),
    at      INTEGER NOT NULL,
    run     INTEGER REFERENCES runs (id),
    kind    TEXT    NOT NULL,
    number  INTEGER,
    cents   INTEGER,
    text    TEXT    NOT NULL
) STRICT;
CREATE INDEX events_of_account ON events (account, id);
CREATE INDEX flag_events ON events (account, at) WHERE kind = 'turned-flagged';
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN
    SELECT RAISE(ABORT, 'events are only appended');
END;
CREATE TRIGGER events_are_not_lost BEFORE DELETE ON events BEGIN
    SELECT RAISE(ABORT, 'events are only appended');
END;

-- Sources of verdicts, and the carriers that they have named. Ids of carriers are never reused.
CREATE TABLE sources (
    name     TEXT PRIMARY KEY,
    kind     TEXT NOT NULL CHECK (kind IN ('ftc', 'verdicts', 'simulated')),
    location TEXT NOT NULL
) STRICT;
CREATE TABLE carriers (
    id   INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 65535),
    name TEXT NOT NULL UNIQUE
) STRICT;
