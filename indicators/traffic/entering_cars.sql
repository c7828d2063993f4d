-- id = "traffic.entering_cars"
-- version = 1
-- title.kk = "Қалаға кіретін көліктер, тәулігіне"
-- title.ru = "Въезжающие автомобили в сутки"
-- title.en = "Cars entering a day"
-- question.kk = "Қалаға тәулігіне неше көлік кіреді?"
-- question.ru = "Сколько автомобилей въезжает в город за сутки?"
-- question.en = "How many cars enter the city a day?"
-- decision.kk = "Қай кіреберісте тұрақ пен қала маңы көлігін дамыту керек."
-- decision.ru = "На каком въезде развивать перехватывающие парковки и пригородный транспорт."
-- decision.en = "At which entry to develop park-and-ride and suburban transport."
-- unit = "vehicles"
-- better = "lower"
-- grains = ["day", "week", "month", "quarter", "year"]
-- owner_function = "road-traffic"
-- every_min = 1440
-- min_coverage = 0.98
-- # Vehicles counted into the city at its gates, on a mean day with counts; of a district, those at the gates that lie in it. An
-- # hour of a gate that did not come is a missing row and is not filled in; a gate that sent nothing in the whole period is not
-- # missed. Who enters twice is counted twice.

WITH counted AS (
    SELECT
        unnest(CASE WHEN place_id IS NULL THEN make_array('city') ELSE make_array('city', place_id) END) AS place,
        local_start(:grain, t, :zone) AS period_start, local_date(t, :zone) AS day, gate_id, vehicles
    FROM traffic_cordon_counts
    WHERE direction = 'in' AND t >= :from AND t < :to
)
SELECT
    place,
    period_start,
    CAST(sum(vehicles) AS DOUBLE) / CAST(count(DISTINCT day) AS DOUBLE) AS value,
    count(*) AS row_count,
    CAST(sum(vehicles) AS DOUBLE) AS numerator,
    CAST(count(DISTINCT day) AS DOUBLE) AS denominator,
    CAST(count(DISTINCT gate_id) AS DOUBLE)
        * (date_part('epoch', local_end(:grain, period_start, :zone)) - date_part('epoch', period_start)) / 3600.0 AS expected
FROM counted
GROUP BY place, period_start
