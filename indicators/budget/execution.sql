-- id = "budget.execution"
-- version = 1
-- title.kk = "Бюджеттің игерілуі"
-- title.ru = "Исполнение бюджета"
-- title.en = "Execution of the budget"
-- question.kk = "Жыл басынан бері жылдық жоспардың қанша бөлігі төленді?"
-- question.ru = "Какая часть годового плана оплачена с начала года?"
-- question.en = "What part of the plan of the year has been paid since its begin?"
-- decision.kk = "Қай әкімшіден ақша неге жұмсалмай жатқанын сұрау керек."
-- decision.ru = "С какого администратора спросить, почему деньги не расходуются."
-- decision.en = "Which administrator to ask why the money is not being spent."
-- unit = "ratio"
-- better = "higher"
-- grains = ["month", "year"]
-- owner_function = "finance"
-- parts = ["asked_periods", "budget_months"]
-- every_min = 1440
-- # Payments from the begin of the year to the end of the period over the plan of the year with the amendments in force at that
-- # time. A district is the lines of its own office. Payments must be known since January.

SELECT
    p.place,
    p.period_start,
    CASE WHEN b.first_whole > p.january THEN NULL ELSE CAST(f.amount AS DOUBLE) / CAST(p.amount AS DOUBLE) END AS value,
    CASE WHEN b.first_whole > p.january THEN 'low_coverage' END AS reason,
    CAST(p.n + f.n AS BIGINT) AS row_count,
    CAST(f.amount AS DOUBLE) AS numerator,
    CAST(p.amount AS DOUBLE) AS denominator
FROM year_money AS p
JOIN year_money AS f ON f.place = p.place AND f.period_start = p.period_start AND f.kind = 'paid'
JOIN budget_books AS b ON b.kind = 'paid'
WHERE p.kind = 'plan' AND p.amount > 0
