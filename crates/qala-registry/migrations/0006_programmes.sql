-- Version 6: programmes of the city with their money, targets and measures. Released: never edit this file.

-- A change of a programme is a new interval of its record. Dates are days since 1970-01-01.
CREATE TABLE programmes (
    programme_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('programme', 'roadmap', 'plan')),
    title_kk TEXT NOT NULL,
    title_ru TEXT NOT NULL,
    title_en TEXT NOT NULL,
    -- A date, a month or a year, as far as it is known: 2022-12-20, 2022-12, 2022.
    adopted TEXT,
    legal_basis TEXT,
    begins_on INTEGER,
    ends_on INTEGER CHECK (ends_on >= begins_on),
    owner_function TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('planned', 'running', 'done', 'stopped')),
    -- Where it is written.
    source TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER CHECK (valid_to > valid_from),
    PRIMARY KEY (programme_id, valid_from)
) STRICT, WITHOUT ROWID;

-- Planned money of a year, in whole tiyn.
CREATE TABLE programme_money (
    programme_id TEXT NOT NULL,
    year INTEGER NOT NULL,
    planned_tiyn INTEGER NOT NULL CHECK (planned_tiyn >= 0),
    -- 1: set by whoever made the record, not by the city.
    assumed INTEGER NOT NULL CHECK (assumed IN (0, 1)),
    source TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER CHECK (valid_to > valid_from),
    PRIMARY KEY (programme_id, year, valid_from)
) STRICT, WITHOUT ROWID;

-- What an indicator is to be at the end of a year: in its unit, or as a share of its base year.
CREATE TABLE programme_targets (
    programme_id TEXT NOT NULL,
    indicator TEXT NOT NULL,
    year INTEGER NOT NULL,
    basis TEXT NOT NULL CHECK (basis IN ('value', 'share')),
    -- A decimal number as it was written.
    target TEXT NOT NULL CHECK (target GLOB '[0-9]*' OR target GLOB '-[0-9]*'),
    -- NULL for a share: the first whole year that is known.
    base_year INTEGER,
    -- The indicator that says how far the city is from the path, if there is one.
    judged_by TEXT,
    assumed INTEGER NOT NULL CHECK (assumed IN (0, 1)),
    source TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER CHECK (valid_to > valid_from),
    PRIMARY KEY (programme_id, indicator, year, valid_from)
) STRICT, WITHOUT ROWID;

CREATE TABLE programme_measures (
    programme_id TEXT NOT NULL,
    measure_id TEXT NOT NULL,
    title_kk TEXT NOT NULL,
    title_ru TEXT NOT NULL,
    title_en TEXT NOT NULL,
    owner_function TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('planned', 'running', 'done', 'stopped')),
    due_on INTEGER,
    assumed INTEGER NOT NULL CHECK (assumed IN (0, 1)),
    source TEXT,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER CHECK (valid_to > valid_from),
    PRIMARY KEY (programme_id, measure_id, valid_from)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER programmes_inserted AFTER INSERT ON programmes BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_programmes', 'upsert',
        json_object(
            'programme_id', new.programme_id, 'kind', new.kind, 'title_kk', new.title_kk,
            'title_ru', new.title_ru, 'title_en', new.title_en, 'adopted', new.adopted,
            'legal_basis', new.legal_basis, 'begins_on', new.begins_on, 'ends_on', new.ends_on,
            'owner_function', new.owner_function, 'state', new.state, 'source', new.source,
            'valid_from', new.valid_from, 'valid_to', new.valid_to
        ), now FROM change_clock;
END;

CREATE TRIGGER programmes_updated AFTER UPDATE ON programmes BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_programmes', 'upsert',
        json_object(
            'programme_id', new.programme_id, 'kind', new.kind, 'title_kk', new.title_kk,
            'title_ru', new.title_ru, 'title_en', new.title_en, 'adopted', new.adopted,
            'legal_basis', new.legal_basis, 'begins_on', new.begins_on, 'ends_on', new.ends_on,
            'owner_function', new.owner_function, 'state', new.state, 'source', new.source,
            'valid_from', new.valid_from, 'valid_to', new.valid_to
        ), now FROM change_clock;
END;

CREATE TRIGGER programmes_deleted AFTER DELETE ON programmes BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_programmes', 'retract',
        json_object(
            'programme_id', old.programme_id, 'valid_from', old.valid_from
        ), now FROM change_clock;
END;

CREATE TRIGGER programmes_key_is_fixed BEFORE UPDATE OF programme_id, valid_from ON programmes BEGIN
    SELECT RAISE(ABORT, 'the key of a record never changes: delete it and insert another');
END;

