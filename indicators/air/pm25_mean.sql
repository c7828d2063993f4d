-- id = "air.pm25_mean"
-- version = 2
-- title.kk = "PM2.5 орташа концентрациясы"
-- title.ru = "Средняя концентрация PM2.5"
-- title.en = "Mean PM2.5"
-- question.kk = "Адамдар ұсақ бөлшектері қандай ауамен тыныстап жүр және ол тәуліктік нормадан неше есе артық?"
-- question.ru = "Каким по мелким частицам воздухом дышат жители и во сколько раз он хуже суточной нормы?"
-- question.en = "How much fine dust do people breathe, and how many times the daily norm is it?"
-- decision.kk = "Қай ауданда және қай күндері жеке пештерді тазарақ отынға ауыстыруды бастау және тұрғындарға ескерту жасау керек."
-- decision.ru = "В каком районе и в какие дни начинать перевод печей на чистое топливо и предупреждать жителей."
-- decision.en = "In which district and on which days to start replacing coal stoves and to warn residents."
-- unit = "ug/m3"
-- better = "lower"
-- grains = ["hour", "day", "week", "month", "quarter", "year"]
-- owner_function = "air-quality"
-- every_min = 15
-- # Target: 24-hour guideline of WHO 2021. Limit: daily norm of Kazakhstan. Both are meant for the day.
-- targets = { target = 15.0, limit = 35.0, hysteresis = 2.0 }

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
)
SELECT
    place,
    local_start(:grain, hour, :zone) AS period_start,
    qavg(value) AS value,
    CAST(sum(n) AS BIGINT) AS row_count,
    qsum(value) AS numerator,
    CAST(count(*) AS DOUBLE) AS denominator
FROM placed
GROUP BY place, local_start(:grain, hour, :zone)
