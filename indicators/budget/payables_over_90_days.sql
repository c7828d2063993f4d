-- id = "budget.payables_over_90_days"
-- version = 1
-- title.kk = "90 күннен асқан кредиторлық берешек"
-- title.ru = "Кредиторская задолженность свыше 90 дней"
-- title.en = "Payables over 90 days"
-- question.kk = "Қала 90 күннен астам уақыт төлемеген шоттар қанша?"
-- question.ru = "Сколько город должен по счетам, не оплаченным больше 90 дней?"
-- question.en = "How much does the city owe on bills that have waited for more than 90 days?"
-- decision.kk = "Алдымен қай шоттарды төлеу керек."
-- decision.ru = "Какие счета оплатить первыми."
-- decision.en = "Which bills to pay first."
-- unit = "KZT"
-- better = "lower"
-- grains = ["month", "year"]
-- owner_function = "finance"
-- parts = ["asked_periods"]
-- every_min = 1440
-- min_coverage = 0.95
-- # By the last list of payables in the period. A district is the lines of its own office. Lines that do not tell the age of
-- # their bills are missing rows. Target: none.
-- targets = { target = 0.0, limit = 0.0 }

WITH last_lists AS (
    SELECT a.period_start, max(p.t) AS day
    FROM asked_periods AS a
    JOIN budget_payables AS p ON p.t >= local_date(a.period_start, :zone) AND p.t <= a.last_day
    GROUP BY a.period_start
),
bills AS (
    SELECT l.period_start, p.code, p.over_90_days_kzt AS late
    FROM last_lists AS l
    JOIN budget_payables AS p ON p.t = l.day
),
placed AS (
    SELECT unnest(make_array('city', c.place_id)) AS place, b.period_start, b.late
    FROM budget_codes AS c
    RIGHT JOIN bills AS b ON b.code = c.code
)
SELECT
    place,
    period_start,
    CAST(sum(late) AS DOUBLE) AS value,
    count(late) AS row_count,
    CAST(count(*) AS DOUBLE) AS expected
FROM placed
WHERE place IN (SELECT place FROM today_places)
GROUP BY place, period_start
