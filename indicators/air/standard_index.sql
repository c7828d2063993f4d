-- id = "air.standard_index"
-- version = 1
-- title.kk = "Стандартты индекс (СИ)"
-- title.ru = "Стандартный индекс (СИ)"
-- title.en = "Standard index (SI)"
-- question.kk = "Ең үлкен бір реттік концентрация нормадан неше есе асты?"
-- question.ru = "Во сколько раз наибольшая разовая концентрация превысила норму?"
-- question.en = "How many times the norm was the greatest single concentration?"
-- decision.kk = "Қолайсыз ауа райы кезіндегі шараларды енгізу керек пе."
-- decision.ru = "Вводить ли меры для неблагоприятных метеоусловий."
-- decision.en = "Whether to order the measures for days of bad weather."
-- unit = "1"
-- better = "lower"
-- grains = ["day", "month", "year"]
-- owner_function = "air-quality"
-- parts = ["single_readings"]
-- every_min = 60
-- # Greatest single reading of an official post over the greatest one-time concentration of its substance, of PM2.5, PM10, SO2, NO2, CO
-- # and O3. Means of hours are not single readings: the archive is not read, and a period with readings on fewer than three
-- # quarters of its days has no value. Levels of Kazhydromet: up to 1 low, 2 to 4 raised, 5 to 10 high, above 10 very high.
-- targets = { target = 1.0, limit = 5.0, hysteresis = 0.1 }

SELECT
    s.place,
    s.period_start,
    CASE WHEN d.days >= 0.75 * a.days THEN s.value END AS value,
    s.n AS row_count,
    'low_coverage' AS reason
FROM days_asked AS a
JOIN single_days AS d ON d.period_start = a.period_start
JOIN (
    SELECT place, local_start(:grain, t, :zone) AS period_start, max(times) AS value, count(*) AS n
    FROM placed_singles
    GROUP BY place, local_start(:grain, t, :zone)
) AS s ON s.place = d.place AND s.period_start = d.period_start
