-- Time zone data change. The days on record, in `kept_days`, stay as they were; what is still to come follows the new data.

-- The time zone at whose midnight the present billing cycle ends; none if the account's was changed in this cycle, in
-- an older ledger: then the end on record stays.
ALTER TABLE accounts ADD COLUMN cycle_zone TEXT;
UPDATE accounts SET cycle_zone = time_zone
 WHERE NOT EXISTS (SELECT 1 FROM events WHERE events.account = accounts.key AND kind = 'account-changed'
                      AND at >= cycle_starts_at AND text LIKE '%time zone %');
