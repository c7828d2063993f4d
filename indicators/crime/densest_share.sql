-- id = "crime.densest_share"
-- version = 1
-- title.kk = "Ауданның ең тығыз 1 %-ындағы үлес"
-- title.ru = "Доля в самом плотном 1 % площади"
-- title.en = "Share in the densest 1 % of the area"
-- question.kk = "Құқық бұзушылықтардың қанша бөлігі қаланың ең тығыз бір пайызында болады?"
-- question.ru = "Какая доля правонарушений приходится на самый плотный процент площади?"
-- question.en = "What share of offences happens in the densest one per cent of the area?"
-- decision.kk = "Күшті бірнеше жерге шоғырландыру керек пе, әлде бүкіл қалаға бөлу керек пе."
-- decision.ru = "Сосредоточить силы на немногих местах или распределить по всему городу."
-- decision.en = "Whether to concentrate on a few places, or to spread over the city."
-- unit = "ratio"
-- better = "neither"
-- grains = ["month", "quarter", "year"]
-- owner_function = "public-safety"
-- parts = ["asked_periods", "offences_compared", "offence_squares"]
-- every_min = 1440
-- boundaries = "today"
-- # Offences of the twelve months that end with the period by square of 250 m; the squares with most of them that make up 1 % of
-- # the area of the place by the outlines of its districts. Few offences a square concentrate by chance alone: only the same
-- # place at two times compares, and whether a concentration is real says the model. All twelve months must be in the register.
-- # Places with one to four offences have no value, nor has the next smallest district when only one would be hidden.

WITH areas AS (
    SELECT
        place_id,
        ST_Area(ST_GeomFromText(geometry)) * 111.195 * 111.195
            * cos(radians((ST_YMin(ST_GeomFromText(geometry)) + ST_YMax(ST_GeomFromText(geometry))) / 2.0)) AS km2
    FROM organisation_places
    WHERE kind = 'district' AND valid_to IS NULL AND geometry IS NOT NULL
),
place_squares AS (
    SELECT place_id AS place, greatest(CAST(ceil(km2 * 0.01 / 0.0625) AS BIGINT), 1) AS densest FROM areas
    UNION ALL
    SELECT 'city' AS place, greatest(CAST(ceil(sum(km2) * 0.01 / 0.0625) AS BIGINT), 1) AS densest FROM areas
),
squares AS (
    SELECT m.period_start, unnest(make_array('city', o.place_id)) AS place, o.row, o.col
    FROM (
        SELECT a.period_start, unnest(generate_series(a.last_month - 11, a.last_month)) AS month
        FROM asked_periods AS a
        CROSS JOIN offence_register AS r
        WHERE a.last_month - 11 >= r.first_whole AND a.last_month <= r.last_month
    ) AS m
    JOIN offence_squares AS o ON o.month = m.month
),
ranked AS (
    SELECT place, period_start, n, row_number() OVER (PARTITION BY place, period_start ORDER BY n DESC) AS rank
    FROM (SELECT place, period_start, count(*) AS n FROM squares GROUP BY place, period_start, row, col)
),
counted AS (
    SELECT
        r.place, r.period_start, CAST(sum(r.n) AS BIGINT) AS n,
        CAST(sum(CASE WHEN r.rank <= s.densest THEN r.n ELSE 0 END) AS BIGINT) AS dense
    FROM ranked AS r
    JOIN place_squares AS s ON s.place = r.place
    GROUP BY r.place, r.period_start
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
    CASE WHEN is_hidden THEN NULL ELSE CAST(dense AS DOUBLE) / CAST(n AS DOUBLE) END AS value,
    CASE WHEN is_hidden THEN 'suppressed' END AS reason,
    n AS row_count,
    CAST(dense AS DOUBLE) AS numerator,
    CAST(n AS DOUBLE) AS denominator
FROM judged
