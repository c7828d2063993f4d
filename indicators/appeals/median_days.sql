-- id = "appeals.median_days"
-- version = 1
-- title.kk = "Жауаптың медианалық уақыты"
-- title.ru = "Медианный срок ответа"
-- title.en = "Median time to an answer"
-- question.kk = "Өтініштердің жартысы неше күнде жабылады?"
-- question.ru = "За сколько дней закрывается половина обращений?"
-- question.en = "In how many days is half of the requests closed?"
-- decision.kk = "Жұмыс тәртібін қай ауданда өзгерту керек."
-- decision.ru = "В каком районе менять порядок работы."
-- decision.en = "In which district to change the way of working."
-- unit = "d"
-- better = "lower"
-- grains = ["month"]
-- owner_function = "appeals"
-- parts = ["asked_periods", "request_spells"]
-- every_min = 1440
-- # Kaplan–Meier: the first whole day by which half is closed for the first time, of the requests that came in the 90 days up to
-- # the end of the period, as they stood at its end. Open ones count for as long as they were open, so a growing backlog does
-- # not make the median shorter. Where more than half is open there is none. Places with one to four requests have no value, nor
-- # has the next smallest district when only one would be hidden.

WITH cases AS (
    SELECT
        unnest(make_array('city', s.place_id)) AS place, a.period_start,
        CAST(floor((date_part('epoch', CASE WHEN s.closed < a.period_end THEN s.closed ELSE a.period_end END)
            - date_part('epoch', s.opened)) / 86400.0) AS BIGINT) AS days,
        CASE WHEN s.closed < a.period_end THEN 1 ELSE 0 END AS is_closed
    FROM asked_periods AS a
    JOIN request_spells AS s ON s.opened < a.period_end AND s.opened >= a.period_end - INTERVAL '90 days'
    WHERE s.turn = 1
),
by_day AS (
    SELECT place, period_start, days, sum(is_closed) AS closed, count(*) AS n
    FROM cases
    WHERE place IN (SELECT place FROM today_places)
    GROUP BY place, period_start, days
),
at_risk AS (
    SELECT
        *, sum(n) OVER (PARTITION BY place, period_start ORDER BY days DESC) AS risk
    FROM by_day
),
curve AS (
    SELECT
        place, period_start, days,
        exp(
            sum(ln(1.0 - CAST(closed AS DOUBLE) / CAST(risk AS DOUBLE))) OVER (PARTITION BY place, period_start ORDER BY days)
        ) AS survival
    FROM at_risk
    WHERE closed < risk
),
medians AS (
    SELECT place, period_start, min(days) AS median
    FROM (
        SELECT place, period_start, days FROM curve WHERE survival <= 0.5
        UNION ALL
        SELECT place, period_start, days FROM at_risk WHERE closed = risk
    )
    GROUP BY place, period_start
),
weighed AS (
    SELECT
        *,
        n BETWEEN 1 AND 4 AS is_small,
        count(CASE WHEN place <> 'city' AND n BETWEEN 1 AND 4 THEN 1 END) OVER (PARTITION BY period_start) AS small,
        row_number() OVER (PARTITION BY period_start ORDER BY place = 'city' OR n < 5, n, place) AS above
    FROM (SELECT place, period_start, CAST(sum(n) AS BIGINT) AS n FROM by_day GROUP BY place, period_start)
),
judged AS (
    SELECT *, is_small OR (small = 1 AND above = 1 AND place <> 'city') AS is_hidden
    FROM weighed
)
SELECT
    w.place,
    w.period_start,
    CASE WHEN w.is_hidden THEN NULL ELSE CAST(m.median AS DOUBLE) END AS value,
    CASE WHEN w.is_hidden THEN 'suppressed' END AS reason,
    w.n AS row_count
FROM judged AS w
LEFT JOIN medians AS m ON m.place = w.place AND m.period_start = w.period_start
