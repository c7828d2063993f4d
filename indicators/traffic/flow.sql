-- id = "traffic.flow"
-- version = 2
-- title.kk = "Көлік ағыны"
-- title.ru = "Интенсивность движения"
-- title.en = "Traffic flow"
-- question.kk = "Бір детектордан сағатына орта есеппен неше көлік өтеді?"
-- question.ru = "Сколько машин в час проходит в среднем мимо одного детектора?"
-- question.en = "How many vehicles an hour pass a detector on average?"
-- decision.kk = "Қай көшенің өткізу қабілетін арттыру және жөндеуді қай сағаттарға жоспарлау керек."
-- decision.ru = "Где не хватает пропускной способности и на какие часы ставить ремонт дорог."
-- decision.en = "Where capacity is short, and in which hours road works do least harm."
-- unit = "veh/h"
-- better = "neither"
-- grains = ["minute15", "hour", "day", "week", "month", "quarter", "year"]
-- owner_function = "road-traffic"
-- parts = ["detector_hours"]
-- every_min = 15
-- # The mean over detectors and hours (quarters of an hour, when they are asked for), over all lanes. Where no detector has
-- # readings, the archive of hours is read.

SELECT
    place,
    local_start(:grain, hour, :zone) AS period_start,
    qavg(flow) AS value,
    CAST(sum(flow_n) AS BIGINT) AS row_count,
    qsum(flow) AS numerator,
    CAST(count(*) AS DOUBLE) AS denominator
FROM placed_detector_hours
WHERE flow IS NOT NULL
GROUP BY place, local_start(:grain, hour, :zone)
