-- Vehicles seen leaving stops: `passages`. A stop is left between the last report that stands at it or drives to it and the
-- first that is bound for a later one; reports further apart than two minutes show nothing. The day is the service day.
vehicle_reports AS (
    SELECT vehicle_id, trip_id, start_date, start_time, current_stop_sequence AS sequence, t
    FROM transit_vehicle_positions
    WHERE trip_id IS NOT NULL AND start_date IS NOT NULL AND current_stop_sequence IS NOT NULL
        AND t >= :from - INTERVAL '1 hour' AND t < :to + INTERVAL '12 hours'
        AND start_date >= local_date(:from, :zone) AND start_date <= local_date(:to - INTERVAL '1 second', :zone)
),
vehicle_steps AS (
    SELECT
        trip_id, start_date, start_time, sequence, t,
        lag(sequence) OVER (PARTITION BY trip_id, start_date, start_time, vehicle_id ORDER BY t) AS before,
        lag(t) OVER (PARTITION BY trip_id, start_date, start_time, vehicle_id ORDER BY t) AS before_t
    FROM vehicle_reports
),
departures_seen AS (
    SELECT trip_id, start_date, start_time, unnest(generate_series(before, sequence - 1)) AS sequence, before_t, t
    FROM vehicle_steps
    WHERE sequence > before AND t <= before_t + INTERVAL '120 seconds'
),
planned_calls AS (
    SELECT
        s.feed, s.trip_id, s.stop_id, s.stop_sequence,
        coalesce(s.departure_time, s.arrival_time) AS second,
        e.first_second
    FROM trip_ends AS e
    JOIN gtfs_stop_times AS s ON s.feed = e.feed AND s.trip_id = e.trip_id
    WHERE coalesce(s.departure_time, s.arrival_time) IS NOT NULL AND s.stop_sequence < e.last_sequence
),
-- A trip that two timetables know is taken from the first of them.
trip_feeds AS (
    SELECT trip_id, min(feed) AS feed FROM gtfs_trips GROUP BY trip_id
),
-- Seconds since 1970; `seen_s` is the middle of `after_s` and `until_s`.
passages AS (
    SELECT
        c.feed, c.trip_id, c.stop_id, d.start_date AS day,
        date_part('epoch', d.before_t) AS after_s, date_part('epoch', d.t) AS until_s,
        (date_part('epoch', d.before_t) + date_part('epoch', d.t)) / 2.0 AS seen_s,
        date_part('epoch', service_time(d.start_date, c.second + coalesce(d.start_time - c.first_second, 0), :zone))
            AS planned_s
    FROM trip_feeds AS f
    JOIN planned_calls AS c ON c.trip_id = f.trip_id AND c.feed = f.feed
    JOIN departures_seen AS d ON d.trip_id = c.trip_id AND d.sequence = c.stop_sequence
)
