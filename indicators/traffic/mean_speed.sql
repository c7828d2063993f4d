-- id = "traffic.mean_speed"
-- version = 2
-- title.kk = "Көліктің орташа жылдамдығы"
-- title.ru = "Средняя скорость движения"
-- title.en = "Mean speed of traffic"
-- question.kk = "Көлік қандай жылдамдықпен жүріп жатыр?"
-- question.ru = "С какой скоростью едет город?"
-- question.en = "How fast does the city drive?"
-- decision.kk = "Бағдаршам жоспарын қай уақытта ауыстыру және қай көшеде автобус жолағын ашу керек."
-- decision.ru = "Когда переключать план светофоров и на какой улице нужна полоса для автобусов."
-- decision.en = "When to switch the signal plan, and which street needs a bus lane."
-- unit = "km/h"
-- better = "higher"
-- grains = ["minute15", "hour", "day", "week", "month", "quarter", "year"]
-- owner_function = "road-traffic"
-- parts = ["detector_hours"]
-- every_min = 15
-- # The mean over detectors and hours (quarters of an hour, when they are asked for), so that no detector weighs more because it
-- # sends more often. Where no detector has readings, the archive of hours is read.

SELECT
    place,
    local_start(:grain, hour, :zone) AS period_start,
    qavg(speed) AS value,
    CAST(sum(speed_n) AS BIGINT) AS row_count,
    qsum(speed) AS numerator,
    CAST(count(*) AS DOUBLE) AS denominator
FROM placed_detector_hours
WHERE speed IS NOT NULL
GROUP BY place, local_start(:grain, hour, :zone)
