-- Version 7: alarms, who was told of them, and windows in which nothing is raised. Released: never edit this file.

-- An alarm: everything of one cause while it is not closed.
CREATE TABLE alarms (
    -- AUTOINCREMENT: a number never comes back. `A-<number>` is its id everywhere else.
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The rule; `alertmanager` and `cap` for what others warn of.
    rule TEXT NOT NULL,
    rule_version INTEGER NOT NULL,
    cause TEXT NOT NULL,
    place_id TEXT,
    -- What it is about beside the place: a feed, an event, the words of a warning.
    about TEXT,
    title_kk TEXT NOT NULL,
    title_ru TEXT NOT NULL,
    title_en TEXT NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('info', 'minor', 'major', 'critical')),
    owner_function TEXT NOT NULL,
    public INTEGER NOT NULL CHECK (public IN (0, 1)),
    simulated INTEGER NOT NULL CHECK (simulated IN (0, 1)),
    state TEXT NOT NULL CHECK (state IN ('open', 'acknowledged', 'closed')),
    -- When the first of it happened, when the alarm was raised, when it was last seen to hold, when it was over.
    event_at INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    cleared_at INTEGER,
    -- Distinct members: events, places or devices.
    members INTEGER NOT NULL CHECK (members >= 0),
    value REAL,
    lon REAL,
    lat REAL,
    acknowledged_at INTEGER,
    acknowledged_by TEXT,
    closed_at INTEGER,
    closed_by TEXT,
    verdict TEXT CHECK (verdict IN ('right', 'wrong')),
    note TEXT,
    -- Steps of escalation that were taken.
    step INTEGER NOT NULL,
    -- When it leaves the queue by itself after it is over, minutes.
    forget_min INTEGER NOT NULL,
    -- Grows with every change: the key of the change in the lake.
    revision INTEGER NOT NULL
) STRICT;
-- One cause is one alarm, whatever happens at the same time.
CREATE UNIQUE INDEX alarms_one_per_cause ON alarms (rule, cause) WHERE state <> 'closed';
CREATE INDEX alarms_by_state ON alarms (state, number);
CREATE INDEX alarms_by_rule ON alarms (rule, number);

CREATE TRIGGER alarms_inserted AFTER INSERT ON alarms BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'alarms_changes', 'upsert',
        json_object(
            'alarm', 'A-' || new.number, 'rule', new.rule, 'rule_version', new.rule_version, 'cause', new.cause,
            'place_id', new.place_id, 'about', new.about, 'title_kk', new.title_kk, 'title_ru', new.title_ru,
            'title_en', new.title_en, 'severity', new.severity, 'owner_function', new.owner_function,
            'public', json(iif(new.public, 'true', 'false')), 'simulated', json(iif(new.simulated, 'true', 'false')),
            'state', new.state, 'event_at', new.event_at, 'opened_at', new.opened_at, 'last_seen_at', new.last_seen_at,
            'cleared_at', new.cleared_at, 'members', new.members, 'value', new.value, 'lon', new.lon, 'lat', new.lat,
            'acknowledged_at', new.acknowledged_at, 'acknowledged_by', new.acknowledged_by, 'closed_at', new.closed_at,
            'closed_by', new.closed_by, 'verdict', new.verdict, 'note', new.note, 'step', new.step,
            'revision', new.revision, 't', now
        ), now FROM change_clock;
END;

CREATE TRIGGER alarms_updated AFTER UPDATE ON alarms BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'alarms_changes', 'upsert',
        json_object(
            'alarm', 'A-' || new.number, 'rule', new.rule, 'rule_version', new.rule_version, 'cause', new.cause,
            'place_id', new.place_id, 'about', new.about, 'title_kk', new.title_kk, 'title_ru', new.title_ru,
            'title_en', new.title_en, 'severity', new.severity, 'owner_function', new.owner_function,
            'public', json(iif(new.public, 'true', 'false')), 'simulated', json(iif(new.simulated, 'true', 'false')),
            'state', new.state, 'event_at', new.event_at, 'opened_at', new.opened_at, 'last_seen_at', new.last_seen_at,
            'cleared_at', new.cleared_at, 'members', new.members, 'value', new.value, 'lon', new.lon, 'lat', new.lat,
            'acknowledged_at', new.acknowledged_at, 'acknowledged_by', new.acknowledged_by, 'closed_at', new.closed_at,
            'closed_by', new.closed_by, 'verdict', new.verdict, 'note', new.note, 'step', new.step,
            'revision', new.revision, 't', now
        ), now FROM change_clock;
END;

CREATE TRIGGER alarms_are_not_removed BEFORE DELETE ON alarms BEGIN
    SELECT RAISE(ABORT, 'an alarm is never removed');
END;

