-- id = "air.stations_within_tolerance"
-- version = 1
-- title.kk = "Рұқсат етілген ауытқудағы бекеттер"
-- title.ru = "Посты в пределах допуска"
-- title.en = "Stations within tolerance"
-- question.kk = "Бекеттердің қанша бөлігі көршілерімен келісе өлшейді?"
-- question.ru = "Какая доля постов измеряет согласованно с соседями?"
-- question.en = "What share of the stations agrees with its neighbours?"
-- decision.kk = "Қай аспапты тексеріп, салыстырып баптау керек."
-- decision.ru = "Какие приборы проверять и калибровать."
-- decision.en = "Which instruments to check and calibrate."
-- unit = "ratio"
-- better = "higher"
-- grains = ["day", "week", "month"]
-- owner_function = "air-quality"
-- parts = ["air_hours"]
-- every_min = 1440
-- # A station agrees when the sum of its hourly PM2.5 is within 50 % of the sum of the medians of the stations of its district (of
-- # the city, where it lies in none) over the same hours: the bound of indicative measurements at the limit value. Hours with
-- # fewer than three stations have no median; a station with fewer than 12 such hours is not judged. Targets: assumption.
-- targets = { target = 0.95, limit = 0.8, hysteresis = 0.01 }

WITH homes AS (
    SELECT place, station_id, hour, value, n,
        rank() OVER (PARTITION BY station_id, hour ORDER BY CASE WHEN place = 'city' THEN 2 ELSE 1 END) AS choice
    FROM placed_hours
),
ranked_stations AS (
    SELECT
        place, station_id, hour, value, n,
        CAST(lower_first AS BIGINT) AS rank, CAST(lower_first + higher_first AS BIGINT) - 1 AS stations
    FROM (
        SELECT
            place, station_id, hour, value, n,
            row_number() OVER (PARTITION BY place, hour ORDER BY value, station_id) AS lower_first,
            row_number() OVER (PARTITION BY place, hour ORDER BY value DESC, station_id DESC) AS higher_first
        FROM homes
        WHERE choice = 1
    )
),
medians AS (
    SELECT
        place, hour,
        (max(CASE WHEN rank = (stations + 1) / 2 THEN value END) + max(CASE WHEN rank = stations / 2 + 1 THEN value END)) / 2.0
            AS median
    FROM ranked_stations
    WHERE stations >= 3
    GROUP BY place, hour
),
judged AS (
    SELECT
        s.place, s.station_id, local_start(:grain, s.hour, :zone) AS period_start,
        qsum(s.value) AS own, qsum(m.median) AS usual, CAST(sum(s.n) AS BIGINT) AS n
    FROM medians AS m
    JOIN ranked_stations AS s ON s.place = m.place AND s.hour = m.hour
    GROUP BY s.place, s.station_id, local_start(:grain, s.hour, :zone)
    HAVING count(*) >= 12 AND qsum(m.median) > 0.0
),
marks AS (
    SELECT
        unnest(CASE WHEN place = 'city' THEN make_array('city') ELSE make_array('city', place) END) AS place,
        period_start, CASE WHEN abs(own / usual - 1.0) <= 0.5 THEN 1 ELSE 0 END AS good, n
    FROM judged
)
SELECT
    place,
    period_start,
    CAST(sum(good) AS DOUBLE) / CAST(count(*) AS DOUBLE) AS value,
    CAST(sum(n) AS BIGINT) AS row_count,
    CAST(sum(good) AS DOUBLE) AS numerator,
    CAST(count(*) AS DOUBLE) AS denominator
FROM marks
GROUP BY place, period_start
