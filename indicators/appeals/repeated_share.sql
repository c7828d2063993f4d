-- id = "appeals.repeated_share"
-- version = 1
-- title.kk = "Қайталанған өтініштердің үлесі"
-- title.ru = "Доля повторных обращений"
-- title.en = "Share of repeated requests"
-- question.kk = "Өтініштердің қанша бөлігі жақында дәл сол жерден сұралған нәрсені қайталайды?"
-- question.ru = "Какая доля обращений повторяет то, о чём недавно просили с того же места?"
-- question.en = "What share of requests asks again what was asked from the same place shortly before?"
-- decision.kk = "Қай жауаптарды жай жабудың орнына себебін жою керек."
-- decision.ru = "Где устранять причину, а не закрывать обращение."
-- decision.en = "Where to remove the cause instead of closing the request."
-- unit = "ratio"
-- better = "lower"
-- grains = ["month", "quarter", "year"]
-- owner_function = "appeals"
-- parts = ["asked_periods"]
-- every_min = 1440
-- min_coverage = 0.5
-- # Requests with coordinates that came within 30 days after another on the same topic from at most 50 m away; what is answered
-- # in the call itself is not judged. On a day when something fails many ask for the same thing, and that counts. Requests
-- # without coordinates are missing rows. Places with one to four requests have no value, nor has the next smallest district
-- # when only one would be hidden.

WITH located AS (
    SELECT
        request_id, service_code, place_id, t, lon, lat,
        CAST(floor(lat * 111195.0 / 100.0) AS BIGINT) AS row, CAST(floor(lon * 111195.0 / 200.0) AS BIGINT) AS col
    FROM appeals_requests
    WHERE t >= :from - INTERVAL '30 days' AND t < :to AND (closed_at IS NULL OR closed_at > t)
),
-- A square of a hundred metres and more is joined with those around it.
around AS (
    SELECT service_code, t, lon, lat, row + unnest(make_array(-1, 0, 1)) AS row, col
    FROM located
    WHERE lon IS NOT NULL AND lat IS NOT NULL
),
wider AS (
    SELECT service_code, t, lon, lat, row, col + unnest(make_array(-1, 0, 1)) AS col FROM around
),
repeated AS (
    SELECT DISTINCT b.request_id
    FROM wider AS a
    JOIN located AS b ON b.service_code = a.service_code AND b.row = a.row AND b.col = a.col
    WHERE a.t < b.t AND a.t >= b.t - INTERVAL '30 days' AND b.t >= :from
        AND power((a.lon - b.lon) * cos(radians(b.lat)) * 111195.0, 2) + power((a.lat - b.lat) * 111195.0, 2) <= 2500.0
),
counted AS (
    SELECT
        place, period_start, count(lon + lat) AS n, CAST(count(*) AS DOUBLE) AS told, CAST(sum(is_repeat) AS BIGINT) AS repeats
    FROM (
        SELECT
            unnest(make_array('city', l.place_id)) AS place, local_start(:grain, l.t, :zone) AS period_start, l.lon, l.lat,
            CASE WHEN r.request_id IS NULL THEN 0 ELSE 1 END AS is_repeat
        FROM located AS l
        LEFT JOIN repeated AS r ON r.request_id = l.request_id
        WHERE l.t >= :from
    )
    WHERE place IN (SELECT place FROM today_places)
    GROUP BY place, period_start
),
weighed AS (
    SELECT
        *,
        n BETWEEN 1 AND 4 AS is_small,
        count(CASE WHEN place <> 'city' AND n BETWEEN 1 AND 4 THEN 1 END) OVER (PARTITION BY period_start) AS small,
        row_number() OVER (PARTITION BY period_start ORDER BY place = 'city' OR n < 5, n, place) AS above
    FROM counted
),
judged AS (
    SELECT *, is_small OR (small = 1 AND above = 1 AND place <> 'city') AS is_hidden
    FROM weighed
)
SELECT
    place,
    period_start,
    CASE WHEN is_hidden OR n = 0 THEN NULL ELSE CAST(repeats AS DOUBLE) / CAST(n AS DOUBLE) END AS value,
    CASE WHEN is_hidden THEN 'suppressed' END AS reason,
    n AS row_count,
    CAST(repeats AS DOUBLE) AS numerator,
    CAST(n AS DOUBLE) AS denominator,
    told AS expected
FROM judged
