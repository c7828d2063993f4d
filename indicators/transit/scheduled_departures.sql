-- id = "transit.scheduled_departures"
-- version = 1
-- title.kk = "Аялдамалардан кесте бойынша шығулар"
-- title.ru = "Отправления с остановок по расписанию"
-- title.en = "Scheduled departures from stops"
-- question.kk = "Кесте бойынша аялдамалардан көлік қаншалықты жиі шығады?"
-- question.ru = "Как часто по расписанию отправляются с остановок автобусы и поезда?"
-- question.en = "How often do vehicles leave the stops, by the timetable?"
-- decision.kk = "Қай сағатта және қай ауданда аралықты қысқарту керек."
-- decision.ru = "В какие часы и в каких районах сокращать интервалы."
-- decision.en = "In which hours and districts to shorten the headways."
-- unit = "count"
-- better = "higher"
-- grains = ["hour", "day", "week", "month", "quarter", "year"]
-- owner_function = "public-transport"
-- parts = ["trip_ends", "services"]
-- every_min = 1440
-- # Departures at the instant at which they happen: 25:10 of Monday's service is Tuesday 01:10. The last stop of a trip has no
-- # departure. A stop without a time takes the last time before it.

WITH located AS (
    SELECT s.feed, s.stop_id, p.place_id, p.valid_from, p.valid_to
    FROM gtfs_stops AS s
    JOIN organisation_places AS p ON ST_Contains(ST_GeomFromText(p.geometry), ST_Point(s.stop_lon, s.stop_lat))
    WHERE p.kind = 'district' AND p.geometry IS NOT NULL AND s.stop_lon IS NOT NULL AND s.stop_lat IS NOT NULL
),
calls AS (
    SELECT
        feed, trip_id, stop_id, stop_sequence,
        max(coalesce(departure_time, arrival_time)) OVER (
            PARTITION BY feed, trip_id ORDER BY stop_sequence ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS second
    FROM gtfs_stop_times
),
trip_departures AS (
    SELECT c.feed, t.service_id, c.stop_id, c.second + coalesce(r.start_time - e.first_second, 0) AS second
    FROM gtfs_trips AS t
    LEFT JOIN trip_starts AS r ON r.feed = t.feed AND r.trip_id = t.trip_id
    JOIN trip_ends AS e ON e.feed = t.feed AND e.trip_id = t.trip_id
    JOIN calls AS c ON c.feed = t.feed AND c.trip_id = t.trip_id
    WHERE c.stop_sequence < e.last_sequence
),
-- By quarter of an hour, where all periods and places change at the earliest: a year is then 365 times some hundred rows.
quarters AS (
    SELECT
        feed, service_id, 'city' AS place, CAST(NULL AS TIMESTAMP) AS valid_from, CAST(NULL AS TIMESTAMP) AS valid_to,
        second - second % 900 AS second, count(*) AS n
    FROM trip_departures
    GROUP BY feed, service_id, second - second % 900
    UNION ALL
    SELECT
        d.feed, d.service_id, l.place_id AS place, l.valid_from, l.valid_to,
        d.second - d.second % 900 AS second, count(*) AS n
    FROM trip_departures AS d
    JOIN located AS l ON l.feed = d.feed AND l.stop_id = d.stop_id
    GROUP BY d.feed, d.service_id, l.place_id, l.valid_from, l.valid_to, d.second - d.second % 900
),
departures AS (
    SELECT q.place, q.valid_from, q.valid_to, q.n, service_time(s.date, q.second, :zone) AS t
    FROM services AS s
    JOIN quarters AS q ON q.feed = s.feed AND q.service_id = s.service_id
)
SELECT
    place,
    local_start(:grain, t, :zone) AS period_start,
    CAST(sum(n) AS DOUBLE) AS value,
    CAST(sum(n) AS BIGINT) AS row_count
FROM departures
WHERE t >= :from AND t < :to AND (valid_from IS NULL OR t >= valid_from) AND (valid_to IS NULL OR t < valid_to)
GROUP BY place, local_start(:grain, t, :zone)
