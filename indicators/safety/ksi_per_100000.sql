-- id = "safety.ksi_per_100000"
-- version = 1
-- title.kk = "100 000 тұрғынға шаққандағы қаза мен ауыр жарақат"
-- title.ru = "Погибшие и тяжело раненные на 100 000 жителей"
-- title.en = "Killed and seriously injured per 100,000 residents"
-- question.kk = "Жол қаупі тұрғындар санына шаққанда қаншалықты?"
-- question.ru = "Насколько опасны дороги с учётом числа жителей?"
-- question.en = "How dangerous are the roads for the number of people who live here?"
-- decision.kk = "Қауіпсіздік қаражатын аудандарға қалай бөлу керек."
-- decision.ru = "Как делить деньги на безопасность между районами."
-- decision.en = "How to share the money for safety between districts."
-- unit = "1"
-- better = "lower"
-- grains = ["month", "quarter", "year"]
-- owner_function = "road-traffic"
-- parts = ["asked_periods", "crash_months", "place_residents"]
-- every_min = 1440
-- min_coverage = 0.9
-- boundaries = "today"
-- # Killed and seriously injured in the twelve months that end with the period, per 100,000 residents of the lists of today; the
-- # city is the sum of its districts. Where it happened counts, not where the people lived. Districts by year only. One to four
-- # are not told, nor is the next smallest district when only one would be hidden. The register must tell of all twelve months,
-- # and districts of nine tenths of the crashes.

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
residents AS (
    SELECT place, residents FROM list_residents
    UNION ALL
    SELECT 'city' AS place, CASE WHEN count(*) + 1 = (SELECT count(*) FROM today_places) THEN sum(residents) END AS residents
    FROM list_residents
),
judged AS (
    SELECT
        w.*, is_small OR (small = 1 AND above = 1 AND place <> 'city') AS is_hidden,
        w.last_month - 11 < r.first_whole OR (place <> 'city' AND 10 * placed < 9 * of_all) AS is_partial
    FROM weighed AS w
    CROSS JOIN crash_register AS r
)
SELECT
    w.place,
    w.period_start,
    CASE
        WHEN w.is_partial OR w.is_hidden THEN NULL
        ELSE 100000.0 * w.ksi / p.residents
    END AS value,
    CASE
        WHEN w.is_partial THEN 'low_coverage'
        WHEN w.is_hidden THEN 'suppressed'
    END AS reason,
    w.judged AS row_count,
    CAST(w.ksi AS DOUBLE) AS numerator,
    CAST(p.residents AS DOUBLE) AS denominator,
    CAST(w.told AS DOUBLE) AS expected
FROM judged AS w
LEFT JOIN residents AS p ON p.place = w.place
WHERE w.told > 0
