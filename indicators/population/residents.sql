-- id = "population.residents"
-- version = 2
-- title.kk = "Тұрғындар саны"
-- title.ru = "Жители"
-- title.en = "Residents"
-- question.kk = "Қалада және әр ауданда неше адам тұрады?"
-- question.ru = "Сколько людей живёт в городе и в каждом районе?"
-- question.en = "How many people live in the city and in each district?"
-- decision.kk = "Мектеп, емхана және көлікті қай ауданға жоспарлау керек."
-- decision.ru = "На какие районы рассчитывать школы, поликлиники и транспорт."
-- decision.en = "For which districts to plan schools, clinics and transport."
-- unit = "persons"
-- better = "neither"
-- grains = ["month", "quarter", "year"]
-- owner_function = "economy"
-- parts = ["place_residents"]
-- every_min = 1440
-- boundaries = "today"
-- # The newest count before the end of the period, if it is not older than two years; else the lists of today. The city is the sum
-- # of its districts only if it never had a count of its own, and each of them has a number. Nothing is scaled: where the
-- # districts do not add up to the city, both numbers stand.

WITH periods AS (
    SELECT DISTINCT local_start(:grain, t, :zone) AS period_start
    FROM (SELECT unnest(generate_series(:from, :to - INTERVAL '1 second', INTERVAL '1 day')) AS t)
),
dated AS (
    SELECT place, period_start, residents, n
    FROM (
        SELECT
            c.place, p.period_start, c.residents, c.n,
            row_number() OVER (PARTITION BY c.place, p.period_start ORDER BY c.day DESC) AS age
        FROM periods AS p
        JOIN counts AS c
            ON c.day < local_date(local_end(:grain, p.period_start, :zone), :zone)
            AND c.day >= local_date(local_end(:grain, p.period_start, :zone), :zone) - INTERVAL '731 days'
    )
    WHERE age = 1
),
told AS (
    SELECT
        coalesce(d.place, l.place) AS place, coalesce(d.period_start, l.period_start) AS period_start,
        coalesce(d.residents, l.residents) AS residents, coalesce(d.n, 1) AS n
    FROM dated AS d
    FULL JOIN (SELECT r.place, p.period_start, r.residents FROM periods AS p CROSS JOIN list_residents AS r) AS l
        ON l.place = d.place AND l.period_start = d.period_start
),
summed AS (
    SELECT
        'city' AS place, period_start, CAST(sum(residents) AS BIGINT) AS residents, count(*) AS places,
        CAST(sum(n) AS BIGINT) AS n
    FROM told
    WHERE place <> 'city'
    GROUP BY period_start
)
SELECT place, period_start, CAST(residents AS DOUBLE) AS value, n AS row_count FROM told WHERE residents IS NOT NULL
UNION ALL
SELECT s.place, s.period_start, CAST(s.residents AS DOUBLE) AS value, s.n AS row_count
FROM summed AS s
WHERE (SELECT count(*) FROM counts WHERE place = 'city' AND day IS NOT NULL) = 0
    AND s.places = (SELECT count(*) FROM organisation_places WHERE kind = 'district' AND valid_to IS NULL)
