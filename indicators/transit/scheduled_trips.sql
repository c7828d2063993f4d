-- id = "transit.scheduled_trips"
-- version = 1
-- title.kk = "Кесте бойынша рейстер"
-- title.ru = "Рейсы по расписанию"
-- title.en = "Scheduled trips"
-- question.kk = "Кесте қоғамдық көліктің неше рейсін уәде етеді?"
-- question.ru = "Сколько рейсов обещает расписание общественного транспорта?"
-- question.en = "How many public transport trips does the timetable promise?"
-- decision.kk = "Қай ауданға рейс қосу керек және тасымалдаушы келісімдегі көлемді орындай ма."
-- decision.ru = "Каким районам добавить рейсы и выполняет ли перевозчик объём по договору."
-- decision.en = "Which districts need more trips, and whether the operator plans what the contract asks."
-- unit = "trips"
-- better = "higher"
-- grains = ["day", "week", "month", "quarter", "year"]
-- owner_function = "public-transport"
-- parts = ["services"]
-- every_min = 1440
-- # Trips of the service day: a trip that ends after 24:00 counts on the date on which its service began. A district counts
-- # the trips that call at one of its stops at least.

WITH located AS (
    SELECT s.feed, s.stop_id, p.place_id, p.valid_from, p.valid_to
    FROM gtfs_stops AS s
    JOIN organisation_places AS p ON ST_Contains(ST_GeomFromText(p.geometry), ST_Point(s.stop_lon, s.stop_lat))
    WHERE p.kind = 'district' AND p.geometry IS NOT NULL AND s.stop_lon IS NOT NULL AND s.stop_lat IS NOT NULL
),
trips AS (
    SELECT t.feed, t.service_id, t.trip_id, coalesce(r.runs, 1) AS runs
    FROM gtfs_trips AS t
    LEFT JOIN (SELECT feed, trip_id, count(*) AS runs FROM trip_starts GROUP BY feed, trip_id) AS r
        ON r.feed = t.feed AND r.trip_id = t.trip_id
),
calls AS (
    SELECT DISTINCT c.feed, c.trip_id, l.place_id, l.valid_from, l.valid_to
    FROM gtfs_stop_times AS c
    JOIN located AS l ON l.feed = c.feed AND l.stop_id = c.stop_id
),
-- Trips of a service by place; an instant at noon stands for the date.
service_trips AS (
    SELECT
        feed, service_id, 'city' AS place, CAST(NULL AS TIMESTAMP) AS valid_from, CAST(NULL AS TIMESTAMP) AS valid_to,
        sum(runs) AS runs, count(*) AS n
    FROM trips
    GROUP BY feed, service_id
    UNION ALL
    SELECT t.feed, t.service_id, c.place_id AS place, c.valid_from, c.valid_to, sum(t.runs) AS runs, count(*) AS n
    FROM trips AS t
    JOIN calls AS c ON c.feed = t.feed AND c.trip_id = t.trip_id
    GROUP BY t.feed, t.service_id, c.place_id, c.valid_from, c.valid_to
),
days AS (
    SELECT t.place, service_time(s.date, 43200, :zone) AS noon, t.valid_from, t.valid_to, t.runs, t.n
    FROM services AS s
    JOIN service_trips AS t ON t.feed = s.feed AND t.service_id = s.service_id
    UNION ALL
    -- A date for which a timetable is valid and nothing runs has a true zero.
    SELECT DISTINCT
        'city' AS place, service_time(d.date, 43200, :zone) AS noon,
        CAST(NULL AS TIMESTAMP) AS valid_from, CAST(NULL AS TIMESTAMP) AS valid_to, 0 AS runs, 0 AS n
    FROM service_dates AS d
    JOIN gtfs_calendar AS c ON d.date >= c.start_date AND d.date <= c.end_date
)
SELECT
    place,
    local_start(:grain, noon, :zone) AS period_start,
    CAST(sum(runs) AS DOUBLE) AS value,
    CAST(sum(n) AS BIGINT) AS row_count
FROM days
WHERE noon >= :from AND noon < :to AND (valid_from IS NULL OR noon >= valid_from) AND (valid_to IS NULL OR noon < valid_to)
GROUP BY place, local_start(:grain, noon, :zone)
