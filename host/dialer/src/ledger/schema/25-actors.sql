-- Who did what happened. Actors are kept by value: they stay when the user or token is gone.

-- `acts_for` is the one that asked for it, such as the user whose replacement the schedule carries out. Its own is none.
CREATE TABLE actors (
    key      INTEGER PRIMARY KEY,
    kind     TEXT NOT NULL CHECK (kind IN ('user', 'token', 'schedule', 'policy', 'system-user')),
    name     TEXT NOT NULL,
    id       TEXT,
    acts_for INTEGER REFERENCES actors (key)
) STRICT;
CREATE UNIQUE INDEX one_row_an_actor ON actors (kind, name, ifnull(id, ''), ifnull(acts_for, 0));
CREATE TRIGGER actors_stay BEFORE UPDATE ON actors BEGIN
    SELECT RAISE(ABORT, 'actors are only appended');
END;
CREATE TRIGGER actors_are_not_lost BEFORE DELETE ON actors BEGIN
    SELECT RAISE(ABORT, 'actors are only appended');
END;

-- None before this version: it was not recorded.
ALTER TABLE events ADD COLUMN actor INTEGER REFERENCES actors (key);
ALTER TABLE policy_events ADD COLUMN actor INTEGER REFERENCES actors (key);
ALTER TABLE accepted_leaps ADD COLUMN actor INTEGER REFERENCES actors (key);
-- Who started a run, and who asked for a replacement.
ALTER TABLE runs ADD COLUMN actor INTEGER REFERENCES actors (key);
ALTER TABLE orders ADD COLUMN actor INTEGER REFERENCES actors (key);

-- The last guard: from now on everything has its actor, even if the program has a bug.
CREATE TRIGGER an_event_has_its_actor BEFORE INSERT ON events WHEN NEW.actor IS NULL BEGIN
    SELECT RAISE(ABORT, 'an event names its actor');
END;
CREATE TRIGGER a_policy_event_has_its_actor BEFORE INSERT ON policy_events WHEN NEW.actor IS NULL BEGIN
    SELECT RAISE(ABORT, 'an event names its actor');
END;
CREATE TRIGGER a_leap_has_its_actor BEFORE INSERT ON accepted_leaps WHEN NEW.actor IS NULL BEGIN
    SELECT RAISE(ABORT, 'an accepted leap names its actor');
END;
-- What a run rated, of how many monitored numbers; none before this version.
ALTER TABLE runs ADD COLUMN rated INTEGER;
ALTER TABLE runs ADD COLUMN monitored INTEGER;

-- All events of a replacement name its order. Before this version only its charge did.
CREATE INDEX events_of_order ON events (order_id, id) WHERE order_id IS NOT NULL;
