-- id = "air.highest_repeatability"
-- version = 1
-- title.kk = "Ең үлкен қайталанғыштық (ЕҮҚ)"
-- title.ru = "Наибольшая повторяемость (НП)"
-- title.en = "Highest repeatability (NP)"
-- question.kk = "Ең нашар бекетте өлшемдердің қанша пайызы нормадан асты?"
-- question.ru = "Какой процент измерений на худшем посту превысил норму?"
-- question.en = "What per cent of the readings of the worst post was above the norm?"
-- decision.kk = "Қай бекеттің маңындағы көздерді тексеру керек."
-- decision.ru = "Источники у какого поста проверять."
-- decision.en = "Near which post to inspect the sources."
-- unit = "%"
-- better = "lower"
-- grains = ["day", "month", "year"]
-- owner_function = "air-quality"
-- parts = ["single_readings"]
-- every_min = 60
-- # Per cent of single readings above the greatest one-time concentration, of the official post and substance in which it is highest. The
-- # archive of hours is not read, and a period with readings on fewer than three quarters of its days has no value. Levels of
-- # Kazhydromet: 0 low, 1 to 19 raised, 20 to 49 high, from 50 very high.
-- targets = { target = 0.0, limit = 20.0, hysteresis = 0.5 }

SELECT
    s.place,
    s.period_start,
    CASE WHEN d.days >= 0.75 * a.days THEN s.value END AS value,
    s.n AS row_count,
    'low_coverage' AS reason
FROM days_asked AS a
JOIN single_days AS d ON d.period_start = a.period_start
JOIN (
    SELECT place, period_start, max(100.0 * CAST(above AS DOUBLE) / CAST(n AS DOUBLE)) AS value, CAST(sum(n) AS BIGINT) AS n
    FROM (
        SELECT
            place, station_id, quantity, local_start(:grain, t, :zone) AS period_start,
            sum(CASE WHEN times > 1.0 THEN 1 ELSE 0 END) AS above, count(*) AS n
        FROM placed_singles
        GROUP BY place, station_id, quantity, local_start(:grain, t, :zone)
    )
    GROUP BY place, period_start
) AS s ON s.place = d.place AND s.period_start = d.period_start
