-- id = "projects.over_cost"
-- version = 1
-- title.kk = "Қымбаттаған жобалар"
-- title.ru = "Проекты дороже плана"
-- title.en = "Projects over cost"
-- question.kk = "Жүріп жатқан неше жоба жоспардан оннан бірінен артық қымбатқа түседі?"
-- question.ru = "Сколько проектов в работе обойдётся дороже плана больше чем на десятую часть?"
-- question.en = "How many projects under way will cost more than a tenth above their plan?"
-- decision.kk = "Қай жобаның сметасын қайта қарау немесе көлемін қысқарту керек."
-- decision.ru = "Смету какого проекта пересмотреть или объём сократить."
-- decision.en = "Which project to estimate anew, or to cut."
-- unit = "count"
-- better = "lower"
-- grains = ["month", "year"]
-- owner_function = "projects"
-- parts = ["asked_periods", "project_states"]
-- every_min = 1440
-- # Cost at completion by the cost so far: budget over CPI, CPI being what is earned over what is spent. Of the projects under
-- # way at the end of the period.

WITH placed AS (
    SELECT
        s.place, s.period_start,
        CASE
            WHEN s.spent > 1.1 * s.earned THEN 1
            ELSE 0
        END AS is_so
    FROM project_states AS s
)
SELECT
    place,
    period_start,
    CAST(sum(is_so) AS DOUBLE) AS value,
    count(*) AS row_count
FROM placed
WHERE place IN (SELECT place FROM today_places)
GROUP BY place, period_start
