-- id = "traffic.delay_vehicle_hours"
-- version = 1
-- title.kk = "Кептелісте жоғалған көлік-сағаттар"
-- title.ru = "Потери времени в заторах, машино-часы"
-- title.en = "Delay, vehicle-hours"
-- question.kk = "Кептелісте неше көлік-сағат жоғалды?"
-- question.ru = "Сколько машино-часов потеряно в заторах?"
-- question.en = "How many vehicle-hours were lost to slow traffic?"
-- decision.kk = "Қай ауданның көшелеріне алдымен ақша бөлу керек."
-- decision.ru = "На улицы какого района давать деньги в первую очередь."
-- decision.en = "On the streets of which district to spend first."
-- unit = "h"
-- better = "lower"
-- grains = ["hour", "day", "week", "month", "year"]
-- owner_function = "road-traffic"
-- parts = ["detector_hours", "free_flow"]
-- every_min = 60
-- min_coverage = 0.75
-- # On the street segments that have a detector, in its direction: vehicles of the hour by the length of the segment, by the time
-- # of a kilometre beyond that at free-flow speed. Streets without a detector are not guessed. A detector belongs to the nearest
-- # segment within some 30 m; one without is left out. Below three quarters of the detector-hours there is no value.

WITH segments AS (
    SELECT
        length_m, geometry,
        ST_XMin(ST_GeomFromText(geometry)) - 0.0004 AS west, ST_XMax(ST_GeomFromText(geometry)) + 0.0004 AS east,
        ST_YMin(ST_GeomFromText(geometry)) - 0.0003 AS south, ST_YMax(ST_GeomFromText(geometry)) + 0.0003 AS north
    FROM traffic_street_segments
    WHERE geometry IS NOT NULL AND length_m IS NOT NULL
),
lengths AS (
    SELECT detector_id, length_m / 1000.0 AS km
    FROM (
        SELECT
            d.detector_id, s.length_m,
            row_number() OVER (
                PARTITION BY d.detector_id
                ORDER BY ST_Distance(ST_Point(d.lon, d.lat), ST_GeomFromText(s.geometry)), s.length_m
            ) AS n
        FROM detectors AS d
        JOIN segments AS s
            ON d.lon >= s.west AND d.lon <= s.east AND d.lat >= s.south AND d.lat <= s.north
        WHERE ST_Distance(ST_Point(d.lon, d.lat), ST_GeomFromText(s.geometry)) < 0.0003
    )
    WHERE n = 1
),
hours_asked AS (
    SELECT local_start(:grain, t, :zone) AS period_start, count(*) AS hours
    FROM (SELECT unnest(generate_series(:from, :to - INTERVAL '1 second', INTERVAL '1 hour')) AS t)
    GROUP BY local_start(:grain, t, :zone)
),
expected AS (
    SELECT place, count(*) AS detectors
    FROM (
        SELECT 'city' AS place, detector_id FROM lengths
        UNION ALL
        SELECT p.place_id AS place, l.detector_id
        FROM detector_places AS p
        JOIN lengths AS l ON l.detector_id = p.detector_id
        WHERE p.valid_to IS NULL
    )
    GROUP BY place
),
delays AS (
    SELECT
        p.place, local_start(:grain, p.hour, :zone) AS period_start,
        qsum(p.flow * l.km * greatest(1.0 / p.speed - 1.0 / p.free_kmh, 0.0)) AS value,
        count(*) AS n
    FROM lengths AS l
    JOIN placed_judged_hours AS p ON p.detector_id = l.detector_id
    WHERE p.free_kmh IS NOT NULL AND p.flow IS NOT NULL
    GROUP BY p.place, local_start(:grain, p.hour, :zone)
)
SELECT
    d.place,
    d.period_start,
    d.value,
    d.n AS row_count,
    CAST(e.detectors * h.hours AS DOUBLE) AS expected
FROM delays AS d
JOIN hours_asked AS h ON h.period_start = d.period_start
JOIN expected AS e ON e.place = d.place
