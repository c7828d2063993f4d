-- id = "crime.repeat_share"
-- version = 1
-- title.kk = "Қайталанатын жерлердің үлесі"
-- title.ru = "Доля повторов на том же месте"
-- title.en = "Share at repeat places"
-- question.kk = "Құқық бұзушылықтардың қанша бөлігі жақында дәл сондайы болған жерде болады?"
-- question.ru = "Какая доля правонарушений случается там, где недавно было такое же?"
-- question.en = "What share of offences happens where the same kind happened shortly before?"
-- decision.kk = "Бірінші оқиғадан кейін көршілерді ескертіп, орынды бір ай күзету пайда бере ме."
-- decision.ru = "Даст ли пользу предупреждать соседей и месяц следить за местом после первого случая."
-- decision.en = "Whether it pays to warn the neighbours and to watch a place for a month after a first offence."
-- unit = "ratio"
-- better = "lower"
-- grains = ["month", "quarter", "year"]
-- owner_function = "public-safety"
-- parts = ["offence_squares"]
-- every_min = 1440
-- # Offences of the period that follow another of the same kind in the same square of 250 m within 30 days. In busy squares some
-- # do by chance; repeats across the edge of a square are not seen. Places with one to four offences have no value, nor has the
-- # next smallest district when only one would be hidden.

WITH followed AS (
    SELECT
        place_id, t, lag(t) OVER (PARTITION BY kind, row, col ORDER BY t) AS before
    FROM offence_squares
    WHERE t >= :from - INTERVAL '30 days'
),
counted AS (
    SELECT
        place, period_start, CAST(count(*) AS BIGINT) AS n, CAST(sum(is_repeat) AS BIGINT) AS repeats
    FROM (
        SELECT
            unnest(make_array('city', place_id)) AS place, local_start(:grain, t, :zone) AS period_start,
            CASE WHEN before >= t - INTERVAL '30 days' THEN 1 ELSE 0 END AS is_repeat
        FROM followed
        WHERE t >= :from
    )
    WHERE place = 'city' OR place IN (SELECT place_id FROM organisation_places WHERE kind = 'district' AND valid_to IS NULL)
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
    CASE WHEN is_hidden THEN NULL ELSE CAST(repeats AS DOUBLE) / CAST(n AS DOUBLE) END AS value,
    CASE WHEN is_hidden THEN 'suppressed' END AS reason,
    n AS row_count,
    CAST(repeats AS DOUBLE) AS numerator,
    CAST(n AS DOUBLE) AS denominator
FROM judged