CREATE TRIGGER programme_money_inserted AFTER INSERT ON programme_money BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_programme_money', 'upsert',
        json_object(
            'programme_id', new.programme_id, 'year', new.year,
            'planned_kzt', CAST(new.planned_tiyn AS REAL) / 100,
            'assumed', json(iif(new.assumed, 'true', 'false')), 'source', new.source,
            'valid_from', new.valid_from, 'valid_to', new.valid_to
        ), now FROM change_clock;
END;

CREATE TRIGGER programme_money_updated AFTER UPDATE ON programme_money BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_programme_money', 'upsert',
        json_object(
            'programme_id', new.programme_id, 'year', new.year,
            'planned_kzt', CAST(new.planned_tiyn AS REAL) / 100,
            'assumed', json(iif(new.assumed, 'true', 'false')), 'source', new.source,
            'valid_from', new.valid_from, 'valid_to', new.valid_to
        ), now FROM change_clock;
END;

CREATE TRIGGER programme_money_deleted AFTER DELETE ON programme_money BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_programme_money', 'retract',
        json_object(
            'programme_id', old.programme_id, 'year', old.year, 'valid_from', old.valid_from
        ), now FROM change_clock;
END;

CREATE TRIGGER programme_money_key_is_fixed BEFORE UPDATE OF programme_id, year, valid_from ON programme_money BEGIN
    SELECT RAISE(ABORT, 'the key of a record never changes: delete it and insert another');
END;

CREATE TRIGGER programme_targets_inserted AFTER INSERT ON programme_targets BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_programme_targets', 'upsert',
        json_object(
            'programme_id', new.programme_id, 'indicator', new.indicator, 'year', new.year, 'basis', new.basis,
            'target', CAST(new.target AS REAL), 'base_year', new.base_year, 'judged_by', new.judged_by,
            'assumed', json(iif(new.assumed, 'true', 'false')), 'source', new.source,
            'valid_from', new.valid_from, 'valid_to', new.valid_to
        ), now FROM change_clock;
END;

CREATE TRIGGER programme_targets_updated AFTER UPDATE ON programme_targets BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_programme_targets', 'upsert',
        json_object(
            'programme_id', new.programme_id, 'indicator', new.indicator, 'year', new.year, 'basis', new.basis,
            'target', CAST(new.target AS REAL), 'base_year', new.base_year, 'judged_by', new.judged_by,
            'assumed', json(iif(new.assumed, 'true', 'false')), 'source', new.source,
            'valid_from', new.valid_from, 'valid_to', new.valid_to
        ), now FROM change_clock;
END;

CREATE TRIGGER programme_targets_deleted AFTER DELETE ON programme_targets BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_programme_targets', 'retract',
        json_object(
            'programme_id', old.programme_id, 'indicator', old.indicator, 'year', old.year,
            'valid_from', old.valid_from
        ), now FROM change_clock;
END;

CREATE TRIGGER programme_targets_key_is_fixed BEFORE UPDATE OF programme_id, indicator, year, valid_from ON programme_targets BEGIN
    SELECT RAISE(ABORT, 'the key of a record never changes: delete it and insert another');
END;

CREATE TRIGGER programme_measures_inserted AFTER INSERT ON programme_measures BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_programme_measures', 'upsert',
        json_object(
            'programme_id', new.programme_id, 'measure_id', new.measure_id, 'title_kk', new.title_kk,
            'title_ru', new.title_ru, 'title_en', new.title_en, 'owner_function', new.owner_function,
            'state', new.state, 'due_on', new.due_on, 'assumed', json(iif(new.assumed, 'true', 'false')),
            'source', new.source, 'valid_from', new.valid_from, 'valid_to', new.valid_to
        ), now FROM change_clock;
END;

CREATE TRIGGER programme_measures_updated AFTER UPDATE ON programme_measures BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_programme_measures', 'upsert',
        json_object(
            'programme_id', new.programme_id, 'measure_id', new.measure_id, 'title_kk', new.title_kk,
            'title_ru', new.title_ru, 'title_en', new.title_en, 'owner_function', new.owner_function,
            'state', new.state, 'due_on', new.due_on, 'assumed', json(iif(new.assumed, 'true', 'false')),
            'source', new.source, 'valid_from', new.valid_from, 'valid_to', new.valid_to
        ), now FROM change_clock;
END;

CREATE TRIGGER programme_measures_deleted AFTER DELETE ON programme_measures BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'organisation_programme_measures', 'retract',
        json_object(
            'programme_id', old.programme_id, 'measure_id', old.measure_id, 'valid_from', old.valid_from
        ), now FROM change_clock;
END;

CREATE TRIGGER programme_measures_key_is_fixed BEFORE UPDATE OF programme_id, measure_id, valid_from ON programme_measures BEGIN
    SELECT RAISE(ABORT, 'the key of a record never changes: delete it and insert another');
END;
