-- id = "safety.record_completeness"
-- version = 1
-- title.kk = "Апат жазбаларының толықтығы"
-- title.ru = "Полнота записей о ДТП"
-- title.en = "Completeness of crash records"
-- question.kk = "Апат жазбаларының қанша бөлігі толық толтырылған?"
-- question.ru = "Какая доля записей о ДТП заполнена полностью?"
-- question.en = "What share of crash records is filled in completely?"
-- decision.kk = "Полиция картасын толтыруды қай ауданда түзету керек және басқа сандарға сенуге бола ма."
-- decision.ru = "В каком районе наладить заполнение карточек и можно ли верить остальным числам."
-- decision.en = "In which district to mend the filling in of records, and whether to trust the other numbers."
-- unit = "ratio"
-- better = "higher"
-- grains = ["month", "quarter", "year"]
-- owner_function = "road-traffic"
-- parts = ["asked_periods"]
-- every_min = 1440
-- # Complete: coordinates, district, street segment, cause, severity, and whether a pedestrian and a cyclist were in it. A
-- # record without a district is the city's only. Districts with one to four crashes are not told, nor is the next smallest
-- # district when only one would be hidden.

WITH crashes AS (
    SELECT
        unnest(make_array('city', place_id)) AS place, local_start(:grain, t, :zone) AS period_start,
        CASE
            WHEN lon IS NULL OR lat IS NULL OR place_id IS NULL OR segment_id IS NULL OR cause IS NULL OR severity IS NULL
                OR pedestrian IS NULL OR cyclist IS NULL THEN 0
            ELSE 1
        END AS is_whole
    FROM safety_crashes
    WHERE t >= :from AND t < :to
),
counted AS (
    SELECT place, period_start, CAST(sum(is_whole) AS DOUBLE) AS whole, count(*) AS n
    FROM crashes
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
    CASE WHEN is_hidden THEN NULL ELSE whole / n END AS value,
    CASE WHEN is_hidden THEN 'suppressed' END AS reason,
    CAST(n AS BIGINT) AS row_count,
    whole AS numerator,
    CAST(n AS DOUBLE) AS denominator
FROM judged
