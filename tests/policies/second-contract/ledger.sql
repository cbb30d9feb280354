-- A ledger as the program left it while contract 0.2.0 was the newest: an account with settings, two reviews and a
-- replacement, and a closed account. {policy} is the component in policy.wasm.
PRAGMA foreign_keys = OFF;
PRAGMA user_version = 21;
PRAGMA application_id = 0;
BEGIN TRANSACTION;
CREATE TABLE accepted_leaps (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    newest_at   INTEGER NOT NULL,
    accepted_at INTEGER NOT NULL CHECK (accepted_at > newest_at)
) STRICT;
CREATE TABLE accounts (
    key             INTEGER PRIMARY KEY,
    id              TEXT    NOT NULL UNIQUE,
    time_zone       TEXT    NOT NULL,
    region          TEXT    NOT NULL,
    review_at       TEXT    NOT NULL,
    added_on        TEXT    NOT NULL,
    enabled         INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    settings        TEXT    NOT NULL,
    revision        INTEGER NOT NULL,
    changed_at      INTEGER NOT NULL,
    slot_count      INTEGER NOT NULL CHECK (slot_count >= 0),
    slot_count_next INTEGER NOT NULL CHECK (slot_count_next BETWEEN 0 AND slot_count),
    cycle_index     INTEGER NOT NULL,
    cycle_starts_at INTEGER NOT NULL,
    cycle_ends_at   INTEGER NOT NULL CHECK (cycle_ends_at > cycle_starts_at),
    -- Maintained by the triggers below, so that this table can refuse more slots in use than were bought.
    occupied        INTEGER NOT NULL DEFAULT 0 CHECK (occupied >= 0),
    locked          INTEGER NOT NULL DEFAULT 0 CHECK (locked >= 0),
    -- Distinct numbers rated on the local date `rated_on`.
    rated_count     INTEGER NOT NULL DEFAULT 0, provider TEXT REFERENCES providers (name), areas TEXT NOT NULL DEFAULT '', rest_days INTEGER NOT NULL DEFAULT 30 CHECK (rest_days BETWEEN 0 AND 365), day_cents_max INTEGER NOT NULL DEFAULT 1000 CHECK (day_cents_max >= 0), cycle_cents_max INTEGER NOT NULL DEFAULT 5000 CHECK (cycle_cents_max >= 0), kept_days TEXT NOT NULL DEFAULT '[]', days_closed_until INTEGER NOT NULL DEFAULT 0, check_since INTEGER NOT NULL DEFAULT 0, check_tries INTEGER NOT NULL DEFAULT 0, check_next_at INTEGER NOT NULL DEFAULT 0, rated_day INTEGER NOT NULL DEFAULT 0, closed_at INTEGER, cycle_zone TEXT, recorded_bytes INTEGER NOT NULL DEFAULT 0, noticed_day INTEGER NOT NULL DEFAULT 0, noticed_bytes INTEGER NOT NULL DEFAULT 0,
    CHECK (occupied + locked <= slot_count)
) STRICT;
INSERT INTO "accounts" VALUES(1,'acme','UTC','US','06:00','2026-03-01',1,'{"spam_score_min":75,"rating_carriers_min":2,"checks_to_flag":2,"checks_to_clear":2,"observation_age_max_hours":48,"auto_replace":true,"replacements_per_day_max":3,"new_number_grace_days":0,"mass_flag_percent":30,"other":[["quiet-hours","22-6"]]}',8,1772445600,15,15,0,1772323200,1775001600,6,0,6,NULL,'',30,1000,5000,'[{"date":"2026-03-01","starts_at":1772323200,"ends_at":1772409600,"zone":"UTC"},{"date":"2026-03-02","starts_at":1772409600,"ends_at":1772496000,"zone":"UTC"}]',1772409600,1772409600,1,0,1772409600,NULL,'UTC',1525,1772409600,172);
INSERT INTO "accounts" VALUES(2,'zed','UTC','US','06:00','2026-03-02',0,'{"spam_score_min":80,"rating_carriers_min":2,"checks_to_flag":2,"checks_to_clear":2,"observation_age_max_hours":48,"auto_replace":false,"replacements_per_day_max":3,"new_number_grace_days":0,"mass_flag_percent":30,"other":[]}',2,1772445780,0,0,0,1772409600,1775088000,0,0,0,NULL,'',30,1000,5000,'[{"date":"2026-03-01","starts_at":1772323200,"ends_at":1772409600,"zone":"UTC"},{"date":"2026-03-02","starts_at":1772409600,"ends_at":1772496000,"zone":"UTC"}]',1772409600,0,0,0,0,1772445780,'UTC',0,0,0);
CREATE TABLE activations (
    revision INTEGER PRIMARY KEY REFERENCES revisions (revision),
    replaces INTEGER REFERENCES revisions (revision),
    at       INTEGER NOT NULL,
    cause    TEXT    NOT NULL CHECK (cause IN ('first', 'operator', 'rollback', 'faults'))
) STRICT;
INSERT INTO "activations" VALUES(1,NULL,1772355600,'first');
CREATE TABLE answer_parts (
    run   INTEGER NOT NULL REFERENCES answers (run) ON DELETE CASCADE,
    part  INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    body  BLOB    NOT NULL
) STRICT;
INSERT INTO "answer_parts" VALUES(2,0,13105550100,13105550105,X'010B5363616D204C696B656C7912A8CCB6D26101015F0180C89F9A0D0002015F0100000301050000020101050000000201050000000301050000020101050000000201050000000301050000020101050000000201050000000301050000020101050000000201050000000301050000020101050000000201050000000301050000');
INSERT INTO "answer_parts" VALUES(3,0,13105550100,13105550190,X'010B5363616D204C696B656C7915A8CCB6D26101015F01808EAA9A0D0002015F0100000301050000020101050000000201050000000301050000020101050000000201050000000301050000020101050000000201050000000301050000020101050000000201050000000301050000020101050000000201050000000301050000AA010101050000000201050000000301050000');
CREATE TABLE answers (
    run        INTEGER PRIMARY KEY REFERENCES runs (id),
    account    INTEGER NOT NULL REFERENCES accounts (key),
    decided_at INTEGER NOT NULL) STRICT;
