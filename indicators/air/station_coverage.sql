-- id = "air.station_coverage"
-- version = 1
-- title.kk = "Бекеттерден келген өлшемдердің үлесі"
-- title.ru = "Доля пришедших измерений"
-- title.en = "Share of expected air readings that arrived"
-- question.kk = "Күтілген PM2.5 өлшемдерінің қанша бөлігі келді?"
-- question.ru = "Какая часть ожидаемых измерений PM2.5 пришла?"
-- question.en = "What part of the PM2.5 readings that we expect has arrived?"
-- decision.kk = "Қай бекетке жөндеушіні жіберу керек және ауа туралы қорытындыға сенуге бола ма."
-- decision.ru = "На какой пост послать ремонтную бригаду и можно ли верить выводам о воздухе."
-- decision.en = "Which station needs a repair crew, and whether conclusions about the air can be trusted."
-- unit = "ratio"
-- better = "higher"
-- grains = ["hour", "day", "week", "month", "quarter", "year"]
-- owner_function = "air-quality"
-- every_min = 60
-- # Limit 0.75: the usual least data capture for a mean. Target 0.95: assumption.
-- targets = { target = 0.95, limit = 0.75, hysteresis = 0.01 }

-- Expected: every station that reported in the last seven local days keeps its usual interval, which is the most frequent
-- time between neighbouring readings on its last day with at least two readings. What arrives beyond that is not counted.
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
readings AS (
    SELECT station_id, t, local_date(t, :zone) AS day, CAST(date_part('epoch', t) AS BIGINT) AS second
    FROM air_readings
    WHERE quantity = 'pm25'
        AND t >= local_start('day', :from, :zone) - INTERVAL '7 days'
        AND t < local_end('day', :to - INTERVAL '1 second', :zone)
),
gaps AS (
    SELECT station_id, day, second - lag(second) OVER (PARTITION BY station_id, day ORDER BY second) AS gap_s
    FROM readings
),
gap_counts AS (
    SELECT station_id, day, gap_s, count(*) AS n FROM gaps WHERE gap_s > 0 GROUP BY station_id, day, gap_s
),
steps AS (
    SELECT
        station_id, day, gap_s,
        row_number() OVER (PARTITION BY station_id, day ORDER BY n DESC, gap_s) AS place
    FROM gap_counts
),
hours AS (
    SELECT hour, local_date(hour, :zone) AS day
    FROM (SELECT unnest(generate_series(:from, :to - INTERVAL '1 second', INTERVAL '1 hour')) AS hour)
),
usual AS (
    SELECT
        d.day, s.station_id, s.gap_s,
        row_number() OVER (PARTITION BY d.day, s.station_id ORDER BY s.day DESC) AS place
    FROM (SELECT DISTINCT day FROM hours) AS d
    JOIN steps AS s ON s.place = 1 AND s.day <= d.day AND s.day > d.day - INTERVAL '7 days'
),
arrived AS (
    SELECT station_id, local_start('hour', t, :zone) AS hour, count(*) AS n
    FROM readings
    WHERE t >= :from AND t < :to
    GROUP BY station_id, local_start('hour', t, :zone)
),
station_hours AS (
    SELECT h.hour, u.station_id, 3600.0 / u.gap_s AS expected, coalesce(a.n, 0) AS n
    FROM hours AS h
    JOIN usual AS u ON u.place = 1 AND u.day = h.day
    LEFT JOIN arrived AS a ON a.station_id = u.station_id AND a.hour = h.hour
),
placed AS (
    SELECT 'city' AS place, station_id, hour, expected, n FROM station_hours
    UNION ALL
    SELECT l.place_id AS place, h.station_id, h.hour, h.expected, h.n
    FROM located AS l
    JOIN station_hours AS h
        ON l.station_id = h.station_id AND h.hour >= l.valid_from AND (l.valid_to IS NULL OR h.hour < l.valid_to)
),
station_periods AS (
    SELECT
        place, station_id, local_start(:grain, hour, :zone) AS period_start,
        qsum(expected) AS expected, CAST(sum(n) AS BIGINT) AS n
    FROM placed
    GROUP BY place, station_id, local_start(:grain, hour, :zone)
)
SELECT
    place,
    period_start,
    qsum(least(CAST(n AS DOUBLE), expected)) / qsum(expected) AS value,
    CAST(sum(n) AS BIGINT) AS row_count,
    qsum(least(CAST(n AS DOUBLE), expected)) AS numerator,
    qsum(expected) AS denominator,
    qsum(expected) AS expected
FROM station_periods
GROUP BY place, period_start
