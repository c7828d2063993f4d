-- id = "air.pm25_against_eu_limit"
-- version = 1
-- title.kk = "PM2.5 ЕО шегіне қарағанда"
-- title.ru = "PM2.5 относительно предела ЕС"
-- title.en = "PM2.5 against the limit of the EU"
-- question.kk = "Ұсақ бөлшектер ЕО шегіне қарағанда неше есе көп?"
-- question.ru = "Во сколько раз мелких частиц больше предела ЕС?"
-- question.en = "How many times the limit of the EU is the fine dust?"
-- decision.kk = "Тазарту шараларын қай ауданнан бастау және мақсатқа жету үшін неше есе азайту керек."
-- decision.ru = "С какого района начинать меры и во сколько раз снижать выбросы, чтобы выполнить норму."
-- decision.en = "In which district to begin, and by how much to cut emissions to meet the norm."
-- unit = "1"
-- better = "lower"
-- grains = ["day", "year"]
-- owner_function = "air-quality"
-- parts = ["air_hours"]
-- every_min = 60
-- # Directive (EU) 2024/2881, to be met by 2030: 25 ug/m3 over 24 hours (not to be exceeded on more than 18 days a year), 10 over a
-- # year.
-- targets = { target = 1.0, limit = 1.0, hysteresis = 0.02 }

SELECT
    place,
    local_start(:grain, hour, :zone) AS period_start,
    qavg(value) / CASE :grain WHEN 'day' THEN 25.0 ELSE 10.0 END AS value,
    CAST(sum(n) AS BIGINT) AS row_count,
    qavg(value) AS numerator,
    CASE :grain WHEN 'day' THEN 25.0 ELSE 10.0 END AS denominator
FROM placed_hours
GROUP BY place, local_start(:grain, hour, :zone)
