-- id = "transit.daily_boardings"
-- version = 1
-- title.kk = "Тәуліктік жолаушылар саны"
-- title.ru = "Посадки в сутки"
-- title.en = "Boardings a day"
-- question.kk = "Қоғамдық көлікке күніне неше рет отырады?"
-- question.ru = "Сколько посадок в общественный транспорт бывает за сутки?"
-- question.en = "How many times a day do people board public transport?"
-- decision.kk = "Көлік санын, жолақы субсидиясын және жаңа бағыттарды жоспарлау."
-- decision.ru = "Сколько машин, субсидий и новых маршрутов закладывать в план."
-- decision.en = "How many vehicles, subsidies and new routes to plan for."
-- unit = "boardings"
-- better = "higher"
-- grains = ["day", "week", "month", "quarter", "year"]
-- owner_function = "public-transport"
-- every_min = 1440
-- # All modes together, divided by the service days with data.

SELECT
    'city' AS place,
    local_start(:grain, service_time(service_date, 43200, :zone), :zone) AS period_start,
    CAST(sum(boardings) AS DOUBLE) / CAST(count(DISTINCT service_date) AS DOUBLE) AS value,
    count(*) AS row_count,
    CAST(sum(boardings) AS DOUBLE) AS numerator,
    CAST(count(DISTINCT service_date) AS DOUBLE) AS denominator
FROM transit_boardings
WHERE service_date >= local_date(:from, :zone)
    AND service_date <= local_date(:to - INTERVAL '1 second', :zone)
GROUP BY local_start(:grain, service_time(service_date, 43200, :zone), :zone)
