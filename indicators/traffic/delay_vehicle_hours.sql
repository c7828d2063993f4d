-- id = "traffic.delay_vehicle_hours"
-- version = 2
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
-- Detectors and segments meet in cells of some 500 m: to compare each with each takes a second.
segment_rows AS (
    SELECT *, unnest(generate_series(CAST(floor(200.0 * south) AS BIGINT), CAST(floor(200.0 * north) AS BIGINT))) AS cell_row
    FROM segments
),
segment_cells AS (
    SELECT *, unnest(generate_series(CAST(floor(200.0 * west) AS BIGINT), CAST(floor(200.0 * east) AS BIGINT))) AS cell_column
    FROM segment_rows
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
        JOIN segment_cells AS s
            ON CAST(floor(200.0 * d.lat) AS BIGINT) = s.cell_row AND CAST(floor(200.0 * d.lon) AS BIGINT) = s.cell_column
            AND d.lon >= s.west AND d.lon <= s.east AND d.lat >= s.south AND d.lat <= s.north
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
    SELECT place, count(DISTINCT detector_id) AS detectors
    FROM (
        SELECT unnest(CASE WHEN p.place_id IS NULL THEN make_array('city') ELSE make_array('city', p.place_id) END) AS place,
            l.detector_id
        FROM (SELECT detector_id, place_id FROM detector_places WHERE valid_to IS NULL) AS p
        RIGHT JOIN lengths AS l ON l.detector_id = p.detector_id
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
