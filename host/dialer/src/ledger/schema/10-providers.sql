-- Providers that numbers are bought from. `settings` is JSON that says where secrets are, without them. The price of a
-- number is in US cents, and is what spending caps count.
CREATE TABLE providers (
    name        TEXT    PRIMARY KEY,
    kind        TEXT    NOT NULL CHECK (kind IN ('twilio', 'telnyx')),
    price_cents INTEGER NOT NULL CHECK (price_cents BETWEEN 1 AND 10000),
    settings    TEXT    NOT NULL
) STRICT;
