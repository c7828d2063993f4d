-- id = "air.residents_exposed"
-- version = 1
-- title.kk = "Нормадан лас ауамен тыныстаған тұрғындар"
-- title.ru = "Жители, дышащие воздухом хуже нормы"
-- title.en = "Residents exposed to air worse than the norm"
-- question.kk = "Орташа тәулікте неше тұрғын нормадан лас ауамен тыныстады?"
-- question.ru = "Сколько жителей в средние сутки дышало воздухом хуже нормы?"
-- question.en = "How many residents breathed air worse than the norm on an average day?"
-- decision.kk = "Ескертуді кімге жіберу және қай ауданда таза отынға көшуді жеделдету керек."
-- decision.ru = "Кого предупреждать и где ускорять переход на чистое топливо."
-- decision.en = "Whom to warn, and where to speed up the change to clean fuel."
-- unit = "persons"
-- better = "lower"
-- grains = ["day", "week", "month", "quarter", "year"]
-- owner_function = "air-quality"
-- parts = ["air_hours", "place_residents"]
-- every_min = 60
-- # Residents of the districts whose mean PM2.5 of the local day is above 35 ug/m3, the daily norm of Kazakhstan; over a longer period
-- # the mean of its days with values. Everybody of a district breathes its mean. The city is the sum of its districts, if those with
-- # values hold nine tenths of the residents. Residents are those of the list of today.

WITH district_days AS (
    SELECT place, local_start('day', hour, :zone) AS day, qavg(value) AS value, CAST(sum(n) AS BIGINT) AS n
    FROM placed_hours
    WHERE place <> 'city'
    GROUP BY place, local_start('day', hour, :zone)
),
judged_days AS (
    SELECT d.place, d.day, r.residents, CASE WHEN d.value > 35.0 THEN r.residents ELSE 0 END AS exposed, d.n
    FROM list_residents AS r
    JOIN district_days AS d ON d.place = r.place
),
city_days AS (
    SELECT 'city' AS place, day, sum(residents) AS residents, sum(exposed) AS exposed, CAST(sum(n) AS BIGINT) AS n
    FROM judged_days
    GROUP BY day
),
place_days AS (
    SELECT place, day, exposed, n FROM judged_days
    UNION ALL
    SELECT place, day, exposed, n
    FROM city_days
    WHERE residents >= 0.9 * (SELECT sum(residents) FROM list_residents)
)
SELECT
    place,
    local_start(:grain, day, :zone) AS period_start,
    CAST(sum(exposed) AS DOUBLE) / CAST(count(*) AS DOUBLE) AS value,
    CAST(sum(n) AS BIGINT) AS row_count,
    CAST(sum(exposed) AS DOUBLE) AS numerator,
    CAST(count(*) AS DOUBLE) AS denominator
FROM place_days
GROUP BY place, local_start(:grain, day, :zone)
