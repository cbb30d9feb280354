-- How far each account's calls were read from its provider's log.
CREATE TABLE call_readings (
    account       INTEGER PRIMARY KEY REFERENCES accounts (key),
    provider      TEXT    NOT NULL REFERENCES providers (name) ON DELETE CASCADE,
    -- Hours that began before are known. Those that began before `settled_until` were over for so long when they were read
    -- that they are not read again by themselves.
    read_until    INTEGER NOT NULL DEFAULT 0,
    settled_until INTEGER NOT NULL DEFAULT 0 CHECK (settled_until <= read_until),
    -- Why the latest reading ended early, in words; none if it did not.
    problem       TEXT
) STRICT;
