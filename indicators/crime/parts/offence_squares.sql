-- `offence_squares`: offences with a place, each with its square of 250 m: rows of one height, and squares of one area in them.
offence_squares AS (
    SELECT
        place_id, kind, t, month, row,
        CAST(floor(lon * cos(radians(row * 250.0 / 111195.0)) * 111195.0 / 250.0) AS BIGINT) AS col
    FROM (
        SELECT
            place_id, kind, t, lon, CAST(floor(lat * 111195.0 / 250.0) AS BIGINT) AS row,
            12 * CAST(date_part('year', local_date(t, :zone)) AS BIGINT)
                + CAST(date_part('month', local_date(t, :zone)) AS BIGINT) - 1 AS month
        FROM crime_offences
        WHERE lon IS NOT NULL AND lat IS NOT NULL AND coalesce(reported_by, 'resident') <> 'police' AND t < :to
    )
)
