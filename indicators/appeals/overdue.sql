-- id = "appeals.overdue"
-- version = 2
-- title.kk = "Мерзімі өткен өтініштер"
-- title.ru = "Просроченные обращения"
-- title.en = "Overdue requests"
-- question.kk = "Заңды мерзімі өткен неше өтініш әлі ашық?"
-- question.ru = "Сколько открытых обращений вышло за срок по закону?"
-- question.en = "How many open requests are past their legal term?"
-- decision.kk = "Қай функцияның басшысынан бүгін жауап сұрау керек."
-- decision.ru = "С руководителя какой функции спросить сегодня."
-- decision.en = "The head of which function to ask today."
-- unit = "count"
-- better = "lower"
-- grains = ["day", "month"]
-- owner_function = "appeals"
-- parts = ["asked_periods", "request_spells"]
-- every_min = 1440
-- # Open at the end of the period and due before it. Requests without a term cannot be overdue. Districts are told if any request
-- # names one. Places with one to four requests have no value, nor has the next smallest district when only one would be hidden.

WITH steps AS (
    SELECT place_id, greatest(opened, due_at) AS t, 1 AS step
    FROM request_spells
    WHERE due_at IS NOT NULL AND (closed IS NULL OR closed > due_at)
    UNION ALL
    SELECT place_id, closed AS t, -1 AS step
    FROM request_spells
    WHERE closed IS NOT NULL AND due_at IS NOT NULL AND (closed IS NULL OR closed > due_at)
),
-- What began before the range stands in its first period.
moves AS (
    SELECT place, period_start, sum(step) AS net
    FROM (
        SELECT
            unnest(make_array('city', place_id)) AS place, local_start(:grain, greatest(t, :from), :zone) AS period_start, step
        FROM steps
        WHERE t < :to
    )
    GROUP BY place, period_start
),
counted AS (
    SELECT
        p.place, p.period_start,
        CAST(sum(coalesce(m.net, 0)) OVER (PARTITION BY p.place ORDER BY p.period_start) AS BIGINT) AS n
    FROM told_places AS p
    LEFT JOIN moves AS m ON m.place = p.place AND m.period_start = p.period_start
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
    CASE WHEN is_hidden THEN NULL ELSE CAST(n AS DOUBLE) END AS value,
    CASE WHEN is_hidden THEN 'suppressed' END AS reason,
    n AS row_count
FROM judged
