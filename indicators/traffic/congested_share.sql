-- id = "traffic.congested_share"
-- version = 1
-- title.kk = "Кептелістің үлесі"
-- title.ru = "Доля заторов"
-- title.en = "Share of congestion"
-- question.kk = "Көшелердің қанша бөлігінде көлік бос жолдағыдан екі есе баяу жүреді?"
-- question.ru = "На какой доле улиц и часов едут вдвое медленнее, чем по свободной дороге?"
-- question.en = "On what share of streets and hours is traffic slower than half its free-flow speed?"
-- decision.kk = "Реттеушілерді қайда жіберу және қай қиылысты алдымен қайта құру керек."
-- decision.ru = "Куда отправить регулировщиков и какие перекрёстки перестраивать первыми."
-- decision.en = "Where to send traffic officers, and which junctions to rebuild first."
-- unit = "ratio"
-- better = "lower"
-- grains = ["hour", "day", "week", "month", "quarter", "year"]
-- owner_function = "road-traffic"
-- every_min = 60
-- # Share of detector-hours whose mean speed is below half of the free-flow speed of the detector. Free-flow speed: the one
-- # of the list of detectors; where it says none, the 85th percentile (type 7, exact) of the hourly means of the detector in
-- # the seven local days that end with the day of the hour.

WITH detectors AS (
    SELECT detector_id, lon, lat, free_flow_kmh
    FROM (
        SELECT detector_id, lon, lat, free_flow_kmh, row_number() OVER (PARTITION BY detector_id ORDER BY feed) AS n
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
hours AS (
    SELECT
        detector_id, local_start('hour', t, :zone) AS hour, local_date(local_start('hour', t, :zone), :zone) AS day,
        qavg(value) AS speed, count(*) AS n
    FROM traffic_readings
    WHERE quantity = 'speed'
        AND t >= local_start('day', :from, :zone) - INTERVAL '7 days'
        AND t < local_end('day', :to - INTERVAL '1 second', :zone)
    GROUP BY detector_id, local_start('hour', t, :zone)
),
wanted AS (
    SELECT DISTINCT h.detector_id, h.day
    FROM hours AS h
    LEFT JOIN detectors AS d ON d.detector_id = h.detector_id
    WHERE h.hour >= :from AND h.hour < :to AND d.free_flow_kmh IS NULL
),
ranked AS (
    SELECT
        w.detector_id, w.day, h.speed,
        row_number() OVER (PARTITION BY w.detector_id, w.day ORDER BY h.speed) - 1 AS place,
        0.85 * (count(*) OVER (PARTITION BY w.detector_id, w.day) - 1) AS wanted_place
    FROM wanted AS w
    JOIN hours AS h
        ON h.detector_id = w.detector_id AND h.day <= w.day AND h.day > w.day - INTERVAL '7 days'
),
neighbours AS (
    SELECT
        detector_id, day, wanted_place - floor(wanted_place) AS share,
        max(CASE WHEN place = floor(wanted_place) THEN speed END) AS low,
        max(CASE WHEN place = ceil(wanted_place) THEN speed END) AS high
    FROM ranked
    GROUP BY detector_id, day, wanted_place
),
judged AS (
    SELECT
        h.detector_id, h.hour, h.n,
        CASE WHEN h.speed < 0.5 * coalesce(d.free_flow_kmh, f.low + f.share * (f.high - f.low)) THEN 1 ELSE 0 END AS slow
    FROM hours AS h
    LEFT JOIN detectors AS d ON d.detector_id = h.detector_id
    LEFT JOIN neighbours AS f ON f.detector_id = h.detector_id AND f.day = h.day
    WHERE h.hour >= :from AND h.hour < :to
),
-- An hour of a detector belongs to the city and to the district in force at its start.
placed AS (
    SELECT 'city' AS place, hour, n, slow FROM judged
    UNION ALL
    SELECT l.place_id AS place, j.hour, j.n, j.slow
    FROM located AS l
    JOIN judged AS j
        ON l.detector_id = j.detector_id AND j.hour >= l.valid_from AND (l.valid_to IS NULL OR j.hour < l.valid_to)
)
SELECT
    place,
    local_start(:grain, hour, :zone) AS period_start,
    CAST(sum(slow) AS DOUBLE) / CAST(count(*) AS DOUBLE) AS value,
    CAST(sum(n) AS BIGINT) AS row_count,
    CAST(sum(slow) AS DOUBLE) AS numerator,
    CAST(count(*) AS DOUBLE) AS denominator
FROM placed
GROUP BY place, local_start(:grain, hour, :zone)