-- What an alarm is made of. Not facts of their own: the rows that raised them are in the lake.
CREATE TABLE alarm_members (
    alarm INTEGER NOT NULL REFERENCES alarms (number),
    member TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    over_at INTEGER,
    PRIMARY KEY (alarm, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX alarm_members_standing ON alarm_members (alarm) WHERE over_at IS NULL;

-- What happened without an alarm of the rule whose work it was, as somebody says.
CREATE TABLE alarm_misses (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    rule TEXT NOT NULL,
    at INTEGER NOT NULL,
    place_id TEXT,
    note TEXT NOT NULL,
    told_by TEXT NOT NULL,
    told_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER alarm_misses_inserted AFTER INSERT ON alarm_misses BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'alarms_misses', 'upsert',
        json_object(
            'miss', new.number, 't', new.at, 'rule', new.rule, 'place_id', new.place_id, 'note', new.note,
            'told_by', new.told_by, 'told_at', new.told_at
        ), now FROM change_clock;
END;

-- The outbox to people. One alarm reaches one contact once on each channel: the unique index is that promise.
CREATE TABLE alarm_deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Sent along, so that the far side can tell a repetition.
    key TEXT NOT NULL UNIQUE,
    alarm INTEGER NOT NULL REFERENCES alarms (number),
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    contact TEXT NOT NULL,
    step INTEGER NOT NULL,
    -- waiting: not sent. sending: bytes may have gone out. sent: the far side took it. failed: given up.
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'failed')),
    attempts INTEGER NOT NULL,
    -- How often bytes went out or may have gone out.
    sends INTEGER NOT NULL,
    -- 1: it may have come twice, for the far side cannot tell.
    at_least_once INTEGER NOT NULL CHECK (at_least_once IN (0, 1)),
    first_at INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    sent_at INTEGER,
    error TEXT,
    revision INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX alarm_deliveries_once ON alarm_deliveries (alarm, channel, contact);
CREATE INDEX alarm_deliveries_due ON alarm_deliveries (state, next_at);

CREATE TRIGGER alarm_deliveries_inserted AFTER INSERT ON alarm_deliveries BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'alarms_deliveries', 'upsert',
        json_object(
            'key', new.key, 'alarm', 'A-' || new.alarm, 'channel', new.channel, 'kind', new.kind, 'contact', new.contact,
            'step', new.step, 'state', new.state, 'attempts', new.attempts, 'sends', new.sends, 'first_at', new.first_at,
            'sent_at', new.sent_at, 'error', new.error, 'at_least_once', json(iif(new.at_least_once, 'true', 'false')),
            'revision', new.revision, 't', now
        ), now FROM change_clock;
END;

-- That it is being sent is no fact of the city; that it was sent, or was not, is.
CREATE TRIGGER alarm_deliveries_updated AFTER UPDATE ON alarm_deliveries WHEN new.state <> 'sending' BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'alarms_deliveries', 'upsert',
        json_object(
            'key', new.key, 'alarm', 'A-' || new.alarm, 'channel', new.channel, 'kind', new.kind, 'contact', new.contact,
            'step', new.step, 'state', new.state, 'attempts', new.attempts, 'sends', new.sends, 'first_at', new.first_at,
            'sent_at', new.sent_at, 'error', new.error, 'at_least_once', json(iif(new.at_least_once, 'true', 'false')),
            'revision', new.revision, 't', now
        ), now FROM change_clock;
END;

-- A time in which nothing is raised of some rules, at some place or of some feed. NULL: of all.
CREATE TABLE alarm_windows (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    -- A rule, or all of a subject: `air.*`.
    rule TEXT,
    -- A place or a feed.
    place_id TEXT,
    from_at INTEGER NOT NULL,
    to_at INTEGER NOT NULL CHECK (to_at > from_at),
    reason TEXT NOT NULL,
    made_by TEXT NOT NULL,
    -- What would have been raised.
    hushed INTEGER NOT NULL,
    ended_by TEXT,
    revision INTEGER NOT NULL
) STRICT;

CREATE TRIGGER alarm_windows_inserted AFTER INSERT ON alarm_windows BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'alarms_windows', 'upsert',
        json_object(
            'alarm_window', new.number, 'rule', new.rule, 'place_id', new.place_id, 'from_at', new.from_at,
            'to_at', new.to_at, 'reason', new.reason, 'made_by', new.made_by, 'hushed', new.hushed,
            'ended_by', new.ended_by, 'revision', new.revision, 't', now
        ), now FROM change_clock;
END;

CREATE TRIGGER alarm_windows_updated AFTER UPDATE ON alarm_windows BEGIN
    INSERT INTO outbox (dataset, op, payload, recorded_at)
    SELECT 'alarms_windows', 'upsert',
        json_object(
            'alarm_window', new.number, 'rule', new.rule, 'place_id', new.place_id, 'from_at', new.from_at,
            'to_at', new.to_at, 'reason', new.reason, 'made_by', new.made_by, 'hushed', new.hushed,
            'ended_by', new.ended_by, 'revision', new.revision, 't', now
        ), now FROM change_clock;
END;
