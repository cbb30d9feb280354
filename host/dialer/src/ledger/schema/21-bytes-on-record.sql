-- What is on record of runs, their recordings and carriers' answers, is forgotten by its bytes too, not only by its age.

-- Why a run has no recording although it is young: it was too large, or newer records needed its room.
ALTER TABLE runs ADD COLUMN recording_lost TEXT CHECK (recording_lost IN ('too-large', 'no-room'));

-- The bytes that each run has on record. Those of a day's review are forgotten last.
CREATE TABLE records (
    run     INTEGER PRIMARY KEY REFERENCES runs (id),
    account INTEGER NOT NULL REFERENCES accounts (key),
    daily   INTEGER NOT NULL CHECK (daily IN (0, 1)),
    bytes   INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;
INSERT INTO records
    SELECT id, account, daily,
           ifnull((SELECT length(body) FROM recordings WHERE run = runs.id), 0)
         + ifnull((SELECT sum(length(body)) FROM answer_parts WHERE run = runs.id), 0)
      FROM runs WHERE id IN (SELECT run FROM recordings UNION SELECT run FROM answers);
CREATE INDEX records_to_forget ON records (account, daily, run);

-- The bytes of all of an account's records, kept by the triggers below.
ALTER TABLE accounts ADD COLUMN recorded_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE accounts SET recorded_bytes = ifnull((SELECT sum(bytes) FROM records WHERE account = accounts.key), 0);
CREATE TRIGGER a_record_is_made AFTER INSERT ON records BEGIN
    UPDATE accounts SET recorded_bytes = recorded_bytes + NEW.bytes WHERE key = NEW.account;
END;
CREATE TRIGGER a_record_is_forgotten AFTER DELETE ON records BEGIN
    UPDATE accounts SET recorded_bytes = recorded_bytes - OLD.bytes WHERE key = OLD.account;
END;

-- Bytes of the policy's notices that were recorded on the day that began at `noticed_day`.
ALTER TABLE accounts ADD COLUMN noticed_day INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN noticed_bytes INTEGER NOT NULL DEFAULT 0;
