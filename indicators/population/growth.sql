-- id = "population.growth"
-- version = 2
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
-- # The count on the first day of the next year less that of the year, both of one source. Where one of them is not known there is
-- # no value: the lists of districts and cells have no date. Changes of territory and counts after a census are in it. The city is
-- # the sum of its districts only if it never had a count of its own, and each of them has one.

WITH firsts AS (
    SELECT place, day, source, min(residents) AS residents, min(n) AS n
    FROM told_counts
    WHERE date_part('doy', day) = 1
    GROUP BY place, day, source
),
judged AS (
    SELECT place, day, source, residents, n FROM firsts
    UNION ALL
    SELECT 'city' AS place, day, source, CAST(sum(residents) AS BIGINT) AS residents, CAST(sum(n) AS BIGINT) AS n
    FROM firsts
    WHERE place IN (SELECT place_id FROM organisation_places WHERE kind = 'district' AND valid_to IS NULL)
        AND (SELECT count(*) FROM counts WHERE place = 'city' AND day IS NOT NULL) = 0
    GROUP BY day, source
    HAVING count(*) = (SELECT count(*) FROM organisation_places WHERE kind = 'district' AND valid_to IS NULL)
),
years AS (
    SELECT
        a.place, a.day, a.residents AS before, b.residents AS after, a.n + b.n AS n,
        row_number() OVER (PARTITION BY a.place, a.day ORDER BY a.source) AS choice
    FROM judged AS a
    JOIN judged AS b
        ON b.place = a.place AND b.source = a.source AND date_part('year', b.day) = date_part('year', a.day) + 1
    WHERE a.day >= local_date(:from, :zone) AND a.day <= local_date(:to - INTERVAL '1 second', :zone)
)
SELECT
    place,
    local_start(:grain, service_time(day, 43200, :zone), :zone) AS period_start,
    CAST(after - before AS DOUBLE) AS value,
    CAST(n AS BIGINT) AS row_count,
    CAST(after AS DOUBLE) AS numerator,
    CAST(before AS DOUBLE) AS denominator
FROM years
WHERE choice = 1
