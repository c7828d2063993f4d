-- `asked_periods`: the periods asked for, with their first and last month counted from year 0.
asked_periods AS (
    SELECT
        period_start, local_end(:grain, period_start, :zone) AS period_end,
        local_date(local_end(:grain, period_start, :zone) - INTERVAL '1 second', :zone) AS last_day,
        12 * CAST(date_part('year', local_date(period_start, :zone)) AS BIGINT)
            + CAST(date_part('month', local_date(period_start, :zone)) AS BIGINT) - 1 AS first_month,
        12 * CAST(date_part('year', local_date(local_end(:grain, period_start, :zone) - INTERVAL '1 second', :zone)) AS BIGINT)
            + CAST(date_part('month', local_date(local_end(:grain, period_start, :zone) - INTERVAL '1 second', :zone)) AS BIGINT)
            - 1 AS last_month
    FROM (
        SELECT DISTINCT local_start(:grain, t, :zone) AS period_start
        FROM (SELECT unnest(generate_series(:from, :to - INTERVAL '1 second', INTERVAL '1 day')) AS t)
    )
),
-- `today_places`: the city and its districts of today.
today_places AS (
    SELECT 'city' AS place
    UNION ALL
    SELECT place_id AS place FROM organisation_places WHERE kind = 'district' AND valid_to IS NULL
)
