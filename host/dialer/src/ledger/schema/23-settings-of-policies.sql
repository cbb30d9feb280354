-- Policies declare their settings, so an account stores only what people have set, by name and as text: `values`. The two
-- that the dialer itself enforces keep their places. A value that was the default of contract 0.2.0 was most likely never
-- set, and follows the policy's default from now on.
DROP TRIGGER a_closed_account_stays;
UPDATE accounts SET settings = json_object(
    'auto_replace', json(iif(json_extract(settings, '$.auto_replace'), 'true', 'false')),
    'replacements_per_day_max', json_extract(settings, '$.replacements_per_day_max'),
    'values', (
        SELECT json_group_object(name, value) FROM (
            SELECT replace(key, '_', '-') AS name, CAST(value AS TEXT) AS value FROM json_each(accounts.settings)
             WHERE (key, value) NOT IN (VALUES ('spam_score_min', 80), ('rating_carriers_min', 2), ('checks_to_flag', 2),
                                               ('checks_to_clear', 2), ('observation_age_max_hours', 48),
                                               ('new_number_grace_days', 0), ('mass_flag_percent', 30))
               AND key NOT IN ('auto_replace', 'replacements_per_day_max', 'other')
            UNION ALL
            SELECT json_extract(other.value, '$[0]'), json_extract(other.value, '$[1]')
              FROM json_each(accounts.settings, '$.other') AS other)));

CREATE TRIGGER a_closed_account_stays BEFORE UPDATE ON accounts WHEN OLD.closed_at IS NOT NULL
    AND (NEW.closed_at IS NOT OLD.closed_at OR NEW.enabled OR NEW.slot_count_next > 0 OR NEW.slot_count > OLD.slot_count
         OR NEW.id <> OLD.id OR NEW.settings <> OLD.settings OR NEW.time_zone <> OLD.time_zone) BEGIN
    SELECT RAISE(ABORT, 'the account is closed');
END;
