-- Version 8: the situation room: incidents with their steps and timelines, the journal, the duty roster, decisions, reviews.
-- Released: never edit this file.
--
-- `body` is a JSON object; which keys it has is said by the types of `src/room`. Every row that is written is a fact in the
-- lake: of a record that changes, each revision is one. What is only added to is never changed or removed.

CREATE TABLE room_incidents (
    incident_id INTEGER PRIMARY KEY AUTOINCREMENT,
    revision INTEGER NOT NULL CHECK (revision > 0),
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_type(body) = 'object')
) STRICT;
CREATE INDEX room_incidents_by_state ON room_incidents (body ->> '$.state');

CREATE TRIGGER room_incidents_inserted AFTER INSERT ON room_incidents BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'room_incidents', 'upsert',
        json_object(
            'incident_id', new.incident_id, 'revision', new.revision, 't', new.changed_at, 'actor', new.changed_by,
            'title', new.body ->> '$.title', 'kind', new.body ->> '$.kind', 'severity', new.body ->> '$.severity',
            'state', new.body ->> '$.state', 'place', new.body ->> '$.place', 'lon', new.body ->> '$.lon',
            'lat', new.body ->> '$.lat', 'function', new.body ->> '$.function', 'alarms', new.body ->> '$.alarms',
            'participants', new.body ->> '$.participants', 'opened_at', new.body ->> '$.opened_at',
            'closed_at', new.body ->> '$.closed_at', 'cause', new.body ->> '$.cause', 'lesson', new.body ->> '$.lesson',
            'outcome', new.body ->> '$.outcome', 'merged_into', new.body ->> '$.merged_into',
            'split_from', new.body ->> '$.split_from',
            'drill', json(iif(coalesce(new.body ->> '$.drill', 0), 'true', 'false'))
        ), now FROM change_clock;
END;

CREATE TRIGGER room_incidents_updated AFTER UPDATE ON room_incidents BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'room_incidents', 'upsert',
        json_object(
            'incident_id', new.incident_id, 'revision', new.revision, 't', new.changed_at, 'actor', new.changed_by,
            'title', new.body ->> '$.title', 'kind', new.body ->> '$.kind', 'severity', new.body ->> '$.severity',
            'state', new.body ->> '$.state', 'place', new.body ->> '$.place', 'lon', new.body ->> '$.lon',
            'lat', new.body ->> '$.lat', 'function', new.body ->> '$.function', 'alarms', new.body ->> '$.alarms',
            'participants', new.body ->> '$.participants', 'opened_at', new.body ->> '$.opened_at',
            'closed_at', new.body ->> '$.closed_at', 'cause', new.body ->> '$.cause', 'lesson', new.body ->> '$.lesson',
            'outcome', new.body ->> '$.outcome', 'merged_into', new.body ->> '$.merged_into',
            'split_from', new.body ->> '$.split_from',
            'drill', json(iif(coalesce(new.body ->> '$.drill', 0), 'true', 'false'))
        ), now FROM change_clock;
END;

CREATE TRIGGER room_incidents_is_not_removed BEFORE DELETE ON room_incidents BEGIN
    SELECT RAISE(ABORT, 'what was written down is never removed');
END;

CREATE TABLE room_steps (
    incident_id INTEGER NOT NULL REFERENCES room_incidents (incident_id),
    -- `<procedure>.<step>`.
    step TEXT NOT NULL,
    position INTEGER NOT NULL,
    revision INTEGER NOT NULL CHECK (revision > 0),
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_type(body) = 'object'),
    PRIMARY KEY (incident_id, step)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER room_steps_inserted AFTER INSERT ON room_steps BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'room_steps', 'upsert',
        json_object(
            'incident_id', new.incident_id, 'step', new.step, 'revision', new.revision, 't', new.changed_at,
            'actor', new.changed_by, 'procedure', new.body ->> '$.procedure',
            'procedure_version', new.body ->> '$.procedure_version', 'function', new.body ->> '$.function',
            'required', json(iif(coalesce(new.body ->> '$.required', 0), 'true', 'false')),
            'text_kk', new.body ->> '$.text.kk', 'text_ru', new.body ->> '$.text.ru', 'text_en', new.body ->> '$.text.en',
            'due_at', new.body ->> '$.due_at', 'state', new.body ->> '$.state', 'note', new.body ->> '$.note',
            'drill', json(iif(coalesce(new.body ->> '$.drill', 0), 'true', 'false'))
        ), now FROM change_clock;
END;

