-- Flow and speed by detector and hour: `detector_hours`; and by place: `placed_detector_hours`. A quarter of an hour stands for
-- the hour when quarters are asked for.
detectors AS (
    SELECT detector_id, lon, lat, free_flow_kmh
    FROM (
        SELECT detector_id, lon, lat, free_flow_kmh, row_number() OVER (PARTITION BY detector_id ORDER BY feed) AS n
        FROM traffic_detectors
    )
    WHERE n = 1
),
detector_places AS (
    SELECT d.detector_id, p.place_id, p.valid_from, p.valid_to
    FROM detectors AS d
    JOIN organisation_places AS p ON ST_Contains(ST_GeomFromText(p.geometry), ST_Point(d.lon, d.lat))
    WHERE p.kind = 'district' AND p.geometry IS NOT NULL
),
measured_detector_hours AS (
    SELECT
        detector_id,
        local_start(CASE WHEN :grain = 'minute15' THEN 'minute15' ELSE 'hour' END, t, :zone) AS hour,
        qavg(CASE WHEN quantity = 'flow' THEN value END) AS flow,
        qavg(CASE WHEN quantity = 'speed' THEN value END) AS speed,
        sum(CASE WHEN quantity = 'flow' THEN 1 ELSE 0 END) AS flow_n,
        sum(CASE WHEN quantity = 'speed' THEN 1 ELSE 0 END) AS speed_n
    FROM traffic_readings
    WHERE quantity IN ('flow', 'speed') AND t >= :from AND t < :to
    GROUP BY detector_id, local_start(CASE WHEN :grain = 'minute15' THEN 'minute15' ELSE 'hour' END, t, :zone)
),
-- Hours of the archive, where the detector has no readings of its own.
detector_hours AS (
    SELECT detector_id, hour, flow, speed, flow_n, speed_n FROM measured_detector_hours
    UNION ALL
    SELECT
        a.detector_id, a.t AS hour, a.vehicles * 60.0 / nullif(coalesce(a.minutes, 60), 0) AS flow, a.speed_kmh AS speed,
        1 AS flow_n, CASE WHEN a.speed_kmh IS NULL THEN 0 ELSE 1 END AS speed_n
    FROM measured_detector_hours AS m
    RIGHT JOIN traffic_hourly_counts AS a ON a.t = m.hour AND a.detector_id = m.detector_id
    WHERE :grain <> 'minute15' AND a.t >= :from AND a.t < :to AND m.hour IS NULL
),
-- An hour of a detector belongs to the city and to the district in force at its start.
placed_detector_hours AS (
    SELECT unnest(CASE WHEN l.place_id IS NULL THEN make_array('city') ELSE make_array('city', l.place_id) END) AS place,
        h.detector_id, h.hour, h.flow, h.speed, h.flow_n, h.speed_n
    FROM detector_places AS l
    RIGHT JOIN detector_hours AS h
        ON l.detector_id = h.detector_id AND h.hour >= l.valid_from AND (l.valid_to IS NULL OR h.hour < l.valid_to)
)
