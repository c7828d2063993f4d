-- id = "budget.commitments"
-- version = 1
-- title.kk = "Қабылданған міндеттемелер"
-- title.ru = "Принятые обязательства"
-- title.en = "Commitments"
-- question.kk = "Жыл басынан бері жылдық жоспардың қанша бөлігіне міндеттеме алынды?"
-- question.ru = "На какую часть годового плана взяты обязательства с начала года?"
-- question.en = "For what part of the plan of the year have commitments been made since its begin?"
-- decision.kk = "Қай сатып алуларды тездету керек, әйтпесе жыл соңында ақша қалып қояды."
-- decision.ru = "Какие закупки ускорить, пока деньги не остались к концу года."
-- decision.en = "Which purchases to speed up before money is left over at the end of the year."
-- unit = "ratio"
-- better = "higher"
-- grains = ["month", "year"]
-- owner_function = "finance"
-- parts = ["asked_periods", "budget_months"]
-- every_min = 1440
-- # Registered commitments from the begin of the year to the end of the period over the plan of the year with the amendments in
-- # force at that time. A district is the lines of its own office. Commitments must be known since January.

SELECT
    p.place,
    p.period_start,
    CASE WHEN b.first_whole > p.january THEN NULL ELSE CAST(f.amount AS DOUBLE) / CAST(p.amount AS DOUBLE) END AS value,
    CASE WHEN b.first_whole > p.january THEN 'low_coverage' END AS reason,
    CAST(p.n + f.n AS BIGINT) AS row_count,
    CAST(f.amount AS DOUBLE) AS numerator,
    CAST(p.amount AS DOUBLE) AS denominator
FROM year_money AS p
JOIN year_money AS f ON f.place = p.place AND f.period_start = p.period_start AND f.kind = 'committed'
JOIN budget_books AS b ON b.kind = 'committed'
WHERE p.kind = 'plan' AND p.amount > 0
