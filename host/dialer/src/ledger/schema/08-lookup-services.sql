-- Services that charge for lookups: what was looked up, and what they answered.

-- Three more kinds of sources. The location of such a service is its settings in JSON, without its secrets.
CREATE TABLE sources_of_more_kinds (
    name     TEXT PRIMARY KEY,
    kind     TEXT NOT NULL CHECK (kind IN ('ftc', 'verdicts', 'simulated', 'trustcall', 'telnyx', 'nomorobo')),
    location TEXT NOT NULL
) STRICT;
INSERT INTO sources_of_more_kinds (name, kind, location) SELECT name, kind, location FROM sources;
DROP TABLE sources;
ALTER TABLE sources_of_more_kinds RENAME TO sources;

-- Lookups by source and UTC date, counted before they are made: after a crash too many may be counted, never too few.
-- They outlive their source, so that adding it again gives no second budget. Prices are in millionths of a dollar.
CREATE TABLE lookups (
    source TEXT    NOT NULL,
    date   TEXT    NOT NULL,
    count  INTEGER NOT NULL CHECK (count >= 0),
    micros INTEGER NOT NULL CHECK (micros >= 0),
    PRIMARY KEY (source, date)
) STRICT, WITHOUT ROWID;

-- The last answer about a number, a JSON list of opinions; kept while it is fresh.
CREATE TABLE lookup_answers (
    source   TEXT    NOT NULL REFERENCES sources (name) ON DELETE CASCADE,
    number   INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    opinions TEXT    NOT NULL,
    PRIMARY KEY (source, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX lookup_answers_by_age ON lookup_answers (source, asked_at);

-- Sources whose circuit is open after failures, as the last process to ask them saw it.
CREATE TABLE resting_sources (
    source TEXT    PRIMARY KEY REFERENCES sources (name) ON DELETE CASCADE,
    until  INTEGER NOT NULL
) STRICT;
