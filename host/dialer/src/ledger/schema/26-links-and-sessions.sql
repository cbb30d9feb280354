-- Links by which people become users, and what users see of their sessions.

-- The link that adds the first user, while there is none: the newest replaces the one before, and the first user ends it,
-- however that user is added. `secret` is the SHA-256 of what is in the link.
CREATE TABLE first_user_link (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    secret BLOB    NOT NULL CHECK (length(secret) = 32)
) STRICT;
CREATE TRIGGER only_the_first_user_has_a_link BEFORE INSERT ON first_user_link
    WHEN EXISTS (SELECT 1 FROM users) BEGIN
    SELECT RAISE(ABORT, 'there are users');
END;
CREATE TRIGGER the_first_user_ends_the_link AFTER INSERT ON users BEGIN
    DELETE FROM first_user_link;
END;

-- Links by which others become users, each once. What they may do is the inviter's to say. An invite ends with the user or
-- the token that made it; one made on the command line has neither.
CREATE TABLE invites (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    secret   BLOB    NOT NULL UNIQUE CHECK (length(secret) = 32),
    role     TEXT    NOT NULL CHECK (role IN ('read', 'operate', 'administer')),
    accounts TEXT,
    user     TEXT    REFERENCES users (name) ON DELETE CASCADE,
    token    TEXT    REFERENCES tokens (name) ON DELETE CASCADE,
    made_at  INTEGER NOT NULL,
    ends_at  INTEGER NOT NULL
) STRICT;
-- Who may no longer invite has not invited.
CREATE TRIGGER only_administrators_of_everything_invite AFTER UPDATE OF role, accounts ON users
    WHEN NEW.role <> 'administer' OR NEW.accounts IS NOT NULL BEGIN
    DELETE FROM invites WHERE user = NEW.name;
END;

-- When a session began, and in which browser.
ALTER TABLE sessions ADD COLUMN began_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN browser TEXT NOT NULL DEFAULT '';
UPDATE sessions SET began_at = max(0, ends_at - 12 * 60 * 60);
CREATE INDEX sessions_by_user ON sessions (user, began_at);
