-- What happens outside accounts is on record as what happens to policies is: users, tokens, invites, sources, providers,
-- webhooks for every account and other names of carriers come, change and go, and each of these events names its actor.
ALTER TABLE policy_events RENAME TO program_events;
-- What an event is about, and which one. Those before this version are all about policies.
ALTER TABLE program_events ADD COLUMN subject TEXT NOT NULL DEFAULT 'policy'
    CHECK (subject IN ('policy', 'user', 'token', 'invite', 'source', 'provider', 'webhook', 'carrier'));
ALTER TABLE program_events ADD COLUMN name TEXT;
CREATE INDEX program_events_by_subject ON program_events (subject, id);
