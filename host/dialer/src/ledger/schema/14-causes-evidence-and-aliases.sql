-- What blocks were charged for: 'cycle 3' (those the account has in its cycle of that index) or 'run 17' (those bought in
-- that run). A cause is charged once, even if the program has a bug. Charges before this version have no cause.
ALTER TABLE events ADD COLUMN cause TEXT;
CREATE UNIQUE INDEX one_charge_a_cause ON events (account, cause) WHERE kind = 'charged';
CREATE TRIGGER a_charge_has_its_cause BEFORE INSERT ON events
    WHEN NEW.kind = 'charged' AND (NEW.cause IS NULL OR NEW.cents IS NULL) BEGIN
    SELECT RAISE(ABORT, 'blocks are charged with their cause');
END;

-- When the newest observation that a number's last check was given was made: a further check needs a newer one. None before
-- the first check, and after a check before this version.
ALTER TABLE monitored ADD COLUMN evidence_until INTEGER;

-- Other names of carriers, by the letters and digits of the name in lower case. `carrier` is a name of the carrier that is
-- meant, which no source need have named yet.
CREATE TABLE carrier_aliases (
    key     TEXT PRIMARY KEY,
    alias   TEXT NOT NULL,
    carrier TEXT NOT NULL
) STRICT;
INSERT INTO carrier_aliases VALUES
    ('attmobility', 'AT&T Mobility', 'AT&T'),
    ('attwireless', 'AT&T Wireless', 'AT&T'),
    ('tmobileus', 'T-Mobile US', 'T-Mobile'),
    ('tmobileusa', 'T-Mobile USA', 'T-Mobile'),
    ('verizonwireless', 'Verizon Wireless', 'Verizon');
