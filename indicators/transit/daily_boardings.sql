-- id = "transit.daily_boardings"
-- version = 2
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
-- # All modes together, divided by the service days with data. A mode whose day is told by route only is the sum of its routes.

WITH told AS (
    SELECT mode, service_date, boardings
    FROM transit_boardings
    WHERE service_date >= local_date(:from, :zone) AND service_date <= local_date(:to - INTERVAL '1 second', :zone)
),
modes AS (
    SELECT service_date, boardings, 1 AS n FROM told
    UNION ALL
    SELECT r.service_date, sum(r.passengers) AS boardings, count(*) AS n
    FROM transit_daily_passengers AS r
    LEFT JOIN told AS t ON t.mode = r.mode AND t.service_date = r.service_date
    WHERE r.service_date >= local_date(:from, :zone)
        AND r.service_date <= local_date(:to - INTERVAL '1 second', :zone)
        AND t.service_date IS NULL
    GROUP BY r.service_date
)
SELECT
    'city' AS place,
    local_start(:grain, service_time(service_date, 43200, :zone), :zone) AS period_start,
    CAST(sum(boardings) AS DOUBLE) / CAST(count(DISTINCT service_date) AS DOUBLE) AS value,
    CAST(sum(n) AS BIGINT) AS row_count,
    CAST(sum(boardings) AS DOUBLE) AS numerator,
    CAST(count(DISTINCT service_date) AS DOUBLE) AS denominator
FROM modes
GROUP BY local_start(:grain, service_time(service_date, 43200, :zone), :zone)
