-- Single readings of the official posts against the greatest one-time concentration, by place: `placed_singles`. Norms, ug/m3:
-- order of the Minister of Health of Kazakhstan DSM-70 of 2 August 2022.
posts AS (
    SELECT station_id, lon, lat
    FROM (
        SELECT station_id, lon, lat, official, row_number() OVER (PARTITION BY station_id ORDER BY feed) AS n
        FROM air_stations
    )
    WHERE n = 1 AND official
),
post_places AS (
    SELECT s.station_id, p.place_id, p.valid_from, p.valid_to
    FROM posts AS s
    JOIN organisation_places AS p ON ST_Contains(ST_GeomFromText(p.geometry), ST_Point(s.lon, s.lat))
    WHERE p.kind = 'district' AND p.geometry IS NOT NULL
),
singles AS (
    SELECT
        r.station_id, r.quantity, r.t,
        r.value / CASE r.quantity
            WHEN 'pm25' THEN 160.0
            WHEN 'pm10' THEN 300.0
            WHEN 'so2' THEN 500.0
            WHEN 'no2' THEN 200.0
            WHEN 'co' THEN 5000.0
            WHEN 'o3' THEN 160.0
        END AS times
    FROM posts AS p
    JOIN air_readings AS r ON r.station_id = p.station_id
    WHERE r.t >= :from AND r.t < :to AND r.quantity IN ('pm25', 'pm10', 'so2', 'no2', 'co', 'o3')
),
placed_singles AS (
    SELECT unnest(CASE WHEN l.place_id IS NULL THEN make_array('city') ELSE make_array('city', l.place_id) END) AS place,
        s.station_id, s.quantity, s.t, s.times
    FROM post_places AS l
    RIGHT JOIN singles AS s
        ON l.station_id = s.station_id AND s.t >= l.valid_from AND (l.valid_to IS NULL OR s.t < l.valid_to)
),
-- Days with readings of a place, by period: a month of five days says nothing of a month.
single_days AS (
    SELECT place, local_start(:grain, t, :zone) AS period_start, count(DISTINCT local_date(t, :zone)) AS days
    FROM placed_singles
    GROUP BY place, local_start(:grain, t, :zone)
),
days_asked AS (
    SELECT local_start(:grain, t, :zone) AS period_start, count(*) AS days
    FROM (SELECT unnest(generate_series(:from, :to - INTERVAL '1 second', INTERVAL '1 day')) AS t)
    GROUP BY local_start(:grain, t, :zone)
)
