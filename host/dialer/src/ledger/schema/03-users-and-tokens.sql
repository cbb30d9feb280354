-- Who may see and do what on the dashboard and the API.

-- Users sign in to the dashboard. `password` is an argon2id hash in PHC notation; `accounts` a JSON list of ids, none for
-- every account.
CREATE TABLE users (
    name     TEXT    PRIMARY KEY,
    password TEXT    NOT NULL,
    role     TEXT    NOT NULL CHECK (role IN ('read', 'operate', 'administer')),
    accounts TEXT,
    added_at INTEGER NOT NULL
) STRICT;

-- `secret` is the SHA-256 of what the browser keeps. A session ends with its user.
CREATE TABLE sessions (
    secret  BLOB    PRIMARY KEY CHECK (length(secret) = 32),
    user  TEXT    NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_end ON sessions (ends_at);

-- Programs have tokens. `secret` is the SHA-256 of the token, which is shown once and not stored.
CREATE TABLE tokens (
    name     TEXT    PRIMARY KEY,
    secret   BLOB    NOT NULL UNIQUE CHECK (length(secret) = 32),
    role     TEXT    NOT NULL CHECK (role IN ('read', 'operate', 'administer')),
    accounts TEXT,
    made_at  INTEGER NOT NULL,
    ends_at  INTEGER
) STRICT;
