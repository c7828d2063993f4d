-- id = "traffic.travel_time_index"
-- version = 2
-- title.kk = "Жол уақытының индексі"
-- title.ru = "Индекс времени в пути"
-- title.en = "Travel-time index"
-- question.kk = "Жол бос көшедегіден неше есе ұзақ?"
-- question.ru = "Во сколько раз дольше едут, чем по свободной улице?"
-- question.en = "How many times longer does a trip take than on a free street?"
-- decision.kk = "Бағдаршам жоспарын қай сағаттарда күшейту және қай ауданда қоғамдық көлікке жол беру керек."
-- decision.ru = "В какие часы усиливать светофорный план и где отдать полосу автобусам."
-- decision.en = "In which hours to change signal plans, and where to give a lane to buses."
-- unit = "1"
-- better = "lower"
-- grains = ["hour", "day", "week", "month", "quarter", "year"]
-- owner_function = "road-traffic"
-- parts = ["detector_hours", "free_flow"]
-- every_min = 60
-- # Free-flow speed over speed by detector and hour, each vehicle counting once: how much longer a kilometre takes than on a free
-- # street. Means of hours, so a jam of some minutes within an hour is softened.

SELECT
    place,
    local_start(:grain, hour, :zone) AS period_start,
    qsum(flow * free_kmh / speed) / nullif(qsum(flow), 0.0) AS value,
    CAST(sum(speed_n) AS BIGINT) AS row_count,
    qsum(flow * free_kmh / speed) AS numerator,
    qsum(flow) AS denominator
FROM placed_judged_hours
WHERE free_kmh IS NOT NULL AND flow IS NOT NULL
GROUP BY place, local_start(:grain, hour, :zone)
