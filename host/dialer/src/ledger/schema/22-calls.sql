-- How calls went, by number and hour; and the monitored numbers that are suspect for it.

-- What is known of a number's calls in an hour. It begins when the account's clock strikes, which in zones that are a
-- half or a quarter of an hour off is not when UTC's does. So it is a multiple of 900 seconds, and not of 3,600.
CREATE TABLE calls (
    account  INTEGER NOT NULL REFERENCES accounts (key),
    number   INTEGER NOT NULL CHECK (number BETWEEN 1 AND 999999999999999),
    hour     INTEGER NOT NULL CHECK (hour >= 0 AND hour % 900 = 0),
    attempts INTEGER NOT NULL CHECK (attempts BETWEEN 0 AND 1000000),
    answered INTEGER NOT NULL CHECK (answered BETWEEN 0 AND attempts),
    short    INTEGER NOT NULL CHECK (short BETWEEN 0 AND answered),
    blocked  INTEGER NOT NULL CHECK (blocked BETWEEN 0 AND attempts),
    PRIMARY KEY (account, number, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX calls_by_hour ON calls (account, hour);

-- The sums over all numbers, those included that have left the account, kept by the triggers below.
CREATE TABLE call_hours (
    account  INTEGER NOT NULL REFERENCES accounts (key),
    hour     INTEGER NOT NULL,
    numbers  INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    short    INTEGER NOT NULL,
    blocked  INTEGER NOT NULL,
    PRIMARY KEY (account, hour)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER an_hour_is_known AFTER INSERT ON calls BEGIN
    INSERT INTO call_hours (account, hour, numbers, attempts, answered, short, blocked)
        VALUES (NEW.account, NEW.hour, 1, NEW.attempts, NEW.answered, NEW.short, NEW.blocked)
        ON CONFLICT (account, hour) DO UPDATE
           SET numbers = numbers + 1, attempts = attempts + excluded.attempts, answered = answered + excluded.answered,
               short = short + excluded.short, blocked = blocked + excluded.blocked;
END;
CREATE TRIGGER an_hour_is_forgotten AFTER DELETE ON calls BEGIN
    UPDATE call_hours
       SET numbers = numbers - 1, attempts = attempts - OLD.attempts, answered = answered - OLD.answered,
           short = short - OLD.short, blocked = blocked - OLD.blocked
     WHERE account = OLD.account AND hour = OLD.hour;
    DELETE FROM call_hours WHERE account = OLD.account AND hour = OLD.hour AND numbers = 0;
END;
-- An hour that is reported again is forgotten first, so that only these two keep the sums.
CREATE TRIGGER an_hour_is_replaced_whole BEFORE UPDATE ON calls BEGIN
    SELECT RAISE(ABORT, 'an hour is replaced as a whole');
END;

-- Monitored numbers whose calls fare so badly that the policy calls them suspect, with the figures that say so.
CREATE TABLE suspects (
    number   INTEGER PRIMARY KEY REFERENCES monitored (number),
    account  INTEGER NOT NULL REFERENCES accounts (key),
    since    INTEGER NOT NULL,
    attempts INTEGER NOT NULL CHECK (attempts >= 1),
    answered INTEGER NOT NULL CHECK (answered BETWEEN 0 AND attempts),
    blocked  INTEGER NOT NULL CHECK (blocked BETWEEN 0 AND attempts)
) STRICT;
CREATE INDEX suspects_of_account ON suspects (account, number);
CREATE TRIGGER a_suspect_leaves BEFORE DELETE ON monitored BEGIN
    DELETE FROM suspects WHERE number = OLD.number;
END;
