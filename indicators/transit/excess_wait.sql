-- id = "transit.excess_wait"
-- version = 1
-- title.kk = "Артық күту"
-- title.ru = "Избыточное ожидание"
-- title.en = "Excess wait"
-- question.kk = "Жиі жүретін бағыттарда жолаушы кестедегіден қанша минут артық күтеді?"
-- question.ru = "На сколько минут дольше расписания ждут пассажиры частых маршрутов?"
-- question.en = "How many minutes longer than by the timetable do people wait for frequent lines?"
-- decision.kk = "Аралықты қадағалауды қай бағыттарда күшейту керек."
-- decision.ru = "На каких маршрутах следить за интервалами."
-- decision.en = "On which lines to keep the headways even."
-- unit = "min"
-- better = "lower"
-- grains = ["day"]
-- owner_function = "public-transport"
-- parts = ["trip_ends", "passages", "services", "stop_places"]
-- every_min = 1440
-- at_once_days = 1
-- min_coverage = 0.75
-- # Mean wait of people who come at any time, sum of squared headways over twice their sum, less the same of the timetable. Headways
-- # within a line, direction, stop and service day; all of a place pooled. Only where the timetable has a vehicle every 12 minutes
-- # or oftener on average (assumption: people then come without looking at it). The middle between two reports of a vehicle is its
-- # departure, so reports a minute apart add some hundredths of a minute. Below three quarters of the departures there is no value.

WITH lines AS (
    SELECT feed, trip_id, service_id, route_id, coalesce(direction_id, 0) AS direction FROM gtfs_trips
),
seen AS (
    SELECT
        feed, route_id, direction, stop_id, day, count(*) AS n,
        qsum(headway_s) AS sum_s, qsum(headway_s * headway_s) AS squares
    FROM (
        SELECT
            p.feed, l.route_id, l.direction, p.stop_id, p.day,
            p.seen_s - lag(p.seen_s) OVER (
                PARTITION BY p.feed, l.route_id, l.direction, p.stop_id, p.day ORDER BY p.seen_s
            ) AS headway_s
        FROM lines AS l
        JOIN passages AS p ON p.feed = l.feed AND p.trip_id = l.trip_id
    )
    GROUP BY feed, route_id, direction, stop_id, day
),
planned AS (
    SELECT
        feed, route_id, direction, stop_id, date AS day, count(*) AS n,
        qsum(headway_s) AS sum_s, qsum(headway_s * headway_s) AS squares
    FROM (
        SELECT
            feed, route_id, direction, stop_id, date,
            CAST(second - lag(second) OVER (PARTITION BY feed, route_id, direction, stop_id, date ORDER BY second) AS DOUBLE)
                AS headway_s
        FROM (
            SELECT
                l.feed, l.route_id, l.direction, c.stop_id, s.date,
                c.second + coalesce(r.start_time - c.first_second, 0) AS second
            FROM services AS s
            JOIN lines AS l ON l.feed = s.feed AND l.service_id = s.service_id
            LEFT JOIN trip_starts AS r ON r.feed = l.feed AND r.trip_id = l.trip_id
            JOIN planned_calls AS c ON c.feed = l.feed AND c.trip_id = l.trip_id
            WHERE s.date >= local_date(:from, :zone)
        )
    )
    GROUP BY feed, route_id, direction, stop_id, date
    HAVING count(*) >= 2 AND qsum(headway_s) / (count(*) - 1) <= 720.0
),
-- Where fewer than three quarters of the departures of a stop were seen, its headways are of the reports and not of the buses:
-- so at first stops, which a bus leaves before its first report.
series AS (
    SELECT
        p.feed, p.stop_id, service_time(p.day, 43200, :zone) AS noon, p.n AS expected,
        CASE WHEN 4 * s.n >= 3 * p.n THEN s.n ELSE 0 END AS n,
        CASE WHEN 4 * s.n >= 3 * p.n THEN s.sum_s END AS sum_s,
        CASE WHEN 4 * s.n >= 3 * p.n THEN s.squares END AS squares,
        CASE WHEN 4 * s.n >= 3 * p.n THEN p.sum_s END AS planned_sum_s,
        CASE WHEN 4 * s.n >= 3 * p.n THEN p.squares END AS planned_squares
    FROM planned AS p
    LEFT JOIN seen AS s
        ON s.feed = p.feed AND s.route_id = p.route_id AND s.direction = p.direction AND s.stop_id = p.stop_id AND s.day = p.day
),
placed AS (
    SELECT
        unnest(CASE WHEN l.place_id IS NULL THEN make_array('city') ELSE make_array('city', l.place_id) END) AS place,
        s.noon, s.n, s.expected, s.sum_s, s.squares, s.planned_sum_s, s.planned_squares
    FROM stop_places AS l
    RIGHT JOIN series AS s
        ON s.feed = l.feed AND s.stop_id = l.stop_id AND s.noon >= l.valid_from AND (l.valid_to IS NULL OR s.noon < l.valid_to)
)
SELECT
    place,
    local_start(:grain, noon, :zone) AS period_start,
    (qsum(squares) / qsum(sum_s) - qsum(planned_squares) / qsum(planned_sum_s)) / 120.0 AS value,
    CAST(sum(n) AS BIGINT) AS row_count,
    CAST(sum(expected) AS DOUBLE) AS expected
FROM placed
GROUP BY place, local_start(:grain, noon, :zone)
HAVING sum(n) > 0
