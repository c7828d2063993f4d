-- id = "assets.lights_out"
-- version = 1
-- title.kk = "Жанбайтын шамдар"
-- title.ru = "Негорящие светильники"
-- title.en = "Lights out"
-- question.kk = "Кезең соңында неше шам жанбай тұр?"
-- question.ru = "Сколько светильников не горит на конец периода?"
-- question.en = "How many lights are out at the end of the period?"
-- decision.kk = "Жөндеу бригадасын қай ауданға жіберу керек."
-- decision.ru = "В какой район отправить ремонтную бригаду."
-- decision.en = "To which district to send the repair crew."
-- unit = "count"
-- better = "lower"
-- grains = ["day", "week", "month"]
-- owner_function = "communal-infrastructure"
-- parts = ["asked_periods"]
-- every_min = 1440
-- # Lights whose newest report before the end of the period says that they are out. One that never reported is taken to be lit.

WITH states AS (
    SELECT asset_id, t, status, lead(t) OVER (PARTITION BY asset_id ORDER BY t, status) AS until
    FROM assets_light_reports
    WHERE t < :to
),
dark AS (
    SELECT i.place_id, s.t, s.until
    FROM states AS s
    LEFT JOIN assets_items AS i ON i.asset_id = s.asset_id
    WHERE s.status = 'out' AND (s.until IS NULL OR s.until >= :from)
),
counted AS (
    SELECT place, period_start, count(*) AS n
    FROM (
        SELECT unnest(make_array('city', d.place_id)) AS place, a.period_start
        FROM asked_periods AS a
        JOIN dark AS d ON d.t < a.period_end AND (d.until IS NULL OR d.until >= a.period_end)
    )
    GROUP BY place, period_start
)
SELECT
    p.place,
    a.period_start,
    CAST(coalesce(c.n, 0) AS DOUBLE) AS value,
    coalesce(c.n, 0) AS row_count
FROM asked_periods AS a
CROSS JOIN today_places AS p
LEFT JOIN counted AS c ON c.place = p.place AND c.period_start = a.period_start
WHERE a.period_end > (SELECT min(t) FROM assets_light_reports)
