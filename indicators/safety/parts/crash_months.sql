-- `crash_months`: killed and seriously injured (`ksi`) by place and month, counted from year 0; crashes that tell both, and all.
crash_rows AS (
    SELECT
        place_id, segment_id, killed + seriously_injured AS ksi,
        12 * CAST(date_part('year', local_date(t, :zone)) AS BIGINT)
            + CAST(date_part('month', local_date(t, :zone)) AS BIGINT) - 1 AS month
    FROM safety_crashes
    WHERE t < :to
),
crash_months AS (
    SELECT
        place, month, CAST(coalesce(sum(ksi), 0) AS BIGINT) AS ksi, CAST(count(ksi) AS BIGINT) AS judged,
        CAST(count(*) AS BIGINT) AS told
    FROM (SELECT unnest(make_array('city', place_id)) AS place, month, ksi FROM crash_rows)
    WHERE place IN (SELECT place FROM today_places)
    GROUP BY place, month
),
-- `crash_register`: the first month of which the register tells all. It begins in the first three days of that month.
crash_register AS (
    SELECT
        12 * CAST(date_part('year', day) AS BIGINT) + CAST(date_part('month', day) AS BIGINT) - 1
            + CASE WHEN date_part('day', day) <= 3 THEN 0 ELSE 1 END AS first_whole
    FROM (SELECT local_date(min(t), :zone) AS day FROM safety_crashes)
)
