-- id = "assets.bad_condition_share"
-- version = 1
-- title.kk = "Нашар күйдегі мүліктің үлесі"
-- title.ru = "Доля имущества в плохом состоянии"
-- title.en = "Share of assets in bad condition"
-- question.kk = "Қала мүлкінің қанша бөлігі нашар күйде?"
-- question.ru = "Какая доля имущества города в плохом состоянии?"
-- question.en = "What share of what the city owns is in bad condition?"
-- decision.kk = "Жөндеу қаражатын қай ауданға беру керек."
-- decision.ru = "Какому району дать деньги на ремонт."
-- decision.en = "To which district to give money for repairs."
-- unit = "ratio"
-- better = "lower"
-- grains = ["month", "quarter", "year"]
-- owner_function = "communal-infrastructure"
-- parts = ["asked_periods", "placed_items"]
-- every_min = 1440
-- min_coverage = 0.75
-- # Things with condition 4 or 5 of 5, of those whose condition is known; a bridge counts like a light.

SELECT
    place,
    period_start,
    CAST(sum(CASE WHEN condition >= 4 THEN 1 ELSE 0 END) AS DOUBLE) / CAST(count(condition) AS DOUBLE) AS value,
    count(condition) AS row_count,
    CAST(sum(CASE WHEN condition >= 4 THEN 1 ELSE 0 END) AS DOUBLE) AS numerator,
    CAST(count(condition) AS DOUBLE) AS denominator,
    CAST(count(*) AS DOUBLE) AS expected
FROM placed_items
WHERE place IN (SELECT place FROM today_places)
GROUP BY place, period_start
HAVING count(condition) > 0
