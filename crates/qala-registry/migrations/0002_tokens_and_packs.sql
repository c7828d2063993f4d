-- Version 2: access tokens, and what the last pack said. Released: never edit this file.

-- Only the SHA-256 of a token is kept; a token is 32 random bytes, so it needs no salt.
CREATE TABLE user_tokens (
    token_hash TEXT PRIMARY KEY NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX user_tokens_by_user ON user_tokens (user_id);

-- The digest of each record as a pack last gave it. A record that the pack did not change since is not
-- written again, so that what people changed here is not undone by the next start.
CREATE TABLE pack_records (
    record TEXT PRIMARY KEY NOT NULL,
    digest TEXT NOT NULL
) STRICT, WITHOUT ROWID;