INSERT INTO "answers" VALUES(2,1,1772359200);
INSERT INTO "answers" VALUES(3,1,1772445600);
CREATE TABLE carrier_aliases (
    key     TEXT PRIMARY KEY,
    alias   TEXT NOT NULL,
    carrier TEXT NOT NULL
) STRICT;
INSERT INTO "carrier_aliases" VALUES('attmobility','AT&T Mobility','AT&T');
INSERT INTO "carrier_aliases" VALUES('attwireless','AT&T Wireless','AT&T');
INSERT INTO "carrier_aliases" VALUES('tmobileus','T-Mobile US','T-Mobile');
INSERT INTO "carrier_aliases" VALUES('tmobileusa','T-Mobile USA','T-Mobile');
INSERT INTO "carrier_aliases" VALUES('verizonwireless','Verizon Wireless','Verizon');
CREATE TABLE carriers (
    id   INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 65535),
    name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO "carriers" VALUES(1,'A');
INSERT INTO "carriers" VALUES(2,'B');
INSERT INTO "carriers" VALUES(3,'C');
CREATE TABLE comparisons (
    revision INTEGER NOT NULL REFERENCES revisions (revision),
    run      INTEGER NOT NULL REFERENCES runs (id),
    -- Numbers and questions that the run on record did not ask about.
    unknown  INTEGER NOT NULL,
    -- Why it would have failed: a fault, an error, or a plan that breaks the ledger.
    failure  TEXT,
    PRIMARY KEY (revision, run)
) STRICT, WITHOUT ROWID;
CREATE TABLE compiled_code (
    policy TEXT NOT NULL REFERENCES policies (digest),
    engine TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (policy, engine)
) STRICT;
INSERT INTO "compiled_code" VALUES('ed3d5b2f5236cc3dfc3260e58942cb83a1f1e547d45d8f5a5d78789534d4f289','cddaa0b942bfbffadfb47b6ddcd5f81c','346a0eea8a0322a769161dcf211858cb0adac24a05108191fd36d86f57b5bde3');
CREATE TABLE deliveries (
    ordinal      INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT    NOT NULL UNIQUE,
    webhook      INTEGER NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    account      INTEGER REFERENCES accounts (key),
    run          INTEGER REFERENCES runs (id),
    kind         TEXT    NOT NULL,
    body         TEXT    NOT NULL,
    made_at      INTEGER NOT NULL,
    next_try_at  INTEGER,
    tries        INTEGER NOT NULL DEFAULT 0,
    delivered_at INTEGER,
    abandoned_at  INTEGER,
    last_problem TEXT,
    CHECK ((next_try_at IS NOT NULL) + (delivered_at IS NOT NULL) + (abandoned_at IS NOT NULL) = 1)
) STRICT;
CREATE TABLE differences (
    revision              INTEGER NOT NULL,
    run                   INTEGER NOT NULL,
    number                INTEGER NOT NULL,
    live_status           INTEGER NOT NULL CHECK (live_status BETWEEN 0 AND 3),
    candidate_status      INTEGER NOT NULL CHECK (candidate_status BETWEEN 0 AND 3),
    live_replacement      INTEGER,
    candidate_replacement INTEGER,
    PRIMARY KEY (revision, run, number),
    FOREIGN KEY (revision, run) REFERENCES comparisons (revision, run)
) STRICT, WITHOUT ROWID;
CREATE TABLE events (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES accounts (key),
    at      INTEGER NOT NULL,
    run     INTEGER REFERENCES runs (id),
    kind    TEXT    NOT NULL,
    number  INTEGER,
    cents   INTEGER,
    text    TEXT    NOT NULL
, revision INTEGER REFERENCES revisions (revision), order_id INTEGER REFERENCES orders (id), cause TEXT) STRICT;
INSERT INTO "events" VALUES(1,1,1772355600,NULL,'account-added',NULL,NULL,'Account added with 1 block of 15 slots.',NULL,NULL,NULL);
INSERT INTO "events" VALUES(2,1,1772355600,NULL,'charged',NULL,4900,'$49.00 for 1 block until 2026-04-01T00:00:00Z.',NULL,NULL,'cycle 0');
INSERT INTO "events" VALUES(3,1,1772355600,NULL,'numbers-imported',NULL,NULL,'6 numbers imported.',NULL,NULL,NULL);
INSERT INTO "events" VALUES(4,1,1772355600,NULL,'numbers-imported',NULL,NULL,'1 candidates imported.',NULL,NULL,NULL);
INSERT INTO "events" VALUES(5,1,1772355600,1,'monitoring-started',13105550100,NULL,'+13105550100 is monitored in slot 1, as requested.',NULL,NULL,NULL);
INSERT INTO "events" VALUES(6,1,1772355600,1,'monitoring-started',13105550101,NULL,'+13105550101 is monitored in slot 2, as requested.',NULL,NULL,NULL);
INSERT INTO "events" VALUES(7,1,1772355600,1,'monitoring-started',13105550102,NULL,'+13105550102 is monitored in slot 3, as requested.',NULL,NULL,NULL);
INSERT INTO "events" VALUES(8,1,1772355600,1,'monitoring-started',13105550103,NULL,'+13105550103 is monitored in slot 4, as requested.',NULL,NULL,NULL);
INSERT INTO "events" VALUES(9,1,1772355600,1,'monitoring-started',13105550104,NULL,'+13105550104 is monitored in slot 5, as requested.',NULL,NULL,NULL);
INSERT INTO "events" VALUES(10,1,1772355600,1,'monitoring-started',13105550105,NULL,'+13105550105 is monitored in slot 6, as requested.',NULL,NULL,NULL);
INSERT INTO "events" VALUES(11,1,1772359200,2,'turned-at-risk',13105550100,NULL,'+13105550100 turned at-risk: 2 of 3 carriers flag it.',NULL,NULL,NULL);
INSERT INTO "events" VALUES(12,1,1772445600,3,'turned-flagged',13105550100,NULL,'+13105550100 turned flagged: 2 of 3 carriers flag it.',NULL,NULL,NULL);
INSERT INTO "events" VALUES(13,1,1772445600,3,'replacement-intended',13105550100,NULL,'+13105550100 is to be replaced by +13105550190: Flagged by 2 of 3 carriers; +13105550190 is the closest candidate that none of 3 carriers flags.',NULL,NULL,NULL);
INSERT INTO "events" VALUES(14,1,1772445600,3,'newly-flagged',13105550100,NULL,'+13105550100 is now flagged: most carriers rate it as spam.',NULL,NULL,NULL);
INSERT INTO "events" VALUES(15,1,1772445600,3,'replaced',13105550100,NULL,'+13105550100 replaced by +13105550190 in slot 1: Flagged by 2 of 3 carriers; +13105550190 is the closest candidate that none of 3 carriers flags.',NULL,NULL,NULL);
INSERT INTO "events" VALUES(16,1,1772445600,3,'replacement-charged',13105550100,400,'$4.00 for the replacement of +13105550100.',NULL,1,NULL);
INSERT INTO "events" VALUES(17,1,1772445600,3,'released',13105550100,NULL,'+13105550100 left the account, replaced by +13105550190.',NULL,NULL,NULL);
INSERT INTO "events" VALUES(18,2,1772445720,NULL,'account-added',NULL,NULL,'Account added with 0 blocks of 15 slots.',NULL,NULL,NULL);
INSERT INTO "events" VALUES(19,2,1772445780,NULL,'account-closed',NULL,NULL,'Account closed. Numbers that left it: 0 (0 monitored); candidates withdrawn: 0; replacements abandoned: 0. Charged in this billing cycle, which ends at 2026-04-02T00:00:00Z: $0.00. Nothing more is charged.',NULL,NULL,NULL);
CREATE TABLE file_state (
    only_row  INTEGER PRIMARY KEY CHECK (only_row = 1),
    is_in_use INTEGER NOT NULL CHECK (is_in_use IN (0, 1))
) STRICT;
INSERT INTO "file_state" VALUES(1,0);
CREATE TABLE keyed_callers (
    caller TEXT    PRIMARY KEY,
    keys   INTEGER NOT NULL,
    bytes  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE keyed_requests (
    caller   TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    request  BLOB    NOT NULL CHECK (length(request) = 32),
    begun_at INTEGER NOT NULL,
    status   INTEGER CHECK (status BETWEEN 200 AND 299),
    location TEXT,
    body     BLOB,
    PRIMARY KEY (caller, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE ledger_time (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    newest_at  INTEGER NOT NULL,
    -- The newest time when webhooks received the message that a later time is on hold.
    told_after INTEGER
) STRICT;
INSERT INTO "ledger_time" VALUES(1,1772445780,NULL);
CREATE TABLE lookup_answers (
    source   TEXT    NOT NULL REFERENCES sources (name) ON DELETE CASCADE,
    number   INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    opinions TEXT    NOT NULL,
    PRIMARY KEY (source, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE lookups (
    source TEXT    NOT NULL,
    date   TEXT    NOT NULL,
    count  INTEGER NOT NULL CHECK (count >= 0),
    micros INTEGER NOT NULL CHECK (micros >= 0),
    PRIMARY KEY (source, date)
) STRICT, WITHOUT ROWID;
CREATE TABLE monitored (
    account         INTEGER NOT NULL REFERENCES accounts (key),
    number          INTEGER NOT NULL UNIQUE REFERENCES numbers (number),
    slot            INTEGER NOT NULL CHECK (slot >= 1),
    status          INTEGER NOT NULL CHECK (status BETWEEN 0 AND 3),
    status_since    INTEGER NOT NULL,
    monitored_since INTEGER NOT NULL,
    flagging_checks INTEGER NOT NULL,
    clearing_checks INTEGER NOT NULL,
    last_rated_at   INTEGER, evidence_until INTEGER, rated_day INTEGER,
    PRIMARY KEY (account, number),
    UNIQUE (account, slot)
) STRICT, WITHOUT ROWID;
INSERT INTO "monitored" VALUES(1,13105550101,2,1,1772359200,1772355600,0,2,1772445600,1772438400,1772409600);
INSERT INTO "monitored" VALUES(1,13105550102,3,1,1772359200,1772355600,0,2,1772445600,1772438400,1772409600);
INSERT INTO "monitored" VALUES(1,13105550103,4,1,1772359200,1772355600,0,2,1772445600,1772438400,1772409600);
INSERT INTO "monitored" VALUES(1,13105550104,5,1,1772359200,1772355600,0,2,1772445600,1772438400,1772409600);
INSERT INTO "monitored" VALUES(1,13105550105,6,1,1772359200,1772355600,0,2,1772445600,1772438400,1772409600);
INSERT INTO "monitored" VALUES(1,13105550190,1,0,1772445600,1772445600,0,0,NULL,NULL,NULL);
CREATE TABLE numbers (
    number  INTEGER PRIMARY KEY CHECK (number BETWEEN 1 AND 999999999999999),
    account INTEGER NOT NULL REFERENCES accounts (key),
    state   TEXT    NOT NULL CHECK (state IN ('candidate', 'ordered', 'owned', 'released')),
    since   INTEGER NOT NULL
, is_monitored INTEGER NOT NULL DEFAULT 0 CHECK (is_monitored IN (0, 1)), given_back_at INTEGER) STRICT;
INSERT INTO "numbers" VALUES(13105550100,1,'released',1772445600,0,NULL);
INSERT INTO "numbers" VALUES(13105550101,1,'owned',1772355600,1,NULL);
INSERT INTO "numbers" VALUES(13105550102,1,'owned',1772355600,1,NULL);
INSERT INTO "numbers" VALUES(13105550103,1,'owned',1772355600,1,NULL);
INSERT INTO "numbers" VALUES(13105550104,1,'owned',1772355600,1,NULL);
INSERT INTO "numbers" VALUES(13105550105,1,'owned',1772355600,1,NULL);
INSERT INTO "numbers" VALUES(13105550190,1,'owned',1772445600,1,NULL);
CREATE TABLE "orders" (
    id           INTEGER PRIMARY KEY,
    account      INTEGER NOT NULL REFERENCES accounts (key),
    run          INTEGER NOT NULL REFERENCES runs (id),
    number       INTEGER NOT NULL,
    replacement  INTEGER NOT NULL,
    slot         INTEGER NOT NULL,
    why          TEXT    NOT NULL CHECK (why IN ('flagged', 'requested')),
    -- From 'swapped' on the old number has left the account and rests, until it is given back and the order is 'done'.
    state        TEXT    NOT NULL CHECK (state IN ('intended', 'reserved', 'screened', 'ordering', 'acquired',
                                                   'carried-over', 'swapped', 'done', 'abandoned')),
    intended_at  INTEGER NOT NULL,
    because      TEXT    NOT NULL DEFAULT '',
    -- The provider that has the old number, and sells the new one; none without a provider.
    provider     TEXT    REFERENCES providers (name),
    -- The price of the new number when it was planned; none if it was on hand.
    price_cents  INTEGER CHECK (price_cents > 0),
    -- The order's id at the provider, unique across ledgers.
    reference    TEXT    NOT NULL UNIQUE DEFAULT ('dialguard-' || lower(hex(randomblob(12)))),
    state_since  INTEGER NOT NULL DEFAULT 0,
    -- The local date and the billing cycle in whose caps the price counts; set when the order is sent.
    spent_on     TEXT,
    spent_cycle  INTEGER,
    -- When it was last sent, if that may have had an effect; and how often it was looked up since.
    sent_at      INTEGER,
    looks        INTEGER NOT NULL DEFAULT 0,
    rests_until  INTEGER,
    -- What holds it up, since when, failed tries, and the time of the next try.
    tries        INTEGER NOT NULL DEFAULT 0,
    next_try_at  INTEGER NOT NULL DEFAULT 0,
    problem      TEXT,
    held_since   INTEGER,
    is_stuck     INTEGER NOT NULL DEFAULT 0 CHECK (is_stuck IN (0, 1)),
    -- The process that is taking a step right now.
    lease        TEXT,
    leased_until INTEGER NOT NULL DEFAULT 0,
    -- The order was abandoned, and the policy must be asked again.
    ask_again    INTEGER NOT NULL DEFAULT 0 CHECK (ask_again IN (0, 1)), swapped_at INTEGER, swap_day_starts_at INTEGER, is_candidate_fit INTEGER NOT NULL DEFAULT 0 CHECK (is_candidate_fit IN (0, 1)), reported TEXT NOT NULL DEFAULT '[]', spent_day INTEGER, confirmed_at INTEGER,
    CHECK (price_cents IS NULL OR provider IS NOT NULL),
    -- The price of everything sent, and of everything bought, counts.
    CHECK (price_cents IS NULL OR spent_on IS NOT NULL OR state IN ('intended', 'reserved', 'screened', 'abandoned')),
    CHECK ((spent_on IS NULL) = (spent_cycle IS NULL))
) STRICT;
INSERT INTO "orders" VALUES(1,1,3,13105550100,13105550190,1,'flagged','done',1772445600,'Flagged by 2 of 3 carriers; +13105550190 is the closest candidate that none of 3 carriers flags.',NULL,NULL,'dialguard-e5f51e188a95086c0a9073f4',1772445600,NULL,NULL,NULL,0,NULL,0,0,NULL,NULL,0,NULL,0,0,1772445600,1772409600,0,'[]',NULL,NULL);
CREATE TABLE policies (
    digest       TEXT    PRIMARY KEY,
    name         TEXT    NOT NULL,
    version      TEXT    NOT NULL,
    summary      TEXT    NOT NULL,
    contract     TEXT    NOT NULL,
    built_in     INTEGER NOT NULL CHECK (built_in IN (0, 1)),
    stubbed_wasi   INTEGER NOT NULL CHECK (stubbed_wasi IN (0, 1)),
    signature    BLOB    CHECK (length(signature) = 64),
    component    BLOB    NOT NULL
) STRICT;
INSERT INTO "policies" VALUES('ed3d5b2f5236cc3dfc3260e58942cb83a1f1e547d45d8f5a5d78789534d4f289','dialguard-reference','0.1.0','Flags a number that most carriers rate as spam on consecutive days, and replaces it with the closest clean one if the account has automatic replacement on.','0.2.0',1,0,NULL,{policy});
CREATE TABLE policy_events (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,
    revision INTEGER REFERENCES revisions (revision),
    severity TEXT    NOT NULL CHECK (severity IN ('info', 'warning', 'alert')),
    kind     TEXT    NOT NULL,
    text     TEXT    NOT NULL
) STRICT;
INSERT INTO "policy_events" VALUES(1,1772355600,1,'info','installed','dialguard-reference 0.1.0 was installed.');
INSERT INTO "policy_events" VALUES(2,1772355600,1,'info','activated','The built-in policy is live.');
CREATE TABLE policy_faults (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    revision  INTEGER NOT NULL REFERENCES revisions (revision),
    account   INTEGER NOT NULL REFERENCES accounts (key),
    at        INTEGER NOT NULL,
    after_run INTEGER NOT NULL,
    text      TEXT    NOT NULL
) STRICT;
CREATE TABLE policy_state (
    only_row    INTEGER PRIMARY KEY CHECK (only_row = 1),
    change      INTEGER NOT NULL,
    shadow      INTEGER REFERENCES revisions (revision),
    -- Shadowing began after this run.
    shadow_from INTEGER NOT NULL,
    settings    TEXT    NOT NULL
) STRICT;
INSERT INTO "policy_state" VALUES(1,1,NULL,0,'{"limits":{"compute_time_max":{"secs":5,"nanos":0},"run_time_max":{"secs":600,"nanos":0},"memory_bytes_max":134217728,"answer_bytes_max":67108864,"lookups_max":2000000,"import_calls_max":30000,"held_bytes_max":268435456,"import_time_max":{"secs":120,"nanos":0}},"component_bytes_max":67108864,"compile_time_max":{"secs":120,"nanos":0},"faults_in_a_row_max":3,"recordings_kept_days":35,"recording_bytes_max":8388608,"recordings_bytes_max":268435456}');
CREATE TABLE providers (
    name        TEXT    PRIMARY KEY,
    kind        TEXT    NOT NULL CHECK (kind IN ('twilio', 'telnyx')),
    price_cents INTEGER NOT NULL CHECK (price_cents BETWEEN 1 AND 10000),
    settings    TEXT    NOT NULL
) STRICT;
CREATE TABLE recordings (
    run        INTEGER PRIMARY KEY REFERENCES runs (id),
    account    INTEGER NOT NULL REFERENCES accounts (key),
    decided_at INTEGER NOT NULL,
    body       BLOB    NOT NULL
) STRICT;
INSERT INTO "recordings" VALUES(1,1,1772355600,X'02F0010000FF20FB017B22636F6D707574655F74696D655F6D6178223A7B2273656373223A352C226E616E6F73223A307D2C2272756E240000393630302600C26D656D6F72795F62797465734E00F8023133343231373732382C22616E737765721D00F30136373130383836342C226C6F6F6B757034002132300100D32C22696D706F72745F63616C6C1B0010331A00682C2268656C6449009532363834333534353634000ED000283132AC00A07D01000694A69BE93095050010960500109705001098050010990500E10461636D6503908090CD060006002C002101002E002102003000210300320021040034002105003600002C0007010042040003004900F101010F0F0FA42680838ECD0680C0B1CE060A00002900F20E4B020202300103001E010B71756965742D686F7572730432322D3600007F001F05AB000C0FCB000D70000400904E0000');
INSERT INTO "recordings" VALUES(2,1,1772359200,X'021F020000FF20FB017B22636F6D707574655F74696D655F6D6178223A7B2273656373223A352C226E616E6F73223A307D2C2272756E240000393630302600C26D656D6F72795F62797465734E00F8023133343231373732382C22616E737765721D00F30136373130383836342C226C6F6F6B757034002132300100D32C22696D706F72745F63616C6C1B0010331A00682C2268656C6449009532363834333534353634000ED000283132AC00F00A7D000461636D6504A09C90CD060694A69BE9300201000203950A00650100010003960A0015970A0015980A0015990A005300000400034E00F101010F0F0FA42680838ECD0680C0B1CE060A00F112000600004B020202300103001E010B71756965742D686F7572730432322D360000840062000400904E008A00710100908090CD060500410000000095001B02150001A0001B03150001AB001B04150001B6001B05150001C1001B061500D00106A8CCB6D261020202020212');
INSERT INTO "recordings" VALUES(3,1,1772445600,X'0213030000FF20FB017B22636F6D707574655F74696D655F6D6178223A7B2273656373223A352C226E616E6F73223A307D2C2272756E240000393630302600C26D656D6F72795F62797465734E00F8023133343231373732382C22616E737765721D00F30136373130383836342C226C6F6F6B757034002132300100D32C22696D706F72745F63616C6C1B0010331A00682C2268656C6449009532363834333534353634000ED000283132AC00F00A7D000461636D6505A0BF95CD060694A69BE9300302000203950A00650100020003960A0015970A0015980A0015990A002101033E0012EE1100FA3D60466C61676765642062792032206F6620332063617272696572733B202B31333130353535303139302069732074686520636C6F736573742063616E6469646174652074686174206E6F6E653F00F00120666C6167732E01010D6E65776C792D0F0041676564017E00163B5B0011305B00316E6F773100716765643A206D6F6100028700F3052072617465206974206173207370616D2E0600030D01F127010F0F0FA42680838ECD0680C0B1CE0680A693CD06000600004B020202300103001E010B71756965742D686F7572730432322D360000430162000400904E004901F1000102A09C90CD06908090CD060100010D001100590112020D00011A002200010D001100690112030D000A1A000179011F041A00010189011F051A00010199011F061A0001800106A8CCB6D2610201001312AB0032040001B9017001DCCDB6D26103');
CREATE TABLE records (
    run     INTEGER PRIMARY KEY REFERENCES runs (id),
    account INTEGER NOT NULL REFERENCES accounts (key),
    daily   INTEGER NOT NULL CHECK (daily IN (0, 1)),
    bytes   INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;
INSERT INTO "records" VALUES(1,1,0,330);
INSERT INTO "records" VALUES(2,1,1,490);
INSERT INTO "records" VALUES(3,1,1,705);
CREATE TABLE resting_sources (
    source TEXT    PRIMARY KEY REFERENCES sources (name) ON DELETE CASCADE,
    until  INTEGER NOT NULL
) STRICT;
CREATE TABLE revisions (
    revision INTEGER PRIMARY KEY AUTOINCREMENT,
    policy   TEXT    NOT NULL REFERENCES policies (digest),
    made_at  INTEGER NOT NULL,
    restores INTEGER REFERENCES revisions (revision)
) STRICT;
INSERT INTO "revisions" VALUES(1,'ed3d5b2f5236cc3dfc3260e58942cb83a1f1e547d45d8f5a5d78789534d4f289',1772355600,NULL);
CREATE TABLE runs (
    id         INTEGER PRIMARY KEY,
    account    INTEGER NOT NULL REFERENCES accounts (key),
    kind       TEXT    NOT NULL CHECK (kind IN ('review', 'request')),
    daily      INTEGER NOT NULL CHECK (daily IN (0, 1)),
    local_date TEXT    NOT NULL,
    decided_at INTEGER NOT NULL,
    based_on   INTEGER NOT NULL,
    policy     TEXT    NOT NULL
, revision INTEGER REFERENCES revisions (revision), contract TEXT NOT NULL DEFAULT '0.1.0', host_version TEXT NOT NULL DEFAULT '0.1.0', day INTEGER, recording_lost TEXT CHECK (recording_lost IN ('too-large', 'no-room'))) STRICT;
INSERT INTO "runs" VALUES(1,1,'request',0,'2026-03-01',1772355600,3,'ed3d5b2f5236cc3dfc3260e58942cb83a1f1e547d45d8f5a5d78789534d4f289',1,'0.2.0','0.1.0',1772323200,NULL);
INSERT INTO "runs" VALUES(2,1,'review',1,'2026-03-01',1772359200,4,'ed3d5b2f5236cc3dfc3260e58942cb83a1f1e547d45d8f5a5d78789534d4f289',1,'0.2.0','0.1.0',1772323200,NULL);
INSERT INTO "runs" VALUES(3,1,'review',1,'2026-03-02',1772445600,5,'ed3d5b2f5236cc3dfc3260e58942cb83a1f1e547d45d8f5a5d78789534d4f289',1,'0.2.0','0.1.0',1772409600,NULL);
CREATE TABLE sessions (
    secret  BLOB    PRIMARY KEY CHECK (length(secret) = 32),
    user  TEXT    NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE slot_locks (
    account INTEGER NOT NULL REFERENCES accounts (key),
    slot    INTEGER NOT NULL,
    until   INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    PRIMARY KEY (account, slot)
) STRICT, WITHOUT ROWID;
CREATE TABLE "sources" (
    name     TEXT PRIMARY KEY,
    kind     TEXT NOT NULL CHECK (kind IN ('ftc', 'verdicts', 'simulated', 'trustcall', 'telnyx', 'nomorobo')),
    location TEXT NOT NULL
) STRICT;
INSERT INTO "sources" VALUES('carriers','verdicts','/srv/dialer/verdicts.csv');
CREATE TABLE tokens (
    name     TEXT    PRIMARY KEY,
    secret   BLOB    NOT NULL UNIQUE CHECK (length(secret) = 32),
    role     TEXT    NOT NULL CHECK (role IN ('read', 'operate', 'administer')),
    accounts TEXT,
    made_at  INTEGER NOT NULL,
    ends_at  INTEGER
) STRICT;
CREATE TABLE trusted_keys (
    id         TEXT    PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    pem        TEXT    NOT NULL,
    trusted_at INTEGER NOT NULL
) STRICT;
CREATE TABLE users (
    name     TEXT    PRIMARY KEY,
    password TEXT    NOT NULL,
    role     TEXT    NOT NULL CHECK (role IN ('read', 'operate', 'administer')),
    accounts TEXT,
    added_at INTEGER NOT NULL
) STRICT;
CREATE TABLE webhooks (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    account        INTEGER REFERENCES accounts (key),
    url            TEXT    NOT NULL,
    secret         BLOB    NOT NULL CHECK (length(secret) BETWEEN 24 AND 64),
    allow_private  INTEGER NOT NULL CHECK (allow_private IN (0, 1)),
    page_address   TEXT,
    since          INTEGER NOT NULL,
    paused_at      INTEGER,
    paused_because TEXT,
    lease          TEXT,
    leased_until   INTEGER NOT NULL DEFAULT 0, waiting_bytes INTEGER NOT NULL DEFAULT 0,
    CHECK ((paused_at IS NULL) = (paused_because IS NULL))
) STRICT;
CREATE INDEX numbers_of_account ON numbers (account, state, number);
CREATE TRIGGER occupy_a_slot BEFORE INSERT ON monitored BEGIN
    SELECT RAISE(ABORT, 'the slot is locked')
     WHERE EXISTS (SELECT 1 FROM slot_locks WHERE account = NEW.account AND slot = NEW.slot);
    SELECT RAISE(ABORT, 'the number is not the account''s')
     WHERE NOT EXISTS (SELECT 1 FROM numbers
                        WHERE number = NEW.number AND account = NEW.account AND state = 'owned');
    UPDATE accounts SET occupied = occupied + 1 WHERE key = NEW.account;
END;
CREATE TRIGGER leave_a_slot AFTER DELETE ON monitored BEGIN
    UPDATE accounts SET occupied = occupied - 1 WHERE key = OLD.account;
END;
CREATE TRIGGER lock_a_slot BEFORE INSERT ON slot_locks BEGIN
    SELECT RAISE(ABORT, 'the slot is occupied')
     WHERE EXISTS (SELECT 1 FROM monitored WHERE account = NEW.account AND slot = NEW.slot);
    UPDATE accounts SET locked = locked + 1 WHERE key = NEW.account;
END;
CREATE TRIGGER unlock_a_slot AFTER DELETE ON slot_locks BEGIN
    UPDATE accounts SET locked = locked - 1 WHERE key = OLD.account;
END;
CREATE TRIGGER a_monitored_number_stays BEFORE UPDATE OF state, account ON numbers
    WHEN EXISTS (SELECT 1 FROM monitored WHERE number = OLD.number) BEGIN
    SELECT RAISE(ABORT, 'the number is monitored');
END;
CREATE UNIQUE INDEX one_run_a_revision ON runs (account, based_on);
CREATE INDEX answers_of_account ON answers (account, decided_at);
CREATE INDEX events_of_account ON events (account, id);
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN
    SELECT RAISE(ABORT, 'events are only appended');
END;
CREATE TRIGGER events_are_not_lost BEFORE DELETE ON events BEGIN
    SELECT RAISE(ABORT, 'events are only appended');
END;
CREATE TRIGGER revisions_rise BEFORE INSERT ON activations
    WHEN NEW.revision <= (SELECT max(revision) FROM activations)
      OR NEW.replaces IS NOT (SELECT max(revision) FROM activations) BEGIN
    SELECT RAISE(ABORT, 'revisions only rise, each replacing the one before');
END;
CREATE TRIGGER activations_stay BEFORE UPDATE ON activations BEGIN
    SELECT RAISE(ABORT, 'activations are only appended');
END;
CREATE TRIGGER activations_are_not_lost BEFORE DELETE ON activations BEGIN
    SELECT RAISE(ABORT, 'activations are only appended');
END;
CREATE TRIGGER policy_events_stay BEFORE UPDATE ON policy_events BEGIN
    SELECT RAISE(ABORT, 'events are only appended');
END;
CREATE TRIGGER policy_events_are_not_lost BEFORE DELETE ON policy_events BEGIN
    SELECT RAISE(ABORT, 'events are only appended');
END;
CREATE INDEX faults_of_revision ON policy_faults (revision, after_run);
CREATE INDEX runs_of_revision ON runs (revision, id);
CREATE INDEX runs_by_time ON runs (kind, decided_at);
CREATE INDEX recordings_of_account ON recordings (account, decided_at);
CREATE INDEX sessions_by_end ON sessions (ends_at);
CREATE INDEX webhooks_of_account ON webhooks (account);
CREATE INDEX deliveries_waiting ON deliveries (webhook, ordinal) WHERE next_try_at IS NOT NULL;
CREATE INDEX deliveries_by_time ON deliveries (webhook, made_at);
CREATE INDEX deliveries_of_run ON deliveries (run) WHERE run IS NOT NULL;
CREATE INDEX keyed_requests_by_time ON keyed_requests (begun_at);
CREATE INDEX monitored_by_status ON monitored (account, status, number);
CREATE INDEX monitored_by_since ON monitored (account, status_since, number);
CREATE INDEX events_of_number ON events (account, number, id) WHERE number IS NOT NULL;
CREATE INDEX events_by_kind ON events (account, kind, id);
CREATE INDEX lookup_answers_by_age ON lookup_answers (source, asked_at);
CREATE UNIQUE INDEX parts_of_answers ON answer_parts (run, part, first, last);
CREATE TRIGGER a_number_takes_a_slot AFTER INSERT ON monitored BEGIN
    UPDATE numbers SET is_monitored = 1 WHERE number = NEW.number;
END;
CREATE TRIGGER a_number_leaves_its_slot AFTER DELETE ON monitored BEGIN
    UPDATE numbers SET is_monitored = 0 WHERE number = OLD.number;
END;
CREATE INDEX numbers_by_slot ON numbers (account, state, is_monitored, number);
CREATE INDEX monitored_by_slot ON monitored (account, slot, number);
CREATE INDEX flag_events ON events (account, at, number) WHERE kind = 'turned-flagged';
CREATE INDEX orders_of_account ON orders (account, intended_at);
CREATE INDEX orders_of_number ON orders (number);
CREATE INDEX orders_open ON orders (account, id) WHERE state NOT IN ('done', 'abandoned');
CREATE INDEX orders_to_ask_again ON orders (account) WHERE ask_again = 1;
CREATE INDEX orders_spent ON orders (account, spent_cycle) WHERE spent_cycle IS NOT NULL;
CREATE UNIQUE INDEX one_open_order_a_number ON orders (number) WHERE state NOT IN ('swapped', 'done', 'abandoned');
CREATE VIEW replacements_under_way AS
SELECT account, number, replacement, provider FROM orders WHERE state NOT IN ('swapped', 'done', 'abandoned');
CREATE TRIGGER orders_begin_unspent BEFORE INSERT ON orders
    WHEN NEW.state <> 'intended' OR NEW.spent_on IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'an order begins as an intent');
END;
CREATE TRIGGER orders_end BEFORE UPDATE OF state ON orders WHEN OLD.state IN ('done', 'abandoned') BEGIN
    SELECT RAISE(ABORT, 'the order is over');
END;
CREATE TRIGGER successor_first BEFORE UPDATE OF state ON orders
    WHEN NEW.state = 'done' AND OLD.state <> 'swapped' OR NEW.state = 'swapped' AND NOT EXISTS (
        SELECT 1 FROM monitored JOIN numbers USING (number, account)
         WHERE number = NEW.replacement AND account = NEW.account AND slot = NEW.slot AND numbers.state = 'owned') BEGIN
    SELECT RAISE(ABORT, 'the successor does not have the slot yet');
END;
CREATE UNIQUE INDEX one_charge_an_order ON events (order_id) WHERE kind = 'replacement-charged';
CREATE TRIGGER a_charge_has_its_order BEFORE INSERT ON events
    WHEN NEW.kind = 'replacement-charged' AND (NEW.order_id IS NULL OR NEW.cents IS NULL) BEGIN
    SELECT RAISE(ABORT, 'a replacement is charged with its order');
END;
CREATE INDEX orders_swapped ON orders (account, swapped_at) WHERE swapped_at IS NOT NULL;
CREATE INDEX orders_of_run ON orders (account, run);
CREATE TRIGGER grounds_hold BEFORE UPDATE OF state ON orders
    WHEN NEW.state = 'swapped' AND OLD.state <> 'swapped' BEGIN
    SELECT RAISE(ABORT, 'a swap has its time') WHERE NEW.swapped_at IS NULL OR NEW.swap_day_starts_at IS NULL;
    SELECT RAISE(ABORT, 'the add-on is off') WHERE (SELECT enabled FROM accounts WHERE key = NEW.account) = 0;
    SELECT RAISE(ABORT, 'automatic replacement is off')
     WHERE NEW.why = 'flagged' AND NOT (SELECT json_extract(settings, '$.auto_replace') FROM accounts WHERE key = NEW.account);
    SELECT RAISE(ABORT, 'the limit on a day''s automatic replacements would be passed')
     WHERE NEW.why = 'flagged'
       AND (SELECT count(*) FROM orders
             WHERE account = NEW.account AND why = 'flagged' AND swapped_at >= NEW.swap_day_starts_at AND id <> NEW.id)
        >= (SELECT json_extract(settings, '$.replacements_per_day_max') FROM accounts WHERE key = NEW.account);
END;
CREATE TRIGGER time_begins_with_an_account AFTER INSERT ON accounts BEGIN
    UPDATE ledger_time SET newest_at = NEW.changed_at WHERE newest_at < NEW.changed_at;
END;
CREATE TRIGGER time_passes_with_a_change AFTER UPDATE OF changed_at ON accounts BEGIN
    UPDATE ledger_time SET newest_at = NEW.changed_at WHERE newest_at < NEW.changed_at;
END;
CREATE TRIGGER time_only_passes BEFORE UPDATE OF newest_at ON ledger_time WHEN NEW.newest_at < OLD.newest_at BEGIN
    SELECT RAISE(ABORT, 'time does not go back');
END;
CREATE TRIGGER time_leaps AFTER INSERT ON accepted_leaps BEGIN
    UPDATE ledger_time SET newest_at = NEW.accepted_at WHERE newest_at < NEW.accepted_at;
END;
CREATE TRIGGER accepted_leaps_stay BEFORE UPDATE ON accepted_leaps BEGIN
    SELECT RAISE(ABORT, 'accepted leaps are only appended');
END;
CREATE TRIGGER accepted_leaps_are_not_lost BEFORE DELETE ON accepted_leaps BEGIN
    SELECT RAISE(ABORT, 'accepted leaps are only appended');
END;
CREATE TRIGGER credits_stay_within_charges BEFORE INSERT ON events WHEN NEW.kind = 'credited' OR NEW.cents < 0 BEGIN
    SELECT RAISE(ABORT, 'only a credit is negative') WHERE NEW.kind <> 'credited' OR NEW.cents IS NULL OR NEW.cents >= 0;
    SELECT RAISE(ABORT, 'more would be credited than was charged')
     WHERE NEW.cents + (SELECT ifnull(sum(cents), 0) FROM events WHERE account = NEW.account AND cents IS NOT NULL) < 0;
END;
CREATE INDEX events_of_money ON events (account, at) WHERE cents IS NOT NULL;
CREATE UNIQUE INDEX one_charge_a_cause ON events (account, cause) WHERE kind = 'charged';
CREATE TRIGGER a_charge_has_its_cause BEFORE INSERT ON events
    WHEN NEW.kind = 'charged' AND (NEW.cause IS NULL OR NEW.cents IS NULL) BEGIN
    SELECT RAISE(ABORT, 'blocks are charged with their cause');
END;
CREATE TRIGGER rated_once_a_day BEFORE UPDATE OF rated_day ON monitored WHEN NEW.rated_day <= OLD.rated_day BEGIN
    SELECT RAISE(ABORT, 'the number has been rated for this day');
END;
CREATE UNIQUE INDEX one_daily_review ON runs (account, day) WHERE daily = 1;
CREATE TRIGGER caps_hold BEFORE UPDATE OF spent_on, spent_day, spent_cycle, price_cents ON orders
    WHEN NEW.spent_on IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'the cap on a day''s spending would be passed')
     WHERE NEW.price_cents > (SELECT day_cents_max FROM accounts WHERE key = NEW.account)
         - (SELECT ifnull(sum(price_cents), 0) FROM orders
             WHERE account = NEW.account AND spent_on = NEW.spent_on AND spent_day = NEW.spent_day AND id <> NEW.id);
    SELECT RAISE(ABORT, 'the cap on a billing cycle''s spending would be passed')
     WHERE NEW.price_cents > (SELECT cycle_cents_max FROM accounts WHERE key = NEW.account)
         - (SELECT ifnull(sum(price_cents), 0) FROM orders
             WHERE account = NEW.account AND spent_cycle = NEW.spent_cycle AND id <> NEW.id);
END;
CREATE UNIQUE INDEX one_order_a_replacement ON orders (replacement) WHERE state NOT IN ('swapped', 'done', 'abandoned');
CREATE INDEX orders_of_replacement ON orders (replacement);
CREATE TRIGGER a_closed_account_is_empty BEFORE UPDATE OF closed_at ON accounts WHEN NEW.closed_at IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'the account is on, or has slots in use or bought')
     WHERE NEW.enabled OR NEW.slot_count_next > 0 OR NEW.occupied > 0 OR NEW.locked > 0;
    SELECT RAISE(ABORT, 'the account has numbers')
     WHERE EXISTS (SELECT 1 FROM numbers WHERE account = NEW.key AND state <> 'released');
    SELECT RAISE(ABORT, 'the account has orders')
     WHERE EXISTS (SELECT 1 FROM orders WHERE account = NEW.key
                      AND (state NOT IN ('done', 'abandoned') OR ask_again = 1));
END;
CREATE TRIGGER a_closed_account_stays BEFORE UPDATE ON accounts WHEN OLD.closed_at IS NOT NULL
    AND (NEW.closed_at IS NOT OLD.closed_at OR NEW.enabled OR NEW.slot_count_next > 0 OR NEW.slot_count > OLD.slot_count
         OR NEW.id <> OLD.id OR NEW.settings <> OLD.settings OR NEW.time_zone <> OLD.time_zone) BEGIN
    SELECT RAISE(ABORT, 'the account is closed');
END;
CREATE TRIGGER nothing_is_charged_after_closing BEFORE INSERT ON events
    WHEN NEW.kind IN ('charged', 'replacement-charged')
     AND (SELECT closed_at FROM accounts WHERE key = NEW.account) IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'the account is closed');
END;
CREATE TRIGGER nothing_is_ordered_after_closing BEFORE INSERT ON orders
    WHEN (SELECT closed_at FROM accounts WHERE key = NEW.account) IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'the account is closed');
END;
CREATE TRIGGER nothing_is_decided_after_closing BEFORE INSERT ON runs
    WHEN (SELECT closed_at FROM accounts WHERE key = NEW.account) IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'the account is closed');
END;
CREATE TRIGGER no_number_comes_after_closing BEFORE INSERT ON numbers
    WHEN (SELECT closed_at FROM accounts WHERE key = NEW.account) IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'the account is closed');
