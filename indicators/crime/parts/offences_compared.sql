-- `offences_compared`: offences by place, class and period, and those of the same period of the up to three years before of which
-- the register tells all. What the police found by themselves tells where they look and is left out.
offence_months AS (
    SELECT place, class, month, count(*) AS n
    FROM (
        SELECT
            unnest(make_array('city', place_id)) AS place, class,
            12 * CAST(date_part('year', day) AS BIGINT) + CAST(date_part('month', day) AS BIGINT) - 1 AS month
        FROM (
            SELECT
                place_id, local_date(t, :zone) AS day,
                unnest(CASE
                    WHEN kind IN ('theft', 'theft_from_vehicle', 'vehicle_theft', 'burglary') THEN make_array('all', 'theft')
                    WHEN kind IN ('assault', 'robbery', 'hooliganism') THEN make_array('all', 'violence')
                    ELSE make_array('all')
                END) AS class
            FROM crime_offences
            WHERE t < :to AND coalesce(reported_by, 'resident') <> 'police'
        )
    )
    WHERE place IN (SELECT place FROM today_places)
    GROUP BY place, class, month
),
-- The register begins in the first three days of the first month that is whole, and ends with the month of its newest offence.
offence_register AS (
    SELECT
        12 * CAST(date_part('year', day) AS BIGINT) + CAST(date_part('month', day) AS BIGINT) - 1
            + CASE WHEN date_part('day', day) <= 3 THEN 0 ELSE 1 END AS first_whole,
        12 * CAST(date_part('year', newest) AS BIGINT) + CAST(date_part('month', newest) AS BIGINT) - 1 AS last_month
    FROM (SELECT local_date(min(t), :zone) AS day, local_date(max(t), :zone) AS newest FROM crime_offences)
),
compared_months AS (
    SELECT period_start, back, unnest(generate_series(first_month - 12 * back, last_month - 12 * back)) AS month
    FROM (
        SELECT a.period_start, a.first_month, a.last_month, r.first_whole, unnest(make_array(0, 1, 2, 3)) AS back
        FROM asked_periods AS a
        CROSS JOIN offence_register AS r
        WHERE a.last_month <= r.last_month
    )
    WHERE first_month - 12 * back >= first_whole
),
offences_compared AS (
    SELECT
        m.place, m.class, c.period_start, CAST(sum(CASE WHEN c.back = 0 THEN m.n ELSE 0 END) AS BIGINT) AS n,
        CAST(sum(CASE WHEN c.back > 0 THEN m.n ELSE 0 END) AS BIGINT) AS before, y.years
    FROM compared_months AS c
    JOIN offence_months AS m ON m.month = c.month
    JOIN (SELECT period_start, max(back) AS years FROM compared_months GROUP BY period_start) AS y
        ON y.period_start = c.period_start
    GROUP BY m.place, m.class, c.period_start, y.years
)
