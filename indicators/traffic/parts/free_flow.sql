-- Free-flow speed of a detector in a local week: `free_flow`; after `detector_hours`. It is the one of the list of detectors;
-- where it says none, or has no such detector, the 85th percentile (type 7, exact) of the hourly means of 22:00 to 06:00 in the
-- week before, or in the week itself when the week before has none.
unlisted AS (
    SELECT detector_id FROM detectors WHERE free_flow_kmh IS NULL
    UNION ALL
    SELECT h.detector_id
    FROM detectors AS d
    RIGHT JOIN (
        SELECT DISTINCT detector_id FROM traffic_readings WHERE quantity = 'speed' AND t >= :from AND t < :to
        UNION
        SELECT DISTINCT detector_id FROM traffic_hourly_counts WHERE speed_kmh IS NOT NULL AND t >= :from AND t < :to
    ) AS h ON d.detector_id = h.detector_id
    WHERE d.detector_id IS NULL
),
night_readings AS (
    SELECT r.detector_id, local_start('hour', r.t, :zone) AS hour, qavg(r.value) AS speed
    FROM unlisted AS u
    JOIN traffic_readings AS r ON r.detector_id = u.detector_id
    WHERE r.quantity = 'speed'
        AND r.t >= local_start('week', local_start('week', :from, :zone) - INTERVAL '3 days', :zone)
        AND r.t < local_end('week', :to - INTERVAL '1 second', :zone)
        AND (local_hour(r.t, :zone) >= 22 OR local_hour(r.t, :zone) < 6)
    GROUP BY r.detector_id, local_start('hour', r.t, :zone)
),
night_counts AS (
    SELECT h.detector_id, h.t AS hour, h.speed_kmh AS speed
    FROM unlisted AS u
    JOIN traffic_hourly_counts AS h ON h.detector_id = u.detector_id
    WHERE h.speed_kmh IS NOT NULL
        AND h.t >= local_start('week', local_start('week', :from, :zone) - INTERVAL '3 days', :zone)
        AND h.t < local_end('week', :to - INTERVAL '1 second', :zone)
        AND (local_hour(h.t, :zone) >= 22 OR local_hour(h.t, :zone) < 6)
),
night_hours AS (
    SELECT detector_id, local_date(local_start('week', hour, :zone), :zone) AS week, hour, speed
    FROM (
        SELECT detector_id, hour, speed, choice, min(choice) OVER (PARTITION BY detector_id, hour) AS best
        FROM (
            SELECT detector_id, hour, speed, 1 AS choice FROM night_readings
            UNION ALL
            SELECT detector_id, hour, speed, 2 AS choice FROM night_counts
        )
    )
    WHERE choice = best
),
ranked_nights AS (
    SELECT
        detector_id, week, speed, slower AS place, 0.85 * (slower + faster) AS wanted
    FROM (
        SELECT
            detector_id, week, speed,
            row_number() OVER (PARTITION BY detector_id, week ORDER BY speed, hour) - 1 AS slower,
            row_number() OVER (PARTITION BY detector_id, week ORDER BY speed DESC, hour DESC) - 1 AS faster
        FROM night_hours
    )
),
night_speeds AS (
    SELECT detector_id, week, low + (wanted - floor(wanted)) * (high - low) AS kmh
    FROM (
        SELECT
            detector_id, week, wanted,
            max(CASE WHEN place = floor(wanted) THEN speed END) AS low,
            max(CASE WHEN place = ceil(wanted) THEN speed END) AS high
        FROM ranked_nights
        GROUP BY detector_id, week, wanted
    )
),
free_flow AS (
    SELECT detector_id, week, kmh
    FROM (
        SELECT detector_id, week, kmh, row_number() OVER (PARTITION BY detector_id, week ORDER BY choice) AS n
        FROM (
            SELECT detector_id, kmh, choice, CASE choice WHEN 1 THEN CAST(week + INTERVAL '7 days' AS DATE) ELSE week END AS week
            FROM (SELECT detector_id, week, kmh, unnest(make_array(1, 2)) AS choice FROM night_speeds)
        )
    )
    WHERE n = 1
),
-- Hours of detectors with flow, speed and free-flow speed: `judged_hours`; and by place: `placed_judged_hours`.
judged_hours AS (
    SELECT h.detector_id, h.hour, h.flow, h.speed, h.speed_n, h.free_flow_kmh, f.kmh
    FROM free_flow AS f
    RIGHT JOIN (
        SELECT h.detector_id, h.hour, h.flow, h.speed, h.speed_n, d.free_flow_kmh
        FROM detectors AS d
        RIGHT JOIN detector_hours AS h ON h.detector_id = d.detector_id
        WHERE h.speed > 0.0
    ) AS h
        ON f.detector_id = h.detector_id AND f.week = local_date(local_start('week', h.hour, :zone), :zone)
),
placed_judged_hours AS (
    SELECT unnest(CASE WHEN l.place_id IS NULL THEN make_array('city') ELSE make_array('city', l.place_id) END) AS place,
        h.detector_id, h.hour, h.flow, h.speed, h.speed_n, coalesce(h.free_flow_kmh, h.kmh) AS free_kmh
    FROM detector_places AS l
    RIGHT JOIN judged_hours AS h
        ON l.detector_id = h.detector_id AND h.hour >= l.valid_from AND (l.valid_to IS NULL OR h.hour < l.valid_to)
)
