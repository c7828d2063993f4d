-- id = "assets.renewal_due"
-- version = 1
-- title.kk = "Ауыстыру мерзімі келген мүлік"
-- title.ru = "Имущество к замене"
-- title.en = "Assets due for renewal"
-- question.kk = "Қаланың неше затының қызмет мерзімі бітті?"
-- question.ru = "У скольких вещей города вышел срок службы?"
-- question.en = "How many things of the city are at the end of their life?"
-- decision.kk = "Келесі жылдың бюджетіне қанша ауыстыру салу керек."
-- decision.ru = "Сколько замен заложить в бюджет следующего года."
-- decision.en = "How many renewals to put into the budget of the next year."
-- unit = "count"
-- better = "lower"
-- grains = ["month", "quarter", "year"]
-- owner_function = "communal-infrastructure"
-- parts = ["asked_periods", "placed_items"]
-- every_min = 1440
-- min_coverage = 0.75
-- # Things whose year of renewal has come by the end of the period.

SELECT
    place,
    period_start,
    CAST(sum(CASE WHEN renewal_year <= date_part('year', day) THEN 1 ELSE 0 END) AS DOUBLE) AS value,
    count(renewal_year) AS row_count,
    CAST(count(*) AS DOUBLE) AS expected
FROM placed_items
WHERE place IN (SELECT place FROM today_places)
GROUP BY place, period_start
