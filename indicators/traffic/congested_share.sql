-- id = "traffic.congested_share"
-- version = 3
-- title.kk = "Кептелістің үлесі"
-- title.ru = "Доля заторов"
-- title.en = "Share of congestion"
-- question.kk = "Көшелердің қанша бөлігінде көлік бос жолдағыдан екі есе баяу жүреді?"
-- question.ru = "На какой доле улиц и часов едут вдвое медленнее, чем по свободной дороге?"
-- question.en = "On what share of streets and hours is traffic slower than half its free-flow speed?"
-- decision.kk = "Реттеушілерді қайда жіберу және қай қиылысты алдымен қайта құру керек."
-- decision.ru = "Куда отправить регулировщиков и какие перекрёстки перестраивать первыми."
-- decision.en = "Where to send traffic officers, and which junctions to rebuild first."
-- unit = "ratio"
-- better = "lower"
-- grains = ["hour", "day", "week", "month", "quarter", "year"]
-- owner_function = "road-traffic"
-- parts = ["detector_hours", "free_flow"]
-- every_min = 60
-- # Share of detector-hours whose mean speed is below half of the free-flow speed of the detector.

SELECT
    place,
    local_start(:grain, hour, :zone) AS period_start,
    CAST(sum(CASE WHEN speed < 0.5 * free_kmh THEN 1 ELSE 0 END) AS DOUBLE) / CAST(count(*) AS DOUBLE) AS value,
    CAST(sum(speed_n) AS BIGINT) AS row_count,
    CAST(sum(CASE WHEN speed < 0.5 * free_kmh THEN 1 ELSE 0 END) AS DOUBLE) AS numerator,
    CAST(count(*) AS DOUBLE) AS denominator
FROM placed_judged_hours
WHERE free_kmh IS NOT NULL
GROUP BY place, local_start(:grain, hour, :zone)
