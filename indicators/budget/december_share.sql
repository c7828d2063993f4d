-- id = "budget.december_share"
-- version = 1
-- title.kk = "Желтоқсандағы төлемдердің үлесі"
-- title.ru = "Доля платежей декабря"
-- title.en = "Share of payments in December"
-- question.kk = "Жылдық төлемдердің қанша бөлігі желтоқсанға қалды?"
-- question.ru = "Какая доля платежей года пришлась на декабрь?"
-- question.en = "What share of the payments of the year fell into December?"
-- decision.kk = "Келесі жылдың сатып алуларын ертерек бастау керек пе."
-- decision.ru = "Начинать ли закупки следующего года раньше."
-- decision.en = "Whether to begin the purchases of the next year earlier."
-- unit = "ratio"
-- better = "lower"
-- grains = ["year"]
-- owner_function = "finance"
-- parts = ["asked_periods", "budget_months"]
-- every_min = 1440
-- # Payments of December over those of the year. A year that has not ended, or whose January is not known, has no value. Limit:
-- # a twelfth would be even; the city pays 18 to 20 % then.

SELECT
    m.place,
    a.period_start,
    CASE WHEN b.first_whole > a.first_month THEN NULL ELSE CAST(m.last_amount AS DOUBLE) / CAST(m.amount AS DOUBLE) END AS value,
    CASE WHEN b.first_whole > a.first_month THEN 'low_coverage' END AS reason,
    CAST(m.n AS BIGINT) AS row_count,
    CAST(m.last_amount AS DOUBLE) AS numerator,
    CAST(m.amount AS DOUBLE) AS denominator
FROM asked_periods AS a
JOIN (
    SELECT
        place, month / 12 AS year, sum(amount) AS amount, sum(CASE WHEN month % 12 = 11 THEN amount END) AS last_amount,
        sum(n) AS n
    FROM budget_months
    WHERE kind = 'paid'
    GROUP BY place, month / 12
) AS m ON m.year = a.first_month / 12
JOIN budget_books AS b ON b.kind = 'paid'
WHERE m.last_amount IS NOT NULL AND m.amount > 0
