-- Programs' requests with an idempotency key, so that a request that is sent again is not done again.

-- `request` is the request's fingerprint. `status` is none until it was done; `body` is none if the answer contains a
-- secret, which is not stored.
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
