-- id = "traffic.mean_speed"
-- version = 1
-- title.kk = "Көліктің орташа жылдамдығы"
-- title.ru = "Средняя скорость движения"
-- title.en = "Mean speed of traffic"
-- question.kk = "Көлік қандай жылдамдықпен жүріп жатыр?"
-- question.ru = "С какой скоростью едет город?"
-- question.en = "How fast does the city drive?"
-- decision.kk = "Бағдаршам жоспарын қай уақытта ауыстыру және қай көшеде автобус жолағын ашу керек."
-- decision.ru = "Когда переключать план светофоров и на какой улице нужна полоса для автобусов."
-- decision.en = "When to switch the signal plan, and which street needs a bus lane."
-- unit = "km/h"
-- better = "higher"
-- grains = ["minute15", "hour", "day", "week", "month", "quarter", "year"]
-- owner_function = "road-traffic"
-- every_min = 15
-- # The mean of all speed readings of the detectors; each reading counts once.

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
    SELECT detector_id, t, value FROM traffic_readings WHERE quantity = 'speed' AND t >= :from AND t < :to
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
