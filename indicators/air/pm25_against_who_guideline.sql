-- id = "air.pm25_against_who_guideline"
-- version = 1
-- title.kk = "PM2.5 ДДҰ ұсынымына қарағанда"
-- title.ru = "PM2.5 относительно рекомендации ВОЗ"
-- title.en = "PM2.5 against the WHO's guideline"
-- question.kk = "Ұсақ бөлшектер ДДҰ ұсынымына қарағанда неше есе көп?"
-- question.ru = "Во сколько раз мелких частиц больше рекомендации ВОЗ?"
-- question.en = "How many times the WHO's guideline is the fine dust?"
-- decision.kk = "Тазарту шараларын қай ауданнан бастау және мақсатқа жету үшін неше есе азайту керек."
-- decision.ru = "С какого района начинать меры и во сколько раз снижать выбросы, чтобы выполнить норму."
-- decision.en = "In which district to begin, and by how much to cut emissions to meet the norm."
-- unit = "1"
-- better = "lower"
-- grains = ["day", "year"]
-- owner_function = "air-quality"
-- parts = ["air_hours"]
-- every_min = 60
-- # Air quality guidelines of the WHO, 2021: 15 ug/m3 over 24 hours (not more than three or four days a year above it), 5 over a
-- # year.
-- targets = { target = 1.0, limit = 1.0, hysteresis = 0.02 }

SELECT
    place,
    local_start(:grain, hour, :zone) AS period_start,
    qavg(value) / CASE :grain WHEN 'day' THEN 15.0 ELSE 5.0 END AS value,
    CAST(sum(n) AS BIGINT) AS row_count,
    qavg(value) AS numerator,
    CASE :grain WHEN 'day' THEN 15.0 ELSE 5.0 END AS denominator
FROM placed_hours
GROUP BY place, local_start(:grain, hour, :zone)
