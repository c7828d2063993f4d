-- id = "traffic.detectors_working"
-- version = 1
-- title.kk = "Жұмыс істеп тұрған детекторлар"
-- title.ru = "Работающие детекторы"
-- title.en = "Detectors working"
-- question.kk = "Детекторлардың қанша бөлігі деректер жіберіп тұр?"
-- question.ru = "Какая доля детекторов присылает данные?"
-- question.en = "What share of the detectors sends data?"
-- decision.kk = "Жөндеу тобын қай ауданға жіберу және көлік туралы сандарға сенуге бола ма."
-- decision.ru = "В какой район послать ремонтников и можно ли верить цифрам о движении."
-- decision.en = "To which district to send the repair crew, and whether the figures of traffic can be trusted."
-- unit = "ratio"
-- better = "higher"
-- grains = ["hour", "day", "week", "month"]
-- owner_function = "road-traffic"
-- parts = ["detector_hours"]
-- every_min = 60
-- # Detector-hours with at least one reading of flow or speed, of all detectors of the list and all hours of the period. A period in
-- # which no detector sent anything at all has no value: then it is not the detectors that are silent. Targets: assumption.
-- targets = { target = 0.95, limit = 0.75, hysteresis = 0.01 }

WITH hours_asked AS (
    SELECT local_start(:grain, t, :zone) AS period_start, count(*) AS hours
    FROM (SELECT unnest(generate_series(:from, :to - INTERVAL '1 second', INTERVAL '1 hour')) AS t)
    GROUP BY local_start(:grain, t, :zone)
),
listed AS (
    SELECT 'city' AS place, count(*) AS detectors FROM detectors
    UNION ALL
    SELECT place_id AS place, count(*) AS detectors FROM detector_places WHERE valid_to IS NULL GROUP BY place_id
),
heard AS (
    SELECT
        p.place, local_start(:grain, p.hour, :zone) AS period_start, count(*) AS n,
        CAST(sum(p.flow_n + p.speed_n) AS BIGINT) AS readings
    FROM detectors AS d
    JOIN placed_detector_hours AS p ON p.detector_id = d.detector_id
    GROUP BY p.place, local_start(:grain, p.hour, :zone)
)
SELECT
    l.place,
    h.period_start,
    CAST(coalesce(w.n, 0) AS DOUBLE) / CAST(l.detectors * h.hours AS DOUBLE) AS value,
    coalesce(w.readings, 0) AS row_count,
    CAST(coalesce(w.n, 0) AS DOUBLE) AS numerator,
    CAST(l.detectors * h.hours AS DOUBLE) AS denominator
FROM listed AS l
CROSS JOIN hours_asked AS h
LEFT JOIN heard AS w ON w.place = l.place AND w.period_start = h.period_start
WHERE l.detectors > 0 AND h.period_start IN (SELECT period_start FROM heard WHERE place = 'city')