CREATE TRIGGER room_steps_updated AFTER UPDATE ON room_steps BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'room_steps', 'upsert',
        json_object(
            'incident_id', new.incident_id, 'step', new.step, 'revision', new.revision, 't', new.changed_at,
            'actor', new.changed_by, 'procedure', new.body ->> '$.procedure',
            'procedure_version', new.body ->> '$.procedure_version', 'function', new.body ->> '$.function',
            'required', json(iif(coalesce(new.body ->> '$.required', 0), 'true', 'false')),
            'text_kk', new.body ->> '$.text.kk', 'text_ru', new.body ->> '$.text.ru', 'text_en', new.body ->> '$.text.en',
            'due_at', new.body ->> '$.due_at', 'state', new.body ->> '$.state', 'note', new.body ->> '$.note',
            'drill', json(iif(coalesce(new.body ->> '$.drill', 0), 'true', 'false'))
        ), now FROM change_clock;
END;

CREATE TRIGGER room_steps_is_not_removed BEFORE DELETE ON room_steps BEGIN
    SELECT RAISE(ABORT, 'what was written down is never removed');
END;

CREATE TABLE room_entries (
    entry_id INTEGER PRIMARY KEY AUTOINCREMENT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_type(body) = 'object')
) STRICT;
CREATE INDEX room_entries_by_incident ON room_entries (body ->> '$.incident');

CREATE TRIGGER room_entries_inserted AFTER INSERT ON room_entries BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'room_entries', 'upsert',
        json_object(
            'entry_id', new.entry_id, 't', new.changed_at, 'actor', new.changed_by,
            'incident_id', new.body ->> '$.incident', 'kind', new.body ->> '$.kind', 'text', new.body ->> '$.text',
            'drill', json(iif(coalesce(new.body ->> '$.drill', 0), 'true', 'false'))
        ), now FROM change_clock;
END;

CREATE TRIGGER room_entries_is_not_changed BEFORE UPDATE ON room_entries BEGIN
    SELECT RAISE(ABORT, 'what was written down is never changed');
END;

CREATE TRIGGER room_entries_is_not_removed BEFORE DELETE ON room_entries BEGIN
    SELECT RAISE(ABORT, 'what was written down is never removed');
END;

CREATE TABLE room_journal (
    entry_id INTEGER PRIMARY KEY AUTOINCREMENT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_type(body) = 'object')
) STRICT;

CREATE TRIGGER room_journal_inserted AFTER INSERT ON room_journal BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'room_journal', 'upsert',
        json_object(
            'entry_id', new.entry_id, 't', new.changed_at, 'actor', new.changed_by, 'kind', new.body ->> '$.kind',
            'text', new.body ->> '$.text', 'next', new.body ->> '$.next', 'incident_id', new.body ->> '$.incident',
            'drill', json(iif(coalesce(new.body ->> '$.drill', 0), 'true', 'false'))
        ), now FROM change_clock;
END;

CREATE TRIGGER room_journal_is_not_changed BEFORE UPDATE ON room_journal BEGIN
    SELECT RAISE(ABORT, 'what was written down is never changed');
END;

CREATE TRIGGER room_journal_is_not_removed BEFORE DELETE ON room_journal BEGIN
    SELECT RAISE(ABORT, 'what was written down is never removed');
END;

CREATE TABLE room_duty (
    duty_id INTEGER PRIMARY KEY AUTOINCREMENT,
    revision INTEGER NOT NULL CHECK (revision > 0),
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_type(body) = 'object')
) STRICT;

CREATE TRIGGER room_duty_inserted AFTER INSERT ON room_duty BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'room_duty', 'upsert',
        json_object(
            'duty_id', new.duty_id, 'revision', new.revision, 't', new.changed_at, 'actor', new.changed_by,
            'function', new.body ->> '$.function', 'post', new.body ->> '$.post', 'person', new.body ->> '$.person',
            'phone', new.body ->> '$.phone', 'from_at', new.body ->> '$.from_at', 'to_at', new.body ->> '$.to_at',
            'removed', json(iif(coalesce(new.body ->> '$.removed', 0), 'true', 'false'))
        ), now FROM change_clock;
END;

CREATE TRIGGER room_duty_updated AFTER UPDATE ON room_duty BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'room_duty', 'upsert',
        json_object(
            'duty_id', new.duty_id, 'revision', new.revision, 't', new.changed_at, 'actor', new.changed_by,
            'function', new.body ->> '$.function', 'post', new.body ->> '$.post', 'person', new.body ->> '$.person',
            'phone', new.body ->> '$.phone', 'from_at', new.body ->> '$.from_at', 'to_at', new.body ->> '$.to_at',
            'removed', json(iif(coalesce(new.body ->> '$.removed', 0), 'true', 'false'))
        ), now FROM change_clock;
END;

CREATE TRIGGER room_duty_is_not_removed BEFORE DELETE ON room_duty BEGIN
    SELECT RAISE(ABORT, 'what was written down is never removed');
END;

