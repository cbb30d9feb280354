-- A page of 100,000 numbers without reading all of them.

-- What carriers answered during a run, in parts: those about a page's numbers are found without reading the others.
-- `first` and `last` are the lowest and the highest number of a part. Earlier answers are one part.
CREATE TABLE answer_parts (
    run   INTEGER NOT NULL REFERENCES answers (run) ON DELETE CASCADE,
    part  INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    body  BLOB    NOT NULL
) STRICT;
INSERT INTO answer_parts SELECT run, 0, 0, 9223372036854775807, body FROM answers;
CREATE UNIQUE INDEX parts_of_answers ON answer_parts (run, part, first, last);
ALTER TABLE answers DROP COLUMN body;

-- Numbers without a slot, and slots in order. Maintained by the triggers below, because an index must find numbers by it.
ALTER TABLE numbers ADD COLUMN is_monitored INTEGER NOT NULL DEFAULT 0 CHECK (is_monitored IN (0, 1));
UPDATE numbers SET is_monitored = 1 WHERE number IN (SELECT number FROM monitored);
CREATE TRIGGER a_number_takes_a_slot AFTER INSERT ON monitored BEGIN
    UPDATE numbers SET is_monitored = 1 WHERE number = NEW.number;
END;
CREATE TRIGGER a_number_leaves_its_slot AFTER DELETE ON monitored BEGIN
    UPDATE numbers SET is_monitored = 0 WHERE number = OLD.number;
END;
CREATE INDEX numbers_by_slot ON numbers (account, state, is_monitored, number);
-- The index that keeps slots unique lacks columns that a page is found by.
CREATE INDEX monitored_by_slot ON monitored (account, slot, number);

-- Numbers that turned flagged lately, without reading every event.
DROP INDEX flag_events;
CREATE INDEX flag_events ON events (account, at, number) WHERE kind = 'turned-flagged';
