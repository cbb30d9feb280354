-- A page of 100,000 numbers without going through all of them.

-- What carriers answered during a run, in parts: those about a page's numbers are found without reading the others.
-- `first` and `last` are the lowest and the highest number of a part. What was kept before is one part.
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

-- Who has no slot, and slots in their order. Kept by the triggers below: a number has to be found by it in an index.
ALTER TABLE numbers ADD COLUMN is_monitored INTEGER NOT NULL DEFAULT 0 CHECK (is_monitored IN (0, 1));
UPDATE numbers SET is_monitored = 1 WHERE number IN (SELECT number FROM monitored);
CREATE TRIGGER a_number_takes_a_slot AFTER INSERT ON monitored BEGIN
    UPDATE numbers SET is_monitored = 1 WHERE number = NEW.number;
END;
CREATE TRIGGER a_number_leaves_its_slot AFTER DELETE ON monitored BEGIN
    UPDATE numbers SET is_monitored = 0 WHERE number = OLD.number;
END;
CREATE INDEX numbers_by_slot ON numbers (account, state, is_monitored, number);
-- The index that holds slots unique has not all that a page is found by.
CREATE INDEX monitored_by_slot ON monitored (account, slot, number);

-- Who turned flagged lately, without a look at each event.
DROP INDEX flag_events;
CREATE INDEX flag_events ON events (account, at, number) WHERE kind = 'turned-flagged';
