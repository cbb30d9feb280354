-- How numbers were rated on past days, to be shown without reading the record of each run. What is on record of earlier days
-- is filled in by the program.

-- How an account's numbers were rated on each local date: a number is rated once for a day. `monitored` is how many it had
-- in the latest of that day's checks that rated any.
CREATE TABLE rated_days (
    account   INTEGER NOT NULL REFERENCES accounts (key),
    date      TEXT    NOT NULL,
    clean     INTEGER NOT NULL CHECK (clean >= 0),
    at_risk   INTEGER NOT NULL CHECK (at_risk >= 0),
    flagged   INTEGER NOT NULL CHECK (flagged >= 0),
    monitored INTEGER NOT NULL CHECK (monitored >= 0),
    PRIMARY KEY (account, date)
) STRICT, WITHOUT ROWID;

-- How many numbers a source was asked about on a local date, in the largest of that day's checks, and how many of those it
-- scored. Kept for a month.
CREATE TABLE source_days (
    account  INTEGER NOT NULL REFERENCES accounts (key),
    source   TEXT    NOT NULL REFERENCES sources (name) ON DELETE CASCADE,
    date     TEXT    NOT NULL,
    asked    INTEGER NOT NULL CHECK (asked > 0),
    answered INTEGER NOT NULL CHECK (answered BETWEEN 0 AND asked),
    PRIMARY KEY (account, source, date)
) STRICT, WITHOUT ROWID;
CREATE INDEX days_of_source ON source_days (source);

-- How a number was rated on the 31 local dates until `past_days_until`, in days since 1970-01-01: two bits each, the newest
-- the lowest; 0 if it was not rated, else its status. It stays with a number that leaves its slot, and not with one that
-- leaves its account.
ALTER TABLE monitored ADD COLUMN past_days INTEGER NOT NULL DEFAULT 0;
ALTER TABLE monitored ADD COLUMN past_days_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE numbers ADD COLUMN past_days INTEGER NOT NULL DEFAULT 0;
ALTER TABLE numbers ADD COLUMN past_days_until INTEGER NOT NULL DEFAULT 0;
CREATE TRIGGER past_days_stay AFTER DELETE ON monitored WHEN OLD.past_days <> 0 BEGIN
    UPDATE numbers SET past_days = OLD.past_days, past_days_until = OLD.past_days_until WHERE number = OLD.number;
END;
CREATE TRIGGER past_days_come_back AFTER INSERT ON monitored
    WHEN EXISTS (SELECT 1 FROM numbers WHERE number = NEW.number AND past_days <> 0) BEGIN
    UPDATE monitored
       SET (past_days, past_days_until) = (SELECT past_days, past_days_until FROM numbers WHERE number = NEW.number)
     WHERE account = NEW.account AND number = NEW.number;
END;
CREATE TRIGGER past_days_are_of_one_account AFTER UPDATE OF account ON numbers WHEN NEW.account <> OLD.account BEGIN
    UPDATE numbers SET past_days = 0, past_days_until = 0 WHERE number = NEW.number;
END;
