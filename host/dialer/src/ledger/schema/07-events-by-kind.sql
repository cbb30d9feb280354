-- Finding an account's events by kind.
CREATE INDEX events_by_kind ON events (account, kind, id);