CREATE TABLE room_decisions (
    decision_id INTEGER PRIMARY KEY AUTOINCREMENT,
    revision INTEGER NOT NULL CHECK (revision > 0),
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_type(body) = 'object')
) STRICT;
CREATE INDEX room_decisions_by_state ON room_decisions (body ->> '$.state');

CREATE TRIGGER room_decisions_inserted AFTER INSERT ON room_decisions BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'room_decisions', 'upsert',
        json_object(
            'decision_id', new.decision_id, 'revision', new.revision, 't', new.changed_at, 'actor', new.changed_by,
            'text', new.body ->> '$.text', 'function', new.body ->> '$.function', 'given_at', new.body ->> '$.given_at',
            'given_by', new.body ->> '$.given_by', 'deadline', new.body ->> '$.deadline', 'state', new.body ->> '$.state',
            'progress', new.body ->> '$.progress', 'explanation', new.body ->> '$.explanation',
            'incident_id', new.body ->> '$.incident', 'review_id', new.body ->> '$.review',
            'indicator', new.body ->> '$.indicator', 'place', new.body ->> '$.place',
            'before_value', new.body ->> '$.before.value', 'after_value', new.body ->> '$.after.value',
            'passports', new.body ->> '$.passports', 'done_at', new.body ->> '$.done_at',
            'drill', json(iif(coalesce(new.body ->> '$.drill', 0), 'true', 'false'))
        ), now FROM change_clock;
END;

CREATE TRIGGER room_decisions_updated AFTER UPDATE ON room_decisions BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'room_decisions', 'upsert',
        json_object(
            'decision_id', new.decision_id, 'revision', new.revision, 't', new.changed_at, 'actor', new.changed_by,
            'text', new.body ->> '$.text', 'function', new.body ->> '$.function', 'given_at', new.body ->> '$.given_at',
            'given_by', new.body ->> '$.given_by', 'deadline', new.body ->> '$.deadline', 'state', new.body ->> '$.state',
            'progress', new.body ->> '$.progress', 'explanation', new.body ->> '$.explanation',
            'incident_id', new.body ->> '$.incident', 'review_id', new.body ->> '$.review',
            'indicator', new.body ->> '$.indicator', 'place', new.body ->> '$.place',
            'before_value', new.body ->> '$.before.value', 'after_value', new.body ->> '$.after.value',
            'passports', new.body ->> '$.passports', 'done_at', new.body ->> '$.done_at',
            'drill', json(iif(coalesce(new.body ->> '$.drill', 0), 'true', 'false'))
        ), now FROM change_clock;
END;

CREATE TRIGGER room_decisions_is_not_removed BEFORE DELETE ON room_decisions BEGIN
    SELECT RAISE(ABORT, 'what was written down is never removed');
END;

CREATE TABLE room_reviews (
    review_id INTEGER PRIMARY KEY AUTOINCREMENT,
    revision INTEGER NOT NULL CHECK (revision > 0),
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_type(body) = 'object')
) STRICT;

CREATE TRIGGER room_reviews_inserted AFTER INSERT ON room_reviews BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'room_reviews', 'upsert',
        json_object(
            'review_id', new.review_id, 'revision', new.revision, 't', new.changed_at, 'actor', new.changed_by,
            'title', new.body ->> '$.title', 'held_at', new.body ->> '$.held_at', 'state', new.body ->> '$.state',
            'present', new.body ->> '$.present', 'agenda', new.body ->> '$.agenda', 'minutes', new.body ->> '$.minutes'
        ), now FROM change_clock;
END;

CREATE TRIGGER room_reviews_updated AFTER UPDATE ON room_reviews BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'room_reviews', 'upsert',
        json_object(
            'review_id', new.review_id, 'revision', new.revision, 't', new.changed_at, 'actor', new.changed_by,
            'title', new.body ->> '$.title', 'held_at', new.body ->> '$.held_at', 'state', new.body ->> '$.state',
            'present', new.body ->> '$.present', 'agenda', new.body ->> '$.agenda', 'minutes', new.body ->> '$.minutes'
        ), now FROM change_clock;
END;

CREATE TRIGGER room_reviews_is_not_removed BEFORE DELETE ON room_reviews BEGIN
    SELECT RAISE(ABORT, 'what was written down is never removed');
END;

-- Small files that belong to incidents, each once.
CREATE TABLE room_files (
    incident_id INTEGER NOT NULL REFERENCES room_incidents (incident_id),
    -- SHA-256 in hexadecimal.
    digest TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes BLOB NOT NULL,
    added_at INTEGER NOT NULL,
    added_by TEXT NOT NULL,
    PRIMARY KEY (incident_id, digest)
) STRICT;

CREATE TRIGGER room_files_are_not_removed BEFORE DELETE ON room_files BEGIN
    SELECT RAISE(ABORT, 'what was written down is never removed');
END;
