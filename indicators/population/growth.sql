-- id = "population.growth"
-- version = 1
-- title.kk = "Халық санының жылдық өсімі"
-- title.ru = "Прирост населения за год"
-- title.en = "Growth of the population in a year"
-- question.kk = "Бір жылда қала халқы неше адамға көбейді?"
-- question.ru = "На сколько человек выросло население за год?"
-- question.en = "By how many people did the population grow in the year?"
-- decision.kk = "Жаңа мектептер мен көлікті қандай қарқынмен салу керек."
-- decision.ru = "С какой скоростью строить школы и транспорт."
-- decision.en = "How fast to build schools and transport."
-- unit = "persons"
-- better = "neither"
-- grains = ["year"]
-- owner_function = "economy"
-- parts = ["place_residents"]
-- every_min = 1440
-- boundaries = "today"
-- # The count of statistics on the first day of the next year less that of the year. Where one of them is not known there is no
-- # value: the lists of districts and cells have no date. Changes of territory and counts after a census are in it.

WITH firsts AS (
    SELECT place, day, max(residents) AS residents, count(*) AS n
    FROM counts
    WHERE day IS NOT NULL AND date_part('doy', day) = 1
    GROUP BY place, day
)
SELECT
    a.place,
    local_start(:grain, service_time(a.day, 43200, :zone), :zone) AS period_start,
    CAST(b.residents - a.residents AS DOUBLE) AS value,
    a.n + b.n AS row_count,
    CAST(b.residents AS DOUBLE) AS numerator,
    CAST(a.residents AS DOUBLE) AS denominator
FROM firsts AS a
JOIN firsts AS b ON b.place = a.place AND date_part('year', b.day) = date_part('year', a.day) + 1
WHERE a.day >= local_date(:from, :zone) AND a.day <= local_date(:to - INTERVAL '1 second', :zone)
