-- id = "organisation.functions_without_owner"
-- version = 1
-- title.kk = "Иесіз функциялар"
-- title.ru = "Функции без владельца"
-- title.en = "Functions without an owner"
-- question.kk = "Ережелердегі неше функцияға ешкім жауап бермейді?"
-- question.ru = "За сколько функций из положений никто не отвечает?"
-- question.en = "For how many functions of the statutes does nobody answer?"
-- decision.kk = "Функцияны қай басқармаға бекіту керек."
-- decision.ru = "За каким управлением закрепить функцию."
-- decision.en = "To which department to give the function."
-- unit = "count"
-- better = "lower"
-- grains = ["month", "quarter", "year"]
-- owner_function = "internal-policy"
-- parts = ["asked_periods"]
-- every_min = 1440
-- # Functions by statute in force on the last day of the period whose owner is empty, unknown, or not in force on that day. The
-- # city only: the list has no places. Target: none.
-- targets = { target = 0.0, limit = 0.0 }

SELECT
    'city' AS place,
    a.period_start,
    CAST(count(*) - count(b.body_id) AS DOUBLE) AS value,
    count(*) AS row_count
FROM asked_periods AS a
JOIN organisation_statute_functions AS f ON f.begins_on <= a.last_day AND (f.ends_on IS NULL OR f.ends_on > a.last_day)
LEFT JOIN (SELECT DISTINCT body_id, begins_on, ends_on FROM organisation_bodies) AS b
    ON b.body_id = f.owner_body_id AND b.begins_on <= a.last_day AND (b.ends_on IS NULL OR b.ends_on > a.last_day)
GROUP BY a.period_start
