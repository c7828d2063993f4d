-- Version 1: dated records of the organisation, their outbox, settings and users.
--
-- Instants are microseconds of UTC since 1970. `valid_to` is exclusive; NULL means until further notice.
-- A change of a record and its outbox row are one statement: triggers write the outbox, so that no program
-- and no person at a prompt can change a record without telling the lake. Released: never edit this file.

CREATE TABLE change_clock (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    -- The time of the running transaction; NULL outside of one, which makes every change of a record fail.
    now INTEGER
) STRICT;
INSERT INTO change_clock (one, now) VALUES (1, NULL);

CREATE TABLE outbox (
    -- AUTOINCREMENT: an id never comes back, not even after a prune. It is the idempotency key of the relay.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    dataset TEXT NOT NULL,
    op TEXT NOT NULL CHECK (op IN ('upsert', 'retract')),
    payload TEXT NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT;

CREATE TABLE outbox_position (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    acknowledged INTEGER NOT NULL
) STRICT;
INSERT INTO outbox_position (one, acknowledged) VALUES (1, 0);

-- A place with a name; a moved boundary or a new name is a new interval of the same id.
CREATE TABLE places (
    place_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('city', 'district', 'cell', 'street', 'object')),
    name_kk TEXT NOT NULL,
    name_ru TEXT NOT NULL,
    name_en TEXT NOT NULL,
    parent_id TEXT,
    kato TEXT,
    geometry TEXT,
    simulated INTEGER NOT NULL CHECK (simulated IN (0, 1)),
    valid_from INTEGER NOT NULL,
    valid_to INTEGER CHECK (valid_to > valid_from),
    PRIMARY KEY (place_id, valid_from)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER places_inserted AFTER INSERT ON places BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_places', 'upsert',
        json_object(
            'place_id', new.place_id, 'kind', new.kind, 'name_kk', new.name_kk, 'name_ru', new.name_ru,
            'name_en', new.name_en, 'parent_id', new.parent_id, 'kato', new.kato,
            'geometry', new.geometry, 'simulated', json(iif(new.simulated, 'true', 'false')),
            'valid_from', new.valid_from, 'valid_to', new.valid_to
        ), now FROM change_clock;
END;

CREATE TRIGGER places_updated AFTER UPDATE ON places BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_places', 'upsert',
        json_object(
            'place_id', new.place_id, 'kind', new.kind, 'name_kk', new.name_kk, 'name_ru', new.name_ru,
            'name_en', new.name_en, 'parent_id', new.parent_id, 'kato', new.kato,
            'geometry', new.geometry, 'simulated', json(iif(new.simulated, 'true', 'false')),
            'valid_from', new.valid_from, 'valid_to', new.valid_to
        ), now FROM change_clock;
END;

CREATE TRIGGER places_deleted AFTER DELETE ON places BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_places', 'retract',
        json_object(
            'place_id', old.place_id, 'valid_from', old.valid_from
        ), now FROM change_clock;
END;

CREATE TRIGGER places_key_is_fixed BEFORE UPDATE OF place_id, valid_from ON places BEGIN
    SELECT RAISE(ABORT, 'the key of a record never changes: delete it and insert another');
END;

-- A department of the administration.
CREATE TABLE departments (
    department_id TEXT NOT NULL,
    name_kk TEXT NOT NULL,
    name_ru TEXT NOT NULL,
    name_en TEXT NOT NULL,
    mission_kk TEXT,
    mission_ru TEXT,
    mission_en TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER CHECK (valid_to > valid_from),
    PRIMARY KEY (department_id, valid_from)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER departments_inserted AFTER INSERT ON departments BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_departments', 'upsert',
        json_object(
            'department_id', new.department_id, 'name_kk', new.name_kk, 'name_ru', new.name_ru,
            'name_en', new.name_en, 'mission_kk', new.mission_kk, 'mission_ru', new.mission_ru,
            'mission_en', new.mission_en, 'valid_from', new.valid_from, 'valid_to', new.valid_to
        ), now FROM change_clock;
END;

CREATE TRIGGER departments_updated AFTER UPDATE ON departments BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_departments', 'upsert',
        json_object(
            'department_id', new.department_id, 'name_kk', new.name_kk, 'name_ru', new.name_ru,
            'name_en', new.name_en, 'mission_kk', new.mission_kk, 'mission_ru', new.mission_ru,
            'mission_en', new.mission_en, 'valid_from', new.valid_from, 'valid_to', new.valid_to
        ), now FROM change_clock;
END;

CREATE TRIGGER departments_deleted AFTER DELETE ON departments BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_departments', 'retract',
        json_object(
            'department_id', old.department_id, 'valid_from', old.valid_from
        ), now FROM change_clock;
END;

CREATE TRIGGER departments_key_is_fixed BEFORE UPDATE OF department_id, valid_from ON departments BEGIN
    SELECT RAISE(ABORT, 'the key of a record never changes: delete it and insert another');
END;

-- A function of government, whatever department performs it.
CREATE TABLE functions (
    function_id TEXT NOT NULL,
    name_kk TEXT NOT NULL,
    name_ru TEXT NOT NULL,
    name_en TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER CHECK (valid_to > valid_from),
    PRIMARY KEY (function_id, valid_from)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER functions_inserted AFTER INSERT ON functions BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_functions', 'upsert',
        json_object(
            'function_id', new.function_id, 'name_kk', new.name_kk, 'name_ru', new.name_ru,
            'name_en', new.name_en, 'valid_from', new.valid_from, 'valid_to', new.valid_to
        ), now FROM change_clock;
END;

CREATE TRIGGER functions_updated AFTER UPDATE ON functions BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_functions', 'upsert',
        json_object(
            'function_id', new.function_id, 'name_kk', new.name_kk, 'name_ru', new.name_ru,
            'name_en', new.name_en, 'valid_from', new.valid_from, 'valid_to', new.valid_to
        ), now FROM change_clock;
END;

CREATE TRIGGER functions_deleted AFTER DELETE ON functions BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_functions', 'retract',
        json_object(
            'function_id', old.function_id, 'valid_from', old.valid_from
        ), now FROM change_clock;
END;

CREATE TRIGGER functions_key_is_fixed BEFORE UPDATE OF function_id, valid_from ON functions BEGIN
    SELECT RAISE(ABORT, 'the key of a record never changes: delete it and insert another');
END;

-- The department that performs a function; a new owner closes the interval of the old one.
CREATE TABLE function_owners (
    function_id TEXT NOT NULL,
    department_id TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER CHECK (valid_to > valid_from),
    PRIMARY KEY (function_id, valid_from)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER function_owners_inserted AFTER INSERT ON function_owners BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_function_owners', 'upsert',
        json_object(
            'function_id', new.function_id, 'department_id', new.department_id,
            'valid_from', new.valid_from, 'valid_to', new.valid_to
        ), now FROM change_clock;
END;

CREATE TRIGGER function_owners_updated AFTER UPDATE ON function_owners BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_function_owners', 'upsert',
        json_object(
            'function_id', new.function_id, 'department_id', new.department_id,
            'valid_from', new.valid_from, 'valid_to', new.valid_to
        ), now FROM change_clock;
END;

CREATE TRIGGER function_owners_deleted AFTER DELETE ON function_owners BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_function_owners', 'retract',
        json_object(
            'function_id', old.function_id, 'valid_from', old.valid_from
        ), now FROM change_clock;
END;

CREATE TRIGGER function_owners_key_is_fixed BEFORE UPDATE OF function_id, valid_from ON function_owners BEGIN
    SELECT RAISE(ABORT, 'the key of a record never changes: delete it and insert another');
END;

-- A day of a calendar as it was known from valid_from on (day: days since 1970-01-01).
CREATE TABLE calendar_days (
    calendar TEXT NOT NULL,
    day INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('working', 'weekend_off', 'holiday', 'moved_off', 'moved_working')),
    title_kk TEXT,
    title_ru TEXT,
    title_en TEXT,
    act TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 1),
    valid_from INTEGER NOT NULL,
    valid_to INTEGER CHECK (valid_to > valid_from),
    PRIMARY KEY (calendar, day, valid_from)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER calendar_days_inserted AFTER INSERT ON calendar_days BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_calendar_days', 'upsert',
        json_object(
            'calendar', new.calendar, 'day', new.day, 'kind', new.kind, 'title_kk', new.title_kk,
            'title_ru', new.title_ru, 'title_en', new.title_en, 'act', new.act,
            'revision', new.revision, 'valid_from', new.valid_from, 'valid_to', new.valid_to
        ), now FROM change_clock;
END;

CREATE TRIGGER calendar_days_updated AFTER UPDATE ON calendar_days BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_calendar_days', 'upsert',
        json_object(
            'calendar', new.calendar, 'day', new.day, 'kind', new.kind, 'title_kk', new.title_kk,
            'title_ru', new.title_ru, 'title_en', new.title_en, 'act', new.act,
            'revision', new.revision, 'valid_from', new.valid_from, 'valid_to', new.valid_to
        ), now FROM change_clock;
END;

CREATE TRIGGER calendar_days_deleted AFTER DELETE ON calendar_days BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_calendar_days', 'retract',
        json_object(
            'calendar', old.calendar, 'day', old.day, 'valid_from', old.valid_from
        ), now FROM change_clock;
END;

CREATE TRIGGER calendar_days_key_is_fixed BEFORE UPDATE OF calendar, day, valid_from ON calendar_days BEGIN
    SELECT RAISE(ABORT, 'the key of a record never changes: delete it and insert another');
END;

-- What is known of a year of a calendar beyond its days: whether all moves are in it.
CREATE TABLE calendar_years (
    calendar TEXT NOT NULL,
    year INTEGER NOT NULL,
    complete INTEGER NOT NULL CHECK (complete IN (0, 1)),
    note TEXT NOT NULL,
    PRIMARY KEY (calendar, year)
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Users are not facts of the city: they have no dataset and no outbox row.
CREATE TABLE users (
    user_id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    rights_class TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
