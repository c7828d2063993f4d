-- id = "appeals.functions_late"
-- version = 1
-- title.kk = "Мерзімін бұзатын функциялар"
-- title.ru = "Функции, нарушающие срок"
-- title.en = "Functions that answer late"
-- question.kk = "Неше функция өтініштерінің оннан бірінен көбіне кешігіп жауап береді?"
-- question.ru = "Сколько функций отвечает с опозданием больше чем на десятую часть обращений?"
-- question.en = "How many functions are late with more than a tenth of their requests?"
-- decision.kk = "Қай басқармалардың басшыларын шақыру керек."
-- decision.ru = "Руководителей каких управлений вызвать."
-- decision.en = "The heads of which departments to call in."
-- unit = "count"
-- better = "lower"
-- grains = ["month"]
-- owner_function = "appeals"
-- parts = ["asked_periods", "request_spells"]
-- every_min = 1440
-- # Of the requests that became due in the period, those not closed for the first time by then; a function with at least 20 of
-- # them is judged. So the answer by function is one number; which they are says a question to the tables. Target: none; limit:
-- # 2 (assumption).
-- targets = { target = 0.0, limit = 2.0 }

WITH judged AS (
    SELECT
        place, period_start, function_id, count(*) AS n,
        sum(CASE WHEN closed <= due_at THEN 0 ELSE 1 END) AS late
    FROM (
        SELECT
            unnest(make_array('city', place_id)) AS place, local_start(:grain, due_at, :zone) AS period_start, function_id,
            closed, due_at
        FROM request_spells
        WHERE turn = 1 AND due_at >= :from AND due_at < :to AND function_id IS NOT NULL
    )
    WHERE place IN (SELECT place FROM today_places)
    GROUP BY place, period_start, function_id
    HAVING count(*) >= 20
)
SELECT
    place,
    period_start,
    CAST(sum(CASE WHEN 10 * late > n THEN 1 ELSE 0 END) AS DOUBLE) AS value,
    CAST(sum(n) AS BIGINT) AS row_count
FROM judged
WHERE period_start IN (SELECT period_start FROM asked_periods)
GROUP BY place, period_start
