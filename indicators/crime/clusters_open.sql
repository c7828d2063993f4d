-- id = "crime.clusters_open"
-- version = 1
-- title.kk = "Ашық шоғырланулар"
-- title.ru = "Открытые скопления"
-- title.en = "Clusters open"
-- question.kk = "Қазір құқық бұзушылықтардың неше нақты шоғырлануы бар?"
-- question.ru = "Сколько сейчас настоящих скоплений правонарушений?"
-- question.en = "How many real clusters of offences are there now?"
-- decision.kk = "Қай ауданда патрульді қосымша орналастырып, себебін іздеу керек."
-- decision.ru = "В каком районе добавить патрули и искать причину."
-- decision.en = "In which district to add patrols and to look for the cause."
-- unit = "count"
-- better = "lower"
-- grains = ["day", "week", "month", "quarter", "year"]
-- owner_function = "public-safety"
-- parts = ["asked_periods"]
-- every_min = 60
-- boundaries = "today"
-- # Clusters of the last run of the model crime.clusters that was for 90 days ending within the period: groups of neighbouring cells
-- # where more offences came than is chance, at a share of false findings of 0.05. A cluster belongs to the district of its strongest
-- # cell. Without a run there is no value, and it is said so. A cluster is a place and no person: few of them are told.

WITH runs AS (
    SELECT
        a.period_start, r.period_end,
        row_number() OVER (PARTITION BY a.period_start ORDER BY r.period_end DESC) AS age
    FROM asked_periods AS a
    JOIN models_runs AS r ON r.period_end >= a.period_start AND r.period_end < a.period_end
    WHERE r.run = 'crime.clusters' AND r.state = 'done'
),
-- What a repeated run found again is a repetition and stays as it was; what it did not find again still counts until the next run.
clusters AS (
    SELECT n.period_start, c.place_id
    FROM runs AS n
    JOIN crime_cluster_groups AS c ON c.period_end = n.period_end
    WHERE n.age = 1 AND c.class = 'hot'
),
placed AS (
    SELECT
        period_start,
        unnest(CASE WHEN place_id IS NULL THEN make_array('city') ELSE make_array('city', place_id) END) AS place
    FROM clusters
),
counted AS (
    SELECT period_start, place, count(*) AS n FROM placed GROUP BY period_start, place
),
places AS (
    SELECT a.period_start, p.place, n.period_start IS NOT NULL AS has_run
    FROM asked_periods AS a
    CROSS JOIN today_places AS p
    LEFT JOIN (SELECT period_start FROM runs WHERE age = 1) AS n ON n.period_start = a.period_start
)
SELECT
    p.place,
    p.period_start,
    CASE WHEN p.has_run THEN CAST(coalesce(c.n, 0) AS DOUBLE) END AS value,
    CASE WHEN p.has_run THEN coalesce(c.n, 0) ELSE 0 END AS row_count,
    CASE WHEN NOT p.has_run THEN 'no_run' END AS reason
FROM places AS p
LEFT JOIN counted AS c ON c.place = p.place AND c.period_start = p.period_start
