-- id = "air.pm25_against_national_norm"
-- version = 1
-- title.kk = "PM2.5 Қазақстан нормасына қарағанда"
-- title.ru = "PM2.5 относительно нормы Казахстана"
-- title.en = "PM2.5 against the norm of Kazakhstan"
-- question.kk = "Ұсақ бөлшектер Қазақстан нормасына қарағанда неше есе көп?"
-- question.ru = "Во сколько раз мелких частиц больше нормы Казахстана?"
-- question.en = "How many times the norm of Kazakhstan is the fine dust?"
-- decision.kk = "Тазарту шараларын қай ауданнан бастау және мақсатқа жету үшін неше есе азайту керек."
-- decision.ru = "С какого района начинать меры и во сколько раз снижать выбросы, чтобы выполнить норму."
-- decision.en = "In which district to begin, and by how much to cut emissions to meet the norm."
-- unit = "1"
-- better = "lower"
-- grains = ["day", "year"]
-- owner_function = "air-quality"
-- parts = ["air_hours"]
-- every_min = 60
-- # Mean over 24 hours: 0.035 mg/m3 (order of the Minister of Health DSM-70 of 2 August 2022). Kazakhstan has no norm for the
-- # mean of a year, so a year has no value.
-- targets = { target = 1.0, limit = 1.0, hysteresis = 0.02 }

SELECT
    place,
    local_start(:grain, hour, :zone) AS period_start,
    qavg(value) / CASE :grain WHEN 'day' THEN 35.0 ELSE CAST(NULL AS DOUBLE) END AS value,
    CAST(sum(n) AS BIGINT) AS row_count,
    qavg(value) AS numerator,
    CASE :grain WHEN 'day' THEN 35.0 ELSE CAST(NULL AS DOUBLE) END AS denominator,
    'no_norm' AS reason
FROM placed_hours
GROUP BY place, local_start(:grain, hour, :zone)
