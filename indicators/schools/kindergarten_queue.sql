-- id = "schools.kindergarten_queue"
-- version = 1
-- title.kk = "Балабақша кезегі"
-- title.ru = "Очередь в детские сады"
-- title.en = "Queue for kindergartens"
-- question.kk = "Балабақша орнын неше бала күтіп тұр?"
-- question.ru = "Сколько детей ждёт места в детском саду?"
-- question.en = "How many children wait for a place in a kindergarten?"
-- decision.kk = "Балабақшаны қай ауданда ашу немесе жекешелерден орын сатып алу керек."
-- decision.ru = "В каком районе открывать сады или покупать места у частных."
-- decision.en = "In which district to open kindergartens, or to buy places of private ones."
-- unit = "persons"
-- better = "lower"
-- grains = ["month", "quarter", "year"]
-- owner_function = "education"
-- parts = ["asked_periods"]
-- every_min = 1440
-- min_coverage = 1.0
-- # By the last count of each district in the period. The city is the sum of its districts, if all of them told that day.

WITH newest AS (
    SELECT place_id, period_start, waiting, t
    FROM (
        SELECT
            q.place_id, a.period_start, q.waiting, q.t,
            row_number() OVER (PARTITION BY a.period_start, q.place_id ORDER BY q.t DESC) AS n
        FROM asked_periods AS a
        JOIN schools_queue_counts AS q ON q.t >= local_date(a.period_start, :zone) AND q.t <= a.last_day
    )
    WHERE n = 1 AND place_id IN (SELECT place FROM today_places)
)
SELECT place_id AS place, period_start, CAST(waiting AS DOUBLE) AS value, 1 AS row_count, 1.0 AS expected FROM newest
UNION ALL
SELECT
    'city' AS place,
    period_start,
    CAST(sum(waiting) AS DOUBLE) AS value,
    count(*) AS row_count,
    CAST((SELECT count(*) - 1 FROM today_places) AS DOUBLE) AS expected
FROM newest
GROUP BY period_start
HAVING min(t) = max(t)
