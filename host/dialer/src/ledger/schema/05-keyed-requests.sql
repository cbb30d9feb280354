-- Requests of programs that bring a key along, so that one that is sent again is not done again.

-- `request` is the SHA-256 of what was asked. `status` is none until it was done; `body` none where the answer has a
-- secret in it, which is kept nowhere.
CREATE TABLE keyed_requests (
    caller   TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    request  BLOB    NOT NULL CHECK (length(request) = 32),
    begun_at INTEGER NOT NULL,
    status   INTEGER CHECK (status BETWEEN 200 AND 299),
    location TEXT,
    body     BLOB,
    PRIMARY KEY (caller, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX keyed_requests_by_time ON keyed_requests (begun_at);
