-- id = "transit.daily_boardings"
-- version = 3
-- title.kk = "Тәуліктік жолаушылар саны"
-- title.ru = "Посадки в сутки"
-- title.en = "Boardings a day"
-- question.kk = "Қоғамдық көлікке күніне неше рет отырады?"
-- question.ru = "Сколько посадок в общественный транспорт бывает за сутки?"
-- question.en = "How many times a day do people board public transport?"
-- decision.kk = "Көлік санын, жолақы субсидиясын және жаңа бағыттарды жоспарлау."
-- decision.ru = "Сколько машин, субсидий и новых маршрутов закладывать в план."
-- decision.en = "How many vehicles, subsidies and new routes to plan for."
-- unit = "boardings"
-- better = "higher"
-- grains = ["day", "week", "month", "quarter", "year"]
-- owner_function = "public-transport"
-- parts = ["stop_places"]
-- every_min = 1440
-- min_coverage = 0.9
-- # All modes together, divided by the service days with data. A mode whose day is told by route only is the sum of its routes. By
-- # district from counts at stops of the timetable, on the days that have them, if these hold nine tenths of all boardings.

WITH told AS (
    SELECT mode, service_date, boardings
    FROM transit_boardings
    WHERE service_date >= local_date(:from, :zone) AND service_date <= local_date(:to - INTERVAL '1 second', :zone)
),
modes AS (
    SELECT service_date, boardings, 1 AS n FROM told
    UNION ALL
    SELECT r.service_date, sum(r.passengers) AS boardings, count(*) AS n
    FROM transit_daily_passengers AS r
    LEFT JOIN told AS t ON t.mode = r.mode AND t.service_date = r.service_date
    WHERE r.service_date >= local_date(:from, :zone)
        AND r.service_date <= local_date(:to - INTERVAL '1 second', :zone)
        AND t.service_date IS NULL
    GROUP BY r.service_date
),
days AS (
    SELECT service_date, service_time(service_date, 43200, :zone) AS noon, sum(boardings) AS boardings
    FROM modes
    GROUP BY service_date
),
-- At stops of the timetable; one that two timetables know is taken from the first of them.
counted AS (
    SELECT d.service_date, d.noon, local_start(:grain, d.noon, :zone) AS period_start, f.feed, f.stop_id, c.boardings
    FROM (SELECT stop_id, min(feed) AS feed FROM gtfs_stops GROUP BY stop_id) AS f
    JOIN transit_stop_counts AS c ON c.stop_id = f.stop_id
    JOIN days AS d ON d.service_date = c.service_date
    WHERE c.service_date >= local_date(:from, :zone) AND c.service_date <= local_date(:to - INTERVAL '1 second', :zone)
        AND c.boardings IS NOT NULL
),
counted_shares AS (
    SELECT c.period_start, CAST(sum(c.boardings) AS DOUBLE) / CAST(sum(d.boardings) AS DOUBLE) AS share
    FROM (
        SELECT period_start, service_date, sum(boardings) AS boardings FROM counted GROUP BY period_start, service_date
    ) AS c
    JOIN days AS d ON d.service_date = c.service_date
    GROUP BY c.period_start
),
placed AS (
    SELECT l.place_id AS place, c.period_start, c.service_date, c.boardings
    FROM stop_places AS l
    JOIN counted AS c
        ON c.feed = l.feed AND c.stop_id = l.stop_id AND c.noon >= l.valid_from AND (l.valid_to IS NULL OR c.noon < l.valid_to)
)
SELECT
    'city' AS place,
    local_start(:grain, service_time(service_date, 43200, :zone), :zone) AS period_start,
    CAST(sum(boardings) AS DOUBLE) / CAST(count(DISTINCT service_date) AS DOUBLE) AS value,
    CAST(sum(n) AS BIGINT) AS row_count,
    CAST(sum(boardings) AS DOUBLE) AS numerator,
    CAST(count(DISTINCT service_date) AS DOUBLE) AS denominator,
    CAST(NULL AS DOUBLE) AS expected
FROM modes
GROUP BY local_start(:grain, service_time(service_date, 43200, :zone), :zone)
UNION ALL
SELECT
    p.place,
    p.period_start,
    CAST(sum(p.boardings) AS DOUBLE) / CAST(count(DISTINCT p.service_date) AS DOUBLE) AS value,
    count(*) AS row_count,
    CAST(sum(p.boardings) AS DOUBLE) AS numerator,
    CAST(count(DISTINCT p.service_date) AS DOUBLE) AS denominator,
    CAST(count(*) AS DOUBLE) / max(s.share) AS expected
FROM placed AS p
JOIN counted_shares AS s ON s.period_start = p.period_start
GROUP BY p.place, p.period_start
