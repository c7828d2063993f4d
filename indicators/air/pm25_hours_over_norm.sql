-- id = "air.pm25_hours_over_norm"
-- version = 2
-- title.kk = "PM2.5 нормадан асқан сағаттар"
-- title.ru = "Часы с PM2.5 выше нормы"
-- title.en = "Hours with PM2.5 above the norm"
-- question.kk = "Тұрғындар нормадан лас ауамен неше сағат тыныстады?"
-- question.ru = "Сколько часов жители дышали воздухом хуже нормы?"
-- question.en = "For how many hours did people breathe air worse than the norm?"
-- decision.kk = "Ауаны тазарту шараларының нәтижесін бағалау: ластанған сағаттар азайып жатыр ма."
-- decision.ru = "Дают ли результат меры по чистому воздуху: становится ли грязных часов меньше."
-- decision.en = "Whether the clean air measures work: are there fewer bad hours than before."
-- unit = "h"
-- better = "lower"
-- grains = ["day", "week", "month", "quarter", "year"]
-- owner_function = "air-quality"
-- parts = ["air_hours"]
-- every_min = 60
-- # Hours in which the mean over the place is above 35 ug/m3, the daily norm of Kazakhstan taken as a yardstick for the hour.
-- # No target: the number grows with the length of the period.

SELECT
    place,
    local_start(:grain, hour, :zone) AS period_start,
    CAST(sum(CASE WHEN value > 35.0 THEN 1 ELSE 0 END) AS DOUBLE) AS value,
    CAST(sum(n) AS BIGINT) AS row_count,
    CAST(sum(CASE WHEN value > 35.0 THEN 1 ELSE 0 END) AS DOUBLE) AS numerator,
    CAST(count(*) AS DOUBLE) AS denominator
FROM place_hours
GROUP BY place, local_start(:grain, hour, :zone)
