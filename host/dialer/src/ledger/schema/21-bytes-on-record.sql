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

-- The body of a message is needed until it is delivered or abandoned. `waiting_bytes` are those of a webhook's waiting
-- messages, kept by the triggers below.
UPDATE deliveries SET body = '' WHERE next_try_at IS NULL;
ALTER TABLE webhooks ADD COLUMN waiting_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE webhooks SET waiting_bytes = ifnull((SELECT sum(octet_length(body)) FROM deliveries
                                             WHERE webhook = webhooks.id AND next_try_at IS NOT NULL), 0);
CREATE TRIGGER a_message_waits AFTER INSERT ON deliveries WHEN NEW.next_try_at IS NOT NULL BEGIN
    UPDATE webhooks SET waiting_bytes = waiting_bytes + octet_length(NEW.body) WHERE id = NEW.webhook;
END;
CREATE TRIGGER a_message_waits_no_more AFTER UPDATE OF next_try_at ON deliveries
    WHEN OLD.next_try_at IS NOT NULL AND NEW.next_try_at IS NULL BEGIN
    UPDATE webhooks SET waiting_bytes = waiting_bytes - octet_length(OLD.body) WHERE id = OLD.webhook;
END;

-- How many keys of a caller are known, and the bytes of the answers that are kept for them.
CREATE TABLE keyed_callers (
    caller TEXT    PRIMARY KEY,
    keys   INTEGER NOT NULL,
    bytes  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO keyed_callers
    SELECT caller, count(*), ifnull(sum(length(body)), 0) FROM keyed_requests GROUP BY caller;
CREATE INDEX keyed_answers ON keyed_requests (caller, begun_at) WHERE body IS NOT NULL;
CREATE TRIGGER a_key_is_known AFTER INSERT ON keyed_requests BEGIN
    INSERT INTO keyed_callers (caller, keys, bytes) VALUES (NEW.caller, 1, ifnull(length(NEW.body), 0))
        ON CONFLICT (caller) DO UPDATE SET keys = keys + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER an_answer_is_kept AFTER UPDATE OF body ON keyed_requests BEGIN
    UPDATE keyed_callers SET bytes = bytes + ifnull(length(NEW.body), 0) - ifnull(length(OLD.body), 0)
     WHERE caller = NEW.caller;
END;
CREATE TRIGGER a_key_is_forgotten AFTER DELETE ON keyed_requests BEGIN
    UPDATE keyed_callers SET keys = keys - 1, bytes = bytes - ifnull(length(OLD.body), 0) WHERE caller = OLD.caller;
    DELETE FROM keyed_callers WHERE caller = OLD.caller AND keys = 0;
END;
