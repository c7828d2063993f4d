-- id = "air.pm25_max_hour"
-- version = 2
-- title.kk = "PM2.5 ең ластанған сағаты"
-- title.ru = "Самый грязный час по PM2.5"
-- title.en = "Worst hour of PM2.5"
-- question.kk = "Кезең ішіндегі ең ауыр сағатта ұсақ бөлшектер қаншаға жетті?"
-- question.ru = "До какой концентрации мелких частиц дошло в самый тяжёлый час периода?"
-- question.en = "How high did fine dust rise in the worst hour of the period?"
-- decision.kk = "Ластану туралы дабыл беру, мектептерде таза ауадағы сабақтарды тоқтату және көлік қозғалысын шектеу."
-- decision.ru = "Объявлять ли тревогу, отменять ли уроки на улице и ограничивать ли движение."
-- decision.en = "Whether to raise the smog alarm, cancel outdoor lessons and restrict traffic."
-- unit = "ug/m3"
-- better = "lower"
-- grains = ["day", "week", "month", "quarter", "year"]
-- owner_function = "air-quality"
-- every_min = 15
-- # Target: the daily norm of Kazakhstan. Limit: its greatest one-time concentration.
-- targets = { target = 35.0, limit = 160.0, hysteresis = 5.0 }

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
    max(value) AS value,
    CAST(sum(n) AS BIGINT) AS row_count
FROM place_hours
GROUP BY place, local_start(:grain, hour, :zone)
