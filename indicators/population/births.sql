-- id = "population.births"
-- version = 1
-- title.kk = "Туғандар"
-- title.ru = "Родившиеся"
-- title.en = "Births"
-- question.kk = "Неше бала туды?"
-- question.ru = "Сколько детей родилось?"
-- question.en = "How many children were born?"
-- decision.kk = "Үш жылдан кейін балабақша, алты жылдан кейін мектеп қайда керек."
-- decision.ru = "Где через три года понадобятся сады, а через шесть — школы."
-- decision.en = "Where kindergartens will be needed in three years, and schools in six."
-- unit = "persons"
-- better = "neither"
-- grains = ["month", "quarter", "year"]
-- owner_function = "economy"
-- parts = ["asked_periods"]
-- every_min = 1440
-- min_coverage = 1.0
-- # By the district of the mother, from the monthly books. A month that a district has not told leaves no value.

WITH told AS (
    SELECT
        unnest(make_array('city', m.place_id)) AS place, a.period_start, a.last_month - a.first_month + 1 AS months,
        m.births AS n
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
