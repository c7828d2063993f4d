-- id = "traffic.flow"
-- version = 1
-- title.kk = "Көлік ағыны"
-- title.ru = "Интенсивность движения"
-- title.en = "Traffic flow"
-- question.kk = "Бір детектордан сағатына орта есеппен неше көлік өтеді?"
-- question.ru = "Сколько машин в час проходит в среднем мимо одного детектора?"
-- question.en = "How many vehicles an hour pass a detector on average?"
-- decision.kk = "Қай көшенің өткізу қабілетін арттыру және жөндеуді қай сағаттарға жоспарлау керек."
-- decision.ru = "Где не хватает пропускной способности и на какие часы ставить ремонт дорог."
-- decision.en = "Where capacity is short, and in which hours road works do least harm."
-- unit = "veh/h"
-- better = "neither"
-- grains = ["minute15", "hour", "day", "week", "month", "quarter", "year"]
-- owner_function = "road-traffic"
-- every_min = 15
-- # The mean of all flow readings of the detectors, over all lanes; each reading counts once.

WITH detectors AS (
    SELECT detector_id, lon, lat
    FROM (
        SELECT detector_id, lon, lat, row_number() OVER (PARTITION BY detector_id ORDER BY feed) AS n
        FROM traffic_detectors
    )
    WHERE n = 1
),
located AS (
    SELECT d.detector_id, p.place_id, p.valid_from, p.valid_to
    FROM detectors AS d
    JOIN organisation_places AS p ON ST_Contains(ST_GeomFromText(p.geometry), ST_Point(d.lon, d.lat))
    WHERE p.kind = 'district' AND p.geometry IS NOT NULL
),
readings AS (
    SELECT detector_id, t, value FROM traffic_readings WHERE quantity = 'flow' AND t >= :from AND t < :to
),
-- A reading belongs to the city and to the district in force when it was taken.
placed AS (
    SELECT 'city' AS place, t, value FROM readings
    UNION ALL
    SELECT l.place_id AS place, r.t, r.value
    FROM located AS l
    JOIN readings AS r
        ON l.detector_id = r.detector_id AND r.t >= l.valid_from AND (l.valid_to IS NULL OR r.t < l.valid_to)
)
SELECT
    place,
    local_start(:grain, t, :zone) AS period_start,
    qavg(value) AS value,
    count(*) AS row_count,
    qsum(value) AS numerator,
    CAST(count(*) AS DOUBLE) AS denominator
FROM placed
GROUP BY place, local_start(:grain, t, :zone)
