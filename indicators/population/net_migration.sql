-- id = "population.net_migration"
-- version = 1
-- title.kk = "Таза көші-қон"
-- title.ru = "Чистая миграция"
-- title.en = "Net migration"
-- question.kk = "Көшіп келгендер кеткендерден қанша артық?"
-- question.ru = "На сколько приехавших больше, чем уехавших?"
-- question.en = "By how many do those who move in outnumber those who leave?"
-- decision.kk = "Тұрғын үй мен желілерді қай ауданда кеңейту керек."
-- decision.ru = "В каком районе расширять жильё и сети."
-- decision.en = "In which district to extend housing and networks."
-- unit = "persons"
-- better = "neither"
-- grains = ["month", "quarter", "year"]
-- owner_function = "economy"
-- parts = ["asked_periods"]
-- every_min = 1440
-- min_coverage = 1.0
-- # Arrivals less departures, from the monthly books; moves between districts of the city are in those of the districts. A month
-- # that a district has not told leaves no value.

WITH told AS (
    SELECT
        unnest(make_array('city', m.place_id)) AS place, a.period_start, a.last_month - a.first_month + 1 AS months,
        m.arrivals - m.departures AS n
    FROM asked_periods AS a
    JOIN population_movements AS m ON m.t >= local_date(a.period_start, :zone) AND m.t <= a.last_day
    WHERE m.place_id IN (SELECT place FROM today_places)
)
SELECT
    place,
    period_start,
    CAST(sum(n) AS DOUBLE) AS value,
    count(*) AS row_count,
    CAST(max(months) * CASE WHEN place = 'city' THEN (SELECT count(*) - 1 FROM today_places) ELSE 1 END AS DOUBLE) AS expected
FROM told
GROUP BY place, period_start
