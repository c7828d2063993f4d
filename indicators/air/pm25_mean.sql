-- id = "air.pm25_mean"
-- version = 2
-- title.kk = "PM2.5 орташа концентрациясы"
-- title.ru = "Средняя концентрация PM2.5"
-- title.en = "Mean PM2.5"
-- question.kk = "Адамдар ұсақ бөлшектері қандай ауамен тыныстап жүр және ол тәуліктік нормадан неше есе артық?"
-- question.ru = "Каким по мелким частицам воздухом дышат жители и во сколько раз он хуже суточной нормы?"
-- question.en = "How much fine dust do people breathe, and how many times the daily norm is it?"
-- decision.kk = "Қай ауданда және қай күндері жеке пештерді тазарақ отынға ауыстыруды бастау және тұрғындарға ескерту жасау керек."
-- decision.ru = "В каком районе и в какие дни начинать перевод печей на чистое топливо и предупреждать жителей."
-- decision.en = "In which district and on which days to start replacing coal stoves and to warn residents."
-- unit = "ug/m3"
-- better = "lower"
-- grains = ["hour", "day", "week", "month", "quarter", "year"]
-- owner_function = "air-quality"
-- parts = ["air_hours"]
-- every_min = 15
-- # Target: 24-hour guideline of WHO 2021. Limit: daily norm of Kazakhstan. Both are meant for the day.
-- targets = { target = 15.0, limit = 35.0, hysteresis = 2.0 }

SELECT
    place,
    local_start(:grain, hour, :zone) AS period_start,
    qavg(value) AS value,
    CAST(sum(n) AS BIGINT) AS row_count,
    qsum(value) AS numerator,
    CAST(count(*) AS DOUBLE) AS denominator
FROM placed_hours
GROUP BY place, local_start(:grain, hour, :zone)
