-- id = "safety.against_path_to_zero"
-- version = 1
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
-- # Killed and seriously injured in the twelve months that end with the period, over what the path allows. The path (assumption
-- # until the city adopts its own): from the first whole year of the register in equal steps to a half of it in 2030, as in the
-- # United Nations' decade of action, and from there to none in 2050. 1 is on the path. Districts by year only, each on its own
-- # path. One to four are not told, nor is the next smallest district when only one would be hidden. Target: the path; limit: a
-- # tenth above it (assumption).
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
-- The first whole calendar year is where the path begins.
base AS (
    SELECT m.place, r.base_year, r.first_whole, CAST(sum(m.ksi) AS BIGINT) AS ksi
    FROM (SELECT first_whole, (first_whole + 11) / 12 AS base_year FROM crash_register) AS r
    JOIN crash_months AS m ON m.month >= 12 * r.base_year AND m.month < 12 * r.base_year + 12
    GROUP BY m.place, r.base_year, r.first_whole
),
-- Months since the end of the base year, and as many until half of the path.
walked AS (
    SELECT
        c.*, b.ksi AS base_ksi, b.first_whole, c.last_month - 12 * b.base_year - 11 AS gone,
        12 * (2030 - b.base_year) AS to_half
    FROM counted AS c
    JOIN base AS b ON b.place = c.place
    WHERE c.last_month >= 12 * b.base_year + 11
),
allowed AS (
    SELECT
        *, least(ksi, base_ksi) AS n,
        base_ksi * CASE
            WHEN gone <= to_half THEN 1.0 - 0.5 * gone / CASE WHEN to_half > 0 THEN to_half ELSE 1 END
            ELSE greatest(0.0, 0.5 - 0.5 * (gone - to_half) / 240.0)
        END AS path
    FROM walked
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
