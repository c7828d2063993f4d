-- id = "safety.against_path_to_zero"
-- version = 2
-- title.kk = "Нөлге апарар жолмен салыстыру"
-- title.ru = "Против пути к нулю"
-- title.en = "Against the path to zero"
-- question.kk = "Қаза мен ауыр жарақат нөлге апарар жолдағыдан көп пе?"
-- question.ru = "Больше ли погибших и тяжело раненных, чем на пути к нулю?"
-- question.en = "Are more people killed and seriously injured than on the path to zero?"
-- decision.kk = "Vision Zero шараларын күшейту керек пе."
-- decision.ru = "Усиливать ли меры Vision Zero."
-- decision.en = "Whether to do more for Vision Zero."
-- unit = "ratio"
-- better = "lower"
-- grains = ["month", "quarter", "year"]
-- owner_function = "road-traffic"
-- parts = ["asked_periods", "crash_months"]
-- every_min = 1440
-- min_coverage = 0.9
-- # Killed and seriously injured in the twelve months that end with the period, over what the path allows. The path is that of the
-- # programme of the city that sets targets for safety.killed_seriously_injured as shares of a base year: straight lines from the
-- # whole base year (the first whole year of the register, where the programme names none) to the share of each target at the end
-- # of its year, and level after the last. Without such a programme there is no value. 1 is on the path. Districts by year only,
-- # each on its own path. One to four are not told, nor is the next smallest district when only one would be hidden. Target: the
-- # path; limit: a tenth above it (assumption).
-- targets = { target = 1.0, limit = 1.1 }

WITH counted AS (
    SELECT
        p.place, a.period_start, a.last_month, coalesce(sum(m.ksi), 0) AS ksi, coalesce(sum(m.judged), 0) AS judged,
        coalesce(sum(m.told), 0) AS told
    FROM asked_periods AS a
    CROSS JOIN today_places AS p
    LEFT JOIN crash_months AS m ON m.place = p.place AND m.month > a.last_month - 12 AND m.month <= a.last_month
    WHERE p.place = 'city' OR :grain = 'year'
    GROUP BY p.place, a.period_start, a.last_month
),
path_targets AS (
    SELECT year, target, base_year
    FROM organisation_programme_targets
    WHERE indicator = 'safety.killed_seriously_injured' AND basis = 'share' AND valid_to IS NULL
        AND programme_id = (
            SELECT min(programme_id) FROM organisation_programme_targets
            WHERE indicator = 'safety.killed_seriously_injured' AND basis = 'share' AND valid_to IS NULL
        )
),
-- The base year; months are counted from year 0, and a year ends with its twelfth.
path_base AS (
    SELECT coalesce(base_year, (first_whole + 11) / 12) AS base_year
    FROM crash_register
    CROSS JOIN (SELECT min(base_year) AS base_year, count(*) AS n FROM path_targets)
    WHERE n > 0
),
base AS (
    SELECT m.place, CAST(sum(m.ksi) AS BIGINT) AS ksi
    FROM path_base AS r
    JOIN crash_months AS m ON m.month >= 12 * r.base_year AND m.month < 12 * r.base_year + 12
    GROUP BY m.place
),
-- Straight pieces of the path: from a month and share to the next.
path_pieces AS (
    SELECT
        month, share, lead(month) OVER (ORDER BY month) AS next_month, lead(share) OVER (ORDER BY month) AS next_share
    FROM (
        SELECT 12 * base_year + 11 AS month, 1.0 AS share FROM path_base
        UNION ALL
        SELECT 12 * t.year + 11 AS month, t.target AS share
        FROM path_targets AS t
        JOIN path_base AS b ON t.year > b.base_year
    )
),
allowed AS (
    SELECT
        c.*, least(c.ksi, b.ksi) AS n,
        b.ksi * CASE
            WHEN p.next_month IS NULL THEN p.share
            ELSE p.share + (p.next_share - p.share) * (c.last_month - p.month) / (p.next_month - p.month)
        END AS path
    FROM counted AS c
    JOIN base AS b ON b.place = c.place
    JOIN path_pieces AS p ON c.last_month >= p.month AND (p.next_month IS NULL OR c.last_month < p.next_month)
),
weighed AS (
    SELECT
        *,
        n BETWEEN 1 AND 4 AS is_small,
        count(CASE WHEN place <> 'city' AND n BETWEEN 1 AND 4 THEN 1 END) OVER (PARTITION BY period_start) AS small,
        row_number() OVER (PARTITION BY period_start ORDER BY place = 'city' OR n < 5, n, place) AS above
    FROM allowed
),
judged AS (
    SELECT *, is_small OR (small = 1 AND above = 1 AND place <> 'city') AS is_hidden
    FROM weighed
)
SELECT
    place,
    period_start,
    CASE WHEN is_hidden OR path <= 0.0 THEN NULL ELSE ksi / path END AS value,
    CASE WHEN is_hidden THEN 'suppressed' END AS reason,
    judged AS row_count,
    CAST(ksi AS DOUBLE) AS numerator,
    path AS denominator,
    CAST(told AS DOUBLE) AS expected
FROM judged
WHERE told > 0
