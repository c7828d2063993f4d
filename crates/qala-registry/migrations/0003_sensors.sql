-- Version 3: what devices are, as SensorThings tells it. Released: never edit this file.

CREATE TABLE sensor_entities (
    entity TEXT NOT NULL CHECK (entity IN ('thing', 'location', 'historical_location', 'datastream', 'sensor', 'observed_property', 'feature_of_interest')),
    entity_id INTEGER NOT NULL CHECK (entity_id > 0),
    -- JSON objects: own properties, and relation name -> ids.
    body TEXT NOT NULL CHECK (json_type(body) = 'object'),
    links TEXT NOT NULL CHECK (json_type(links) = 'object'),
    valid_from INTEGER NOT NULL,
    PRIMARY KEY (entity, entity_id)
) STRICT, WITHOUT ROWID;

-- An id never comes back, not even that of the newest entity after it was deleted.
CREATE TABLE sensor_last_ids (
    entity TEXT PRIMARY KEY NOT NULL,
    last_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER sensor_entities_inserted AFTER INSERT ON sensor_entities BEGIN
    INSERT INTO sensor_last_ids (entity, last_id) VALUES (new.entity, new.entity_id)
    ON CONFLICT (entity) DO UPDATE SET last_id = max(last_id, new.entity_id);
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'devices_entities', 'upsert',
        json_object(
            'entity', new.entity, 'entity_id', new.entity_id, 'name', new.body ->> '$.name', 'body', new.body,
            'links', new.links, 'thing_id', new.links ->> '$.Thing[0]', 'sensor_id', new.links ->> '$.Sensor[0]',
            'observed_property_id', new.links ->> '$.ObservedProperty[0]',
            'valid_from', new.valid_from, 'valid_to', NULL
        ), now FROM change_clock;
END;

CREATE TRIGGER sensor_entities_updated AFTER UPDATE ON sensor_entities BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'devices_entities', 'upsert',
        json_object(
            'entity', new.entity, 'entity_id', new.entity_id, 'name', new.body ->> '$.name', 'body', new.body,
            'links', new.links, 'thing_id', new.links ->> '$.Thing[0]', 'sensor_id', new.links ->> '$.Sensor[0]',
            'observed_property_id', new.links ->> '$.ObservedProperty[0]',
            'valid_from', new.valid_from, 'valid_to', NULL
        ), now FROM change_clock;
END;

-- A deleted entity was there until now: its interval ends.
CREATE TRIGGER sensor_entities_deleted AFTER DELETE ON sensor_entities BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'devices_entities', 'upsert',
        json_object(
            'entity', old.entity, 'entity_id', old.entity_id, 'name', old.body ->> '$.name', 'body', old.body,
            'links', old.links, 'thing_id', old.links ->> '$.Thing[0]', 'sensor_id', old.links ->> '$.Sensor[0]',
            'observed_property_id', old.links ->> '$.ObservedProperty[0]',
            'valid_from', old.valid_from, 'valid_to', max(now, old.valid_from + 1)
        ), now FROM change_clock;
END;

CREATE TRIGGER sensor_entities_key_is_fixed BEFORE UPDATE OF entity, entity_id ON sensor_entities BEGIN
    SELECT RAISE(ABORT, 'the key of a record never changes: delete it and insert another');
END;
