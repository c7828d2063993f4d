-- id = "air.pm25_hours_over_norm"
-- version = 2
-- title.kk = "PM2.5 нормадан асқан сағаттар"
-- title.ru = "Часы с PM2.5 выше нормы"
-- title.en = "Hours with PM2.5 above the norm"
-- question.kk = "Тұрғындар нормадан лас ауамен неше сағат тыныстады?"
-- question.ru = "Сколько часов жители дышали воздухом хуже нормы?"
-- question.en = "For how many hours did people breathe air worse than the norm?"
-- decision.kk = "Ауаны тазарту шараларының нәтижесін бағалау: ластанған сағаттар азайып жатыр ма."
-- decision.ru = "Дают ли результат меры по чистому воздуху: становится ли грязных часов меньше."
-- decision.en = "Whether the clean air measures work: are there fewer bad hours than before."
-- unit = "h"
-- better = "lower"
-- grains = ["day", "week", "month", "quarter", "year"]
-- owner_function = "air-quality"
-- every_min = 60
-- # Hours in which the mean over the place is above 35 ug/m3, the daily norm of Kazakhstan taken as a yardstick for the hour.
-- # No target: the number grows with the length of the period.

WITH stations AS (
    SELECT station_id, lon, lat
    FROM (SELECT station_id, lon, lat, row_number() OVER (PARTITION BY station_id ORDER BY feed) AS n FROM air_stations)
    WHERE n = 1
),
located AS (
    SELECT s.station_id, p.place_id, p.valid_from, p.valid_to
    FROM stations AS s
    JOIN organisation_places AS p ON ST_Contains(ST_GeomFromText(p.geometry), ST_Point(s.lon, s.lat))
    WHERE p.kind = 'district' AND p.geometry IS NOT NULL
),
-- One mean for each station and hour, so that a sensor of 5 minutes weighs as much as a post of 20.
measured AS (
    SELECT station_id, local_start('hour', t, :zone) AS hour, qavg(value) AS value, count(*) AS n
    FROM air_readings
    WHERE quantity = 'pm25' AND t >= :from AND t < :to
    GROUP BY station_id, local_start('hour', t, :zone)
),
-- Hours of the archive, where no station has readings.
hours AS (
    SELECT station_id, hour, value, n FROM measured
    UNION ALL
    SELECT a.station_id, a.t AS hour, a.value, 1 AS n
    FROM (SELECT DISTINCT hour FROM measured) AS m
    RIGHT JOIN air_hourly_readings AS a ON a.t = m.hour
    WHERE a.quantity = 'pm25' AND a.t >= :from AND a.t < :to AND m.hour IS NULL
),
-- An hour of a station belongs to the city and to the district in force at its start.
placed AS (
    SELECT 'city' AS place, hour, value, n FROM hours
    UNION ALL
    SELECT l.place_id AS place, h.hour, h.value, h.n
    FROM located AS l
    JOIN hours AS h
        ON l.station_id = h.station_id AND h.hour >= l.valid_from AND (l.valid_to IS NULL OR h.hour < l.valid_to)
),
place_hours AS (
    SELECT place, hour, qavg(value) AS value, CAST(sum(n) AS BIGINT) AS n FROM placed GROUP BY place, hour
)
SELECT
    place,
    local_start(:grain, hour, :zone) AS period_start,
    CAST(sum(CASE WHEN value > 35.0 THEN 1 ELSE 0 END) AS DOUBLE) AS value,
    CAST(sum(n) AS BIGINT) AS row_count,
    CAST(sum(CASE WHEN value > 35.0 THEN 1 ELSE 0 END) AS DOUBLE) AS numerator,
    CAST(count(*) AS DOUBLE) AS denominator
FROM place_hours
GROUP BY place, local_start(:grain, hour, :zone)
