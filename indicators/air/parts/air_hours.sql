-- PM2.5 by station and hour: `station_hours`; and by place: `placed_hours`, `place_hours`.
stations AS (
    SELECT station_id, lon, lat
    FROM (SELECT station_id, lon, lat, row_number() OVER (PARTITION BY station_id ORDER BY feed) AS n FROM air_stations)
    WHERE n = 1
),
station_places AS (
    SELECT s.station_id, p.place_id, p.valid_from, p.valid_to
    FROM stations AS s
    JOIN organisation_places AS p ON ST_Contains(ST_GeomFromText(p.geometry), ST_Point(s.lon, s.lat))
    WHERE p.kind = 'district' AND p.geometry IS NOT NULL
),
-- One mean for each station and hour, so that a sensor of 5 minutes weighs as much as a post of 20.
measured_hours AS (
    SELECT station_id, local_start('hour', t, :zone) AS hour, qavg(value) AS value, count(*) AS n
    FROM air_readings
    WHERE quantity = 'pm25' AND t >= :from AND t < :to
    GROUP BY station_id, local_start('hour', t, :zone)
),
-- Hours of the archive, where the station has no readings of its own.
station_hours AS (
    SELECT station_id, hour, value, n FROM measured_hours
    UNION ALL
    SELECT a.station_id, a.t AS hour, a.value, 1 AS n
    FROM measured_hours AS m
    RIGHT JOIN air_hourly_readings AS a ON a.t = m.hour AND a.station_id = m.station_id
    WHERE a.quantity = 'pm25' AND a.t >= :from AND a.t < :to AND m.hour IS NULL
),
-- An hour of a station belongs to the city and to the district in force at its start.
placed_hours AS (
    SELECT unnest(CASE WHEN l.place_id IS NULL THEN make_array('city') ELSE make_array('city', l.place_id) END) AS place,
        h.station_id, h.hour, h.value, h.n
    FROM station_places AS l
    RIGHT JOIN station_hours AS h
        ON l.station_id = h.station_id AND h.hour >= l.valid_from AND (l.valid_to IS NULL OR h.hour < l.valid_to)
),
place_hours AS (
    SELECT place, hour, qavg(value) AS value, CAST(sum(n) AS BIGINT) AS n FROM placed_hours GROUP BY place, hour
)
