-- Installed policies, which one is live, and what it takes to repeat a run.

-- A policy is its component: the bytes that were verified and compiled.
CREATE TABLE policies (
    digest       TEXT    PRIMARY KEY,
    name         TEXT    NOT NULL,
    version      TEXT    NOT NULL,
    summary      TEXT    NOT NULL,
    contract     TEXT    NOT NULL,
    built_in     INTEGER NOT NULL CHECK (built_in IN (0, 1)),
    stubbed_wasi   INTEGER NOT NULL CHECK (stubbed_wasi IN (0, 1)),
    signature    BLOB    CHECK (length(signature) = 64),
    component    BLOB    NOT NULL
) STRICT;

-- Revisions only rise. A rollback is a new revision of an old policy.
CREATE TABLE revisions (
    revision INTEGER PRIMARY KEY AUTOINCREMENT,
    policy   TEXT    NOT NULL REFERENCES policies (digest),
    made_at  INTEGER NOT NULL,
    restores INTEGER REFERENCES revisions (revision)
) STRICT;

-- The live revision is the last one here.
CREATE TABLE activations (
    revision INTEGER PRIMARY KEY REFERENCES revisions (revision),
    replaces INTEGER REFERENCES revisions (revision),
    at       INTEGER NOT NULL,
    cause    TEXT    NOT NULL CHECK (cause IN ('first', 'operator', 'rollback', 'faults'))
) STRICT;
CREATE TRIGGER revisions_rise BEFORE INSERT ON activations
    WHEN NEW.revision <= (SELECT max(revision) FROM activations)
      OR NEW.replaces IS NOT (SELECT max(revision) FROM activations) BEGIN
    SELECT RAISE(ABORT, 'revisions only rise, each replacing the one before');
END;
CREATE TRIGGER activations_stay BEFORE UPDATE ON activations BEGIN
    SELECT RAISE(ABORT, 'activations are only appended');
END;
CREATE TRIGGER activations_are_not_lost BEFORE DELETE ON activations BEGIN
    SELECT RAISE(ABORT, 'activations are only appended');
END;

-- What every process must notice: `change` rises with each change of the live policy or its limits.
CREATE TABLE policy_state (
    only_row    INTEGER PRIMARY KEY CHECK (only_row = 1),
    change      INTEGER NOT NULL,
    shadow      INTEGER REFERENCES revisions (revision),
    -- Shadowing began after this run.
    shadow_from INTEGER NOT NULL,
    settings    TEXT    NOT NULL
) STRICT;

-- Public keys in PEM. From the first one on, only signed policies are accepted.
CREATE TABLE trusted_keys (
    id         TEXT    PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    pem        TEXT    NOT NULL,
    trusted_at INTEGER NOT NULL
) STRICT;

-- Files of compiled code that this host wrote. No other file is ever loaded as code.
CREATE TABLE compiled_code (
    policy TEXT NOT NULL REFERENCES policies (digest),
    engine TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (policy, engine)
) STRICT;

-- What happened to policies, in order.
CREATE TABLE policy_events (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,
    revision INTEGER REFERENCES revisions (revision),
    severity TEXT    NOT NULL CHECK (severity IN ('info', 'warning', 'alert')),
    kind     TEXT    NOT NULL,
    text     TEXT    NOT NULL
) STRICT;
CREATE TRIGGER policy_events_stay BEFORE UPDATE ON policy_events BEGIN
    SELECT RAISE(ABORT, 'events are only appended');
END;
CREATE TRIGGER policy_events_are_not_lost BEFORE DELETE ON policy_events BEGIN
    SELECT RAISE(ABORT, 'events are only appended');
END;

-- Runs in which a policy failed. `after_run` is the revision's last good run before: faults with the same one are in a row.
CREATE TABLE policy_faults (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    revision  INTEGER NOT NULL REFERENCES revisions (revision),
    account   INTEGER NOT NULL REFERENCES accounts (key),
    at        INTEGER NOT NULL,
    after_run INTEGER NOT NULL,
    text      TEXT    NOT NULL
) STRICT;
CREATE INDEX faults_of_revision ON policy_faults (revision, after_run);

-- None for a policy of the program's own.
ALTER TABLE runs ADD COLUMN revision INTEGER REFERENCES revisions (revision);
ALTER TABLE runs ADD COLUMN contract TEXT NOT NULL DEFAULT '0.1.0';
ALTER TABLE runs ADD COLUMN host_version TEXT NOT NULL DEFAULT '0.1.0';
CREATE INDEX runs_of_revision ON runs (revision, id);
CREATE INDEX runs_by_time ON runs (kind, decided_at);

-- A run's inputs and plan, packed; kept for as many days as `policy_state.settings` says.
CREATE TABLE recordings (
    run        INTEGER PRIMARY KEY REFERENCES runs (id),
    account    INTEGER NOT NULL REFERENCES accounts (key),
    decided_at INTEGER NOT NULL,
    body       BLOB    NOT NULL
) STRICT;
CREATE INDEX recordings_of_account ON recordings (account, decided_at);

-- What another policy would have done in a run.
CREATE TABLE comparisons (
    revision INTEGER NOT NULL REFERENCES revisions (revision),
    run      INTEGER NOT NULL REFERENCES runs (id),
    -- Numbers and questions that the run on record did not ask about.
    unknown  INTEGER NOT NULL,
    -- Why it would have failed: a fault, an error, or a plan that breaks the ledger.
    failure  TEXT,
    PRIMARY KEY (revision, run)
) STRICT, WITHOUT ROWID;
CREATE TABLE differences (
    revision              INTEGER NOT NULL,
    run                   INTEGER NOT NULL,
    number                INTEGER NOT NULL,
    live_status           INTEGER NOT NULL CHECK (live_status BETWEEN 0 AND 3),
    candidate_status      INTEGER NOT NULL CHECK (candidate_status BETWEEN 0 AND 3),
    live_replacement      INTEGER,
    candidate_replacement INTEGER,
    PRIMARY KEY (revision, run, number),
    FOREIGN KEY (revision, run) REFERENCES comparisons (revision, run)
) STRICT, WITHOUT ROWID;

-- Why a replacement was planned, in the policy's words.
ALTER TABLE orders ADD COLUMN because TEXT NOT NULL DEFAULT '';
-- The revision that an event is about, if no run caused it.
ALTER TABLE events ADD COLUMN revision INTEGER REFERENCES revisions (revision);
