-- id = "schools.free_places"
-- version = 1
-- title.kk = "Бос оқушы орындары"
-- title.ru = "Свободные ученические места"
-- title.en = "Free school places"
-- question.kk = "Толмаған мектептерде неше бос орын бар?"
-- question.ru = "Сколько мест свободно в школах, где они есть?"
-- question.en = "How many places are free in the schools that have them?"
-- decision.kk = "Оқушыларды қай мектептерге бағыттау және автобусты қайда жүргізу керек."
-- decision.ru = "В какие школы направлять учеников и куда пускать школьный автобус."
-- decision.en = "To which schools to send pupils, and where to run a school bus."
-- unit = "persons"
-- better = "neither"
-- grains = ["month", "quarter", "year"]
-- owner_function = "education"
-- parts = ["schools"]
-- every_min = 1440
-- min_coverage = 0.95
-- # Places beyond the pupils, school by school: what is missing elsewhere is not set against them.

SELECT
    s.place,
    p.period_start,
    s.value,
    CAST(s.judged AS BIGINT) AS row_count,
    s.listed AS expected
FROM list_periods AS p
CROSS JOIN (
    SELECT
        place,
        CAST(sum(greatest(places - pupils, 0)) AS DOUBLE) AS value,
        count(places + pupils) AS judged,
        CAST(count(*) AS DOUBLE) AS listed
    FROM placed_schools
    GROUP BY place
) AS s
