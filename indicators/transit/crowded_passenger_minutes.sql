-- id = "transit.crowded_passenger_minutes"
-- version = 1
-- title.kk = "Тығыз көліктегі жолаушы-минуттар, тәулігіне"
-- title.ru = "Пассажиро-минуты в переполненных машинах за сутки"
-- title.en = "Crowded passenger-minutes a day"
-- question.kk = "Адамдар тәулігіне тығыз автобустар мен пойыздарда қанша минут өткізеді?"
-- question.ru = "Сколько минут в сутки люди проводят в переполненных автобусах и поездах?"
-- question.en = "How many minutes a day do people spend in crowded buses and trains?"
-- decision.kk = "Қай ауданның бағыттарына шарықтау сағатында қосымша көлік шығару керек."
-- decision.ru = "В каком районе добавить машины на маршруты в часы пик."
-- decision.en = "In which district to put more vehicles on the lines in the peaks."
-- unit = "min"
-- better = "lower"
-- grains = ["day", "week", "month"]
-- owner_function = "public-transport"
-- parts = ["stop_places"]
-- every_min = 1440
-- at_once_days = 7
-- min_coverage = 0.75
-- # Everybody aboard, times the minutes to the next stop, on stretches where the load is above 80 % of the capacity (assumption),
-- # on a mean service day with counts. Loads are those of counters in the doors: who boarded minus who alighted since the first
-- # stop, on the mean of all trips of a route, a direction and a part of the day; single trips are fuller than the mean, so crowding
-- # of an hour within a part of the day is not seen. Minutes: from departure to the next arrival by the timetable, the mean of the
-- # trips of that route and direction. A stretch belongs to the district of the stop where it begins. Counts of a stop that is
-- # not in the timetable, or of a run of which a number is missing, are missing rows.

WITH route_feeds AS (
    -- A route that two timetables know is taken from the first of them.
    SELECT route_id, min(feed) AS feed FROM gtfs_trips GROUP BY route_id
),
stretches AS (
    SELECT feed, route_id, direction, stop_id, next_stop_id, qavg(CAST(running_s AS DOUBLE)) / 60.0 AS minutes
    FROM (
        SELECT
            t.feed, t.route_id, coalesce(t.direction_id, 0) AS direction, c.stop_id,
            lead(c.stop_id) OVER (PARTITION BY c.feed, c.trip_id ORDER BY c.stop_sequence) AS next_stop_id,
            lead(coalesce(c.arrival_time, c.departure_time)) OVER (PARTITION BY c.feed, c.trip_id ORDER BY c.stop_sequence)
                - coalesce(c.departure_time, c.arrival_time) AS running_s
        FROM route_feeds AS r
        JOIN gtfs_trips AS t ON t.feed = r.feed AND t.route_id = r.route_id
        JOIN gtfs_stop_times AS c ON c.feed = t.feed AND c.trip_id = t.trip_id
    )
    WHERE next_stop_id IS NOT NULL AND running_s >= 0
    GROUP BY feed, route_id, direction, stop_id, next_stop_id
),
counted AS (
    SELECT
        route_id, direction_id, service_date, stop_id, trips * capacity AS room,
        lead(stop_id) OVER (PARTITION BY route_id, direction_id, service_date, band ORDER BY seq) AS next_stop_id,
        sum(boardings - alightings) OVER (PARTITION BY route_id, direction_id, service_date, band ORDER BY seq) AS load,
        sum(CASE WHEN boardings IS NULL OR alightings IS NULL THEN 1 ELSE 0 END)
            OVER (PARTITION BY route_id, direction_id, service_date, band) AS unknown
    FROM transit_stop_counts
    WHERE service_date >= local_date(:from, :zone) AND service_date <= local_date(:to - INTERVAL '1 second', :zone)
),
judged AS (
    SELECT
        s.feed, c.stop_id, c.service_date, service_time(c.service_date, 43200, :zone) AS noon,
        CASE WHEN c.unknown = 0 AND c.room > 0 AND s.minutes IS NOT NULL THEN 1 ELSE 0 END AS is_known,
        CASE WHEN c.unknown = 0 AND 10 * c.load > 8 * c.room THEN CAST(c.load AS DOUBLE) * s.minutes ELSE 0.0 END AS crowded
    FROM stretches AS s
    RIGHT JOIN counted AS c
        ON s.route_id = c.route_id AND s.direction = c.direction_id AND s.stop_id = c.stop_id AND s.next_stop_id = c.next_stop_id
    WHERE c.next_stop_id IS NOT NULL
),
placed AS (
    SELECT
        unnest(CASE WHEN l.place_id IS NULL THEN make_array('city') ELSE make_array('city', l.place_id) END) AS place,
        j.service_date, j.noon, j.is_known, CASE WHEN j.is_known = 1 THEN j.crowded ELSE 0.0 END AS passenger_minutes
    FROM stop_places AS l
    RIGHT JOIN judged AS j
        ON j.feed = l.feed AND j.stop_id = l.stop_id AND j.noon >= l.valid_from AND (l.valid_to IS NULL OR j.noon < l.valid_to)
)
SELECT
    place,
    local_start(:grain, noon, :zone) AS period_start,
    qsum(passenger_minutes) / CAST(count(DISTINCT service_date) AS DOUBLE) AS value,
    CAST(sum(is_known) AS BIGINT) AS row_count,
    qsum(passenger_minutes) AS numerator,
    CAST(count(DISTINCT service_date) AS DOUBLE) AS denominator,
    CAST(count(*) AS DOUBLE) AS expected
FROM placed
GROUP BY place, local_start(:grain, noon, :zone)
