-- Alerts: webhooks, and the messages that wait for them.

-- A URL that messages are sent to. `account` is none for every account's; `secret` is the key that signs messages, which
-- cannot be stored as a hash; `lease` is of the process that is sending right now, until `leased_until`.
CREATE TABLE webhooks (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    account        INTEGER REFERENCES accounts (key),
    url            TEXT    NOT NULL,
    secret         BLOB    NOT NULL CHECK (length(secret) BETWEEN 24 AND 64),
    allow_private  INTEGER NOT NULL CHECK (allow_private IN (0, 1)),
    page_address   TEXT,
    since          INTEGER NOT NULL,
    paused_at      INTEGER,
    paused_because TEXT,
    lease          TEXT,
    leased_until   INTEGER NOT NULL DEFAULT 0,
    CHECK ((paused_at IS NULL) = (paused_because IS NULL))
) STRICT;
CREATE INDEX webhooks_of_account ON webhooks (account);

-- A message to one of them, in order. `id` is the header `webhook-id`, by which a receiver recognizes a repeated message.
-- A message waits as long as it has a `next_try_at`.
CREATE TABLE deliveries (
    ordinal      INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT    NOT NULL UNIQUE,
    webhook      INTEGER NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    account      INTEGER REFERENCES accounts (key),
    run          INTEGER REFERENCES runs (id),
    kind         TEXT    NOT NULL,
    body         TEXT    NOT NULL,
    made_at      INTEGER NOT NULL,
    next_try_at  INTEGER,
    tries        INTEGER NOT NULL DEFAULT 0,
    delivered_at INTEGER,
    abandoned_at  INTEGER,
    last_problem TEXT,
    CHECK ((next_try_at IS NOT NULL) + (delivered_at IS NOT NULL) + (abandoned_at IS NOT NULL) = 1)
) STRICT;
CREATE INDEX deliveries_waiting ON deliveries (webhook, ordinal) WHERE next_try_at IS NOT NULL;
CREATE INDEX deliveries_by_time ON deliveries (webhook, made_at);
CREATE INDEX deliveries_of_run ON deliveries (run) WHERE run IS NOT NULL;
