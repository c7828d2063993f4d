-- id = "traffic.buffer_index"
-- version = 1
-- title.kk = "Уақыт қорының индексі"
-- title.ru = "Индекс запаса времени"
-- title.en = "Buffer index"
-- question.kk = "Кешікпеу үшін жолға қанша уақыт қосу керек?"
-- question.ru = "Сколько времени надо прибавить к обычной поездке, чтобы не опоздать?"
-- question.en = "How much time must be added to a usual trip not to be late?"
-- decision.kk = "Қай көшелердегі кептеліс күтпеген жерден болады: апатты жою тобын қайда ұстау керек."
-- decision.ru = "Где заторы непредсказуемы: где держать группы устранения аварий."
-- decision.en = "Where jams come unforeseen: where to keep the crews that clear crashes."
-- unit = "ratio"
-- better = "lower"
-- grains = ["day", "week", "month"]
-- owner_function = "road-traffic"
-- parts = ["detector_hours"]
-- every_min = 60
-- # By detector over the hours of the period: the 95th percentile (type 7, exact) of the travel time of a kilometre less its mean,
-- # over the mean; of a place the mean over its detectors. A detector with fewer than 12 hours in the period is left out
-- # (assumption).

WITH times AS (
    SELECT place, local_start(:grain, hour, :zone) AS period_start, detector_id, hour, 1.0 / speed AS time, speed_n
    FROM placed_detector_hours
    WHERE speed > 0.0
),
ranked_times AS (
    SELECT place, period_start, detector_id, time, speed_n, shorter AS n, 0.95 * (shorter + longer) AS wanted
    FROM (
        SELECT
            place, period_start, detector_id, time, speed_n,
            row_number() OVER (PARTITION BY place, detector_id, period_start ORDER BY time, hour) - 1 AS shorter,
            row_number() OVER (PARTITION BY place, detector_id, period_start ORDER BY time DESC, hour DESC) - 1 AS longer
        FROM times
    )
),
detector_times AS (
    SELECT
        place, period_start, detector_id, wanted, qavg(time) AS usual, CAST(sum(speed_n) AS BIGINT) AS n,
        max(CASE WHEN n = floor(wanted) THEN time END) AS low,
        max(CASE WHEN n = ceil(wanted) THEN time END) AS high
    FROM ranked_times
    GROUP BY place, period_start, detector_id, wanted
    HAVING count(*) >= 12
)
SELECT
    place,
    period_start,
    qavg((low + (wanted - floor(wanted)) * (high - low)) / usual - 1.0) AS value,
    CAST(sum(n) AS BIGINT) AS row_count,
    qsum((low + (wanted - floor(wanted)) * (high - low)) / usual - 1.0) AS numerator,
    CAST(count(*) AS DOUBLE) AS denominator
FROM detector_times
GROUP BY place, period_start
