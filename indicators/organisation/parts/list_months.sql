-- `told_periods`: the periods asked for. A list has no dates: it is taken for each of them.
told_periods AS (
    SELECT DISTINCT local_start(:grain, t, :zone) AS period_start
    FROM (SELECT unnest(generate_series(:from, :to - INTERVAL '1 second', INTERVAL '1 day')) AS t)
)
