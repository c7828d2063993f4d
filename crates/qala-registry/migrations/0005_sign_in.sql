-- Version 5: passwords, sessions, scopes of tokens, and the audit. Released: never edit this file.

-- The department of a member of staff.
ALTER TABLE users ADD COLUMN department_id TEXT;

-- A JSON array of what a person's token may be used for; NULL: a token of a sender, or one made before there were scopes.
ALTER TABLE user_tokens ADD COLUMN scopes TEXT;

-- Argon2id in the form of the password hashing competition: salt and costs are in it.
CREATE TABLE user_passwords (
    user_id TEXT PRIMARY KEY NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    hash TEXT NOT NULL,
    -- 1: somebody else knows it, so it only serves to choose another.
    one_time INTEGER NOT NULL CHECK (one_time IN (0, 1)),
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Only the SHA-256 of a session's secret is kept; it is 32 random bytes, so it needs no salt.
CREATE TABLE sessions (
    session_hash TEXT PRIMARY KEY NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- Who did what. Each entry holds the hash of the one before, so nothing in the middle can be changed unnoticed.
CREATE TABLE audit (
    -- 1, 2, 3, … without holes.
    entry INTEGER PRIMARY KEY CHECK (entry > 0),
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    -- A JSON object.
    detail TEXT NOT NULL CHECK (json_type(detail) = 'object'),
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_inserted AFTER INSERT ON audit BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'audit_entries', 'upsert',
        json_object(
            'entry', new.entry, 't', new.at, 'actor', new.actor, 'action', new.action, 'object', new.object,
            'detail', new.detail, 'previous', new.previous, 'hash', new.hash
        ), now FROM change_clock;
END;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'an entry of the audit is never changed');
END;

CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'an entry of the audit is never removed');
END;
