-- id = "assets.public_space_footfall"
-- version = 1
-- title.kk = "Қоғамдық кеңістіктерге келушілер"
-- title.ru = "Посетители общественных пространств"
-- title.en = "Footfall of public spaces"
-- question.kk = "Қоғамдық кеңістіктерге күніне неше адам келеді?"
-- question.ru = "Сколько людей в день приходит в общественные пространства?"
-- question.en = "How many people a day come to public spaces?"
-- decision.kk = "Қай көше мен саябақты әрі қарай дамыту керек."
-- decision.ru = "Какие улицы и парки развивать дальше."
-- decision.en = "Which streets and parks to develop further."
-- unit = "persons"
-- better = "higher"
-- grains = ["day", "week", "month", "quarter", "year"]
-- owner_function = "public-spaces"
-- parts = ["asked_periods"]
-- every_min = 1440
-- min_coverage = 0.75
-- # Visitors of all counted spaces on a mean day with counts. A day on which a space sends nothing is a missing row.

WITH counted AS (
    SELECT
        unnest(make_array('city', s.place_id)) AS place, f.space_id, f.t AS day, f.visitors,
        local_start(:grain, service_time(f.t, 43200, :zone), :zone) AS period_start
    FROM assets_public_spaces AS s
    RIGHT JOIN assets_footfall_counts AS f ON f.space_id = s.space_id
    WHERE f.t >= local_date(:from, :zone) AND f.t <= local_date(:to - INTERVAL '1 second', :zone)
)
SELECT
    place,
    period_start,
    CAST(sum(visitors) AS DOUBLE) / CAST(count(DISTINCT day) AS DOUBLE) AS value,
    count(*) AS row_count,
    CAST(sum(visitors) AS DOUBLE) AS numerator,
    CAST(count(DISTINCT day) AS DOUBLE) AS denominator,
    CAST(count(DISTINCT day) * count(DISTINCT space_id) AS DOUBLE) AS expected
FROM counted
WHERE place IN (SELECT place FROM today_places)
GROUP BY place, period_start
