-- id = "transit.trips_run"
-- version = 1
-- title.kk = "Орындалған рейстер"
-- title.ru = "Выполненные рейсы"
-- title.en = "Trips run"
-- question.kk = "Тәулікте неше рейс шынымен орындалды?"
-- question.ru = "Сколько рейсов за сутки действительно выполнено?"
-- question.en = "How many trips were really run?"
-- decision.kk = "Тасымалдаушыға шарт бойынша қанша төлеу және қай аудандағы үзілістерді тексеру керек."
-- decision.ru = "Сколько платить перевозчику по договору и в каком районе разбирать срывы."
-- decision.en = "How much to pay the operator, and in which district to look into cancelled trips."
-- unit = "trips"
-- better = "higher"
-- grains = ["day", "week", "month"]
-- owner_function = "public-transport"
-- every_min = 1440
-- at_once_days = 1
-- # Different runs (trip, service day and start) of which a vehicle reported its position, by service day. A district counts the runs
-- # with a report that stands at or drives to one of its stops. Lines whose vehicles send no positions are not in it.

WITH runs AS (
    SELECT trip_id, start_date AS day, start_time, stop_id, count(*) AS n
    FROM transit_vehicle_positions
    WHERE trip_id IS NOT NULL AND start_date IS NOT NULL
        AND t >= :from - INTERVAL '1 hour' AND t < :to + INTERVAL '12 hours'
        AND start_date >= local_date(:from, :zone) AND start_date <= local_date(:to - INTERVAL '1 second', :zone)
    GROUP BY trip_id, start_date, start_time, stop_id
),
stop_places AS (
    SELECT DISTINCT s.stop_id, p.place_id, p.valid_from, p.valid_to
    FROM gtfs_stops AS s
    JOIN organisation_places AS p ON ST_Contains(ST_GeomFromText(p.geometry), ST_Point(s.stop_lon, s.stop_lat))
    WHERE p.kind = 'district' AND p.geometry IS NOT NULL AND s.stop_lon IS NOT NULL AND s.stop_lat IS NOT NULL
),
place_runs AS (
    SELECT 'city' AS place, trip_id, day, start_time, sum(n) AS n FROM runs GROUP BY trip_id, day, start_time
    UNION ALL
    SELECT l.place_id AS place, r.trip_id, r.day, r.start_time, sum(r.n) AS n
    FROM stop_places AS l
    JOIN runs AS r ON r.stop_id = l.stop_id
    WHERE service_time(r.day, 43200, :zone) >= l.valid_from
        AND (l.valid_to IS NULL OR service_time(r.day, 43200, :zone) < l.valid_to)
    GROUP BY l.place_id, r.trip_id, r.day, r.start_time
)
SELECT
    place,
    local_start(:grain, service_time(day, 43200, :zone), :zone) AS period_start,
    CAST(count(*) AS DOUBLE) AS value,
    CAST(sum(n) AS BIGINT) AS row_count
FROM place_runs
GROUP BY place, local_start(:grain, service_time(day, 43200, :zone), :zone)
