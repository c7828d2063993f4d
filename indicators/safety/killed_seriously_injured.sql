-- id = "safety.killed_seriously_injured"
-- version = 2
-- title.kk = "Қаза тапқандар мен ауыр жараланғандар"
-- title.ru = "Погибшие и тяжело раненные"
-- title.en = "Killed and seriously injured"
-- question.kk = "Жолда неше адам қаза тапты немесе ауыр жараланды?"
-- question.ru = "Сколько людей погибло или тяжело ранено на дорогах?"
-- question.en = "How many people were killed or seriously injured on the roads?"
-- decision.kk = "Қай ауданның көшелерін алдымен қауіпсіз ету керек."
-- decision.ru = "Улицы какого района делать безопасными в первую очередь."
-- decision.en = "In which district to make streets safe first."
-- unit = "persons"
-- better = "lower"
-- grains = ["month", "quarter", "year"]
-- owner_function = "road-traffic"
-- parts = ["asked_periods", "crash_months"]
-- every_min = 1440
-- min_coverage = 0.9
-- # Of crashes of the register. Districts by year only: shorter periods would be a few people each, and give the hidden ones
-- # away. One to four are not told, nor is the next smallest district when only one would be hidden. A register that begins
-- # later than the period gives no value, nor do districts where more than a tenth of the crashes name none. The change of counting
-- # of 2024 concerns the slightly injured, who are not in it.

WITH counted AS (
    SELECT
        p.place, a.period_start, a.first_month, coalesce(sum(m.ksi), 0) AS ksi, coalesce(sum(m.judged), 0) AS judged,
        coalesce(sum(m.told), 0) AS told
    FROM asked_periods AS a
    CROSS JOIN today_places AS p
    LEFT JOIN crash_months AS m ON m.place = p.place AND m.month >= a.first_month AND m.month <= a.last_month
    WHERE p.place = 'city' OR :grain = 'year'
    GROUP BY p.place, a.period_start, a.first_month
),
weighed AS (
    SELECT
        *,
        ksi BETWEEN 1 AND 4 AS is_small,
        count(CASE WHEN place <> 'city' AND ksi BETWEEN 1 AND 4 THEN 1 END) OVER (PARTITION BY period_start) AS small,
        row_number() OVER (PARTITION BY period_start ORDER BY place = 'city' OR ksi < 5, ksi, place) AS above,
        max(told) OVER (PARTITION BY period_start) AS of_all,
        sum(CASE WHEN place = 'city' THEN 0 ELSE told END) OVER (PARTITION BY period_start) AS placed
    FROM counted
),
judged AS (
    SELECT
        w.*, is_small OR (small = 1 AND above = 1 AND place <> 'city') AS is_hidden,
        first_month < r.first_whole OR (place <> 'city' AND 10 * placed < 9 * of_all) AS is_partial
    FROM weighed AS w
    CROSS JOIN crash_register AS r
)
SELECT
    place,
    period_start,
    CASE WHEN is_partial OR is_hidden THEN NULL ELSE CAST(ksi AS DOUBLE) END AS value,
    CASE WHEN is_partial THEN 'low_coverage' ELSE 'suppressed' END AS reason,
    judged AS row_count,
    CAST(told AS DOUBLE) AS expected
FROM judged
WHERE of_all > 0
