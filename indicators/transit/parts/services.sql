-- What runs on a date: `services`. The week says so and no exception takes it away, or an exception adds it. Three days before
-- the range are in it, for their services go on after midnight.
service_dates AS (
    SELECT CAST(day AS DATE) AS date
    FROM (
        SELECT unnest(generate_series(
            local_date(:from - INTERVAL '3 days', :zone),
            local_date(:to - INTERVAL '1 second', :zone),
            INTERVAL '1 day'
        )) AS day
    )
),
services AS (
    SELECT c.feed, c.service_id, d.date
    FROM gtfs_calendar AS c
    JOIN service_dates AS d ON d.date >= c.start_date AND d.date <= c.end_date
    WHERE CASE date_part('dow', d.date)
            WHEN 0 THEN c.sunday
            WHEN 1 THEN c.monday
            WHEN 2 THEN c.tuesday
            WHEN 3 THEN c.wednesday
            WHEN 4 THEN c.thursday
            WHEN 5 THEN c.friday
            ELSE c.saturday
        END = 1
        AND NOT EXISTS (
            SELECT 1 FROM gtfs_calendar_dates AS x
            WHERE x.feed = c.feed AND x.service_id = c.service_id AND x.date = d.date AND x.exception_type = 2
        )
    UNION
    SELECT x.feed, x.service_id, x.date
    FROM gtfs_calendar_dates AS x
    JOIN service_dates AS d ON d.date = x.date
    WHERE x.exception_type = 1
),
-- A trip with frequencies runs once for each of these starts instead of once.
trip_starts AS (
    SELECT feed, trip_id, unnest(generate_series(start_time, end_time - 1, headway_secs)) AS start_time
    FROM gtfs_frequencies
)
