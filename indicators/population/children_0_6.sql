-- id = "population.children_0_6"
-- version = 1
-- title.kk = "Алты жасқа толмаған балалар"
-- title.ru = "Дети до шести лет"
-- title.en = "Children under six"
-- question.kk = "Мектепке дейінгі неше бала бар және олар қайда тұрады?"
-- question.ru = "Сколько детей до школы и где они живут?"
-- question.en = "How many children are below school age, and where do they live?"
-- decision.kk = "Балабақшаларды қайда ашу және бірнеше жылдан кейін қай мектепке орын керек болады."
-- decision.ru = "Где открывать детские сады и каким школам через несколько лет понадобятся места."
-- decision.en = "Where to open kindergartens, and which schools will need places in a few years."
-- unit = "persons"
-- better = "neither"
-- grains = ["month", "quarter", "year"]
-- owner_function = "education"
-- every_min = 1440
-- boundaries = "today"
-- # From birth to the sixth birthday: the age group 0-5 of the residents by cell, as of the list of today. The seventh year of life
-- # is in no table of its own.

WITH periods AS (
    SELECT DISTINCT local_start(:grain, t, :zone) AS period_start
    FROM (SELECT unnest(generate_series(:from, :to - INTERVAL '1 second', INTERVAL '1 day')) AS t)
),
cells AS (
    SELECT place_id, residents FROM population_cells WHERE age_group = '0-5'
),
placed AS (
    SELECT 'city' AS place, residents FROM cells
    UNION ALL
    SELECT place_id AS place, residents FROM cells
    WHERE place_id IN (SELECT place_id FROM organisation_places WHERE kind = 'district' AND valid_to IS NULL)
)
SELECT c.place, p.period_start, c.value, c.n AS row_count
FROM periods AS p
CROSS JOIN (SELECT place, CAST(sum(residents) AS DOUBLE) AS value, count(*) AS n FROM placed GROUP BY place) AS c
