-- Version 3: tokens of senders, and whom to call about a feed. Released: never edit this file.

-- The feeds that a token may push to, as a JSON array; NULL: a token of a person, which pushes nothing.
ALTER TABLE user_tokens ADD COLUMN feeds TEXT;
-- What comes with a sandbox token is checked and answered, and never reaches a dataset.
ALTER TABLE user_tokens ADD COLUMN sandbox INTEGER NOT NULL DEFAULT 0 CHECK (sandbox IN (0, 1));
-- The token lets nobody in from this instant on.
ALTER TABLE user_tokens ADD COLUMN expires_at INTEGER;
ALTER TABLE user_tokens ADD COLUMN revoked_at INTEGER;

-- The person or desk at the sender of a feed; a change of contact is a new interval.
CREATE TABLE feed_contacts (
    feed_id TEXT NOT NULL,
    name_kk TEXT NOT NULL,
    name_ru TEXT NOT NULL,
    name_en TEXT NOT NULL,
    phone TEXT,
    email TEXT,
    simulated INTEGER NOT NULL CHECK (simulated IN (0, 1)),
    valid_from INTEGER NOT NULL,
    valid_to INTEGER CHECK (valid_to > valid_from),
    PRIMARY KEY (feed_id, valid_from)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER feed_contacts_inserted AFTER INSERT ON feed_contacts BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'feeds_contacts', 'upsert',
        json_object(
            'feed_id', new.feed_id, 'name_kk', new.name_kk, 'name_ru', new.name_ru, 'name_en', new.name_en,
            'phone', new.phone, 'email', new.email, 'simulated', json(iif(new.simulated, 'true', 'false')),
            'valid_from', new.valid_from, 'valid_to', new.valid_to
        ), now FROM change_clock;
END;

CREATE TRIGGER feed_contacts_updated AFTER UPDATE ON feed_contacts BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'feeds_contacts', 'upsert',
        json_object(
            'feed_id', new.feed_id, 'name_kk', new.name_kk, 'name_ru', new.name_ru, 'name_en', new.name_en,
            'phone', new.phone, 'email', new.email, 'simulated', json(iif(new.simulated, 'true', 'false')),
            'valid_from', new.valid_from, 'valid_to', new.valid_to
        ), now FROM change_clock;
END;

CREATE TRIGGER feed_contacts_deleted AFTER DELETE ON feed_contacts BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'feeds_contacts', 'retract',
        json_object(
            'feed_id', old.feed_id, 'valid_from', old.valid_from
        ), now FROM change_clock;
END;

CREATE TRIGGER feed_contacts_key_is_fixed BEFORE UPDATE OF feed_id, valid_from ON feed_contacts BEGIN
    SELECT RAISE(ABORT, 'the key of a record never changes: delete it and insert another');
END;