END;
CREATE TRIGGER no_number_returns_after_closing BEFORE UPDATE OF account, state ON numbers WHEN NEW.state <> 'released'
     AND (SELECT closed_at FROM accounts WHERE key = NEW.account) IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'the account is closed');
END;
CREATE INDEX records_to_forget ON records (account, daily, run);
CREATE TRIGGER a_record_is_made AFTER INSERT ON records BEGIN
    UPDATE accounts SET recorded_bytes = recorded_bytes + NEW.bytes WHERE key = NEW.account;
END;
CREATE TRIGGER a_record_is_forgotten AFTER DELETE ON records BEGIN
    UPDATE accounts SET recorded_bytes = recorded_bytes - OLD.bytes WHERE key = OLD.account;
END;
CREATE TRIGGER a_message_waits AFTER INSERT ON deliveries WHEN NEW.next_try_at IS NOT NULL BEGIN
    UPDATE webhooks SET waiting_bytes = waiting_bytes + octet_length(NEW.body) WHERE id = NEW.webhook;
END;
CREATE TRIGGER a_message_waits_no_more AFTER UPDATE OF next_try_at ON deliveries
    WHEN OLD.next_try_at IS NOT NULL AND NEW.next_try_at IS NULL BEGIN
    UPDATE webhooks SET waiting_bytes = waiting_bytes - octet_length(OLD.body) WHERE id = OLD.webhook;
END;
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
INSERT INTO "sqlite_sequence" VALUES('events',19);
INSERT INTO "sqlite_sequence" VALUES('revisions',1);
INSERT INTO "sqlite_sequence" VALUES('policy_events',2);
INSERT INTO "sqlite_sequence" VALUES('carriers',3);
COMMIT;
