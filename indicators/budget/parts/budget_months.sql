-- `budget_months`: plan, commitments and payments by place and month, counted from year 0. The city is all lines, a district
-- those that its own office administers. An entry of the plan counts from the month in which it comes into force.
budget_rows AS (
    SELECT 'plan' AS kind, code, local_date(t, :zone) AS day, amount_kzt FROM budget_plan_entries WHERE t < :to
    UNION ALL
    SELECT 'committed' AS kind, code, local_date(t, :zone) AS day, amount_kzt FROM budget_commitments WHERE t < :to
    UNION ALL
    SELECT 'paid' AS kind, code, local_date(t, :zone) AS day, amount_kzt FROM budget_payments WHERE t < :to
),
code_months AS (
    SELECT
        kind, code, 12 * CAST(date_part('year', day) AS BIGINT) + CAST(date_part('month', day) AS BIGINT) - 1 AS month,
        sum(amount_kzt) AS amount, count(*) AS n, min(day) AS first_day
    FROM budget_rows
    GROUP BY kind, code, 12 * CAST(date_part('year', day) AS BIGINT) + CAST(date_part('month', day) AS BIGINT) - 1
),
budget_months AS (
    SELECT place, kind, month, sum(amount) AS amount, sum(n) AS n
    FROM (
        SELECT unnest(make_array('city', c.place_id)) AS place, m.kind, m.month, m.amount, m.n
        FROM budget_codes AS c
        RIGHT JOIN code_months AS m ON m.code = c.code
    )
    WHERE place IN (SELECT place FROM today_places)
    GROUP BY place, kind, month
),
-- `budget_books`: the first month of which a book tells all. It begins in the first ten days of that month: January begins late.
budget_books AS (
    SELECT
        kind, 12 * CAST(date_part('year', day) AS BIGINT) + CAST(date_part('month', day) AS BIGINT) - 1
            + CASE WHEN date_part('day', day) <= 10 THEN 0 ELSE 1 END AS first_whole
    FROM (SELECT kind, min(first_day) AS day FROM code_months GROUP BY kind)
),
-- `year_money`: what was planned, committed and paid from the begin of the year to the end of a period.
year_money AS (
    SELECT a.period_start, a.last_month / 12 * 12 AS january, m.place, m.kind, sum(m.amount) AS amount, sum(m.n) AS n
    FROM asked_periods AS a
    JOIN budget_months AS m ON m.month >= a.last_month / 12 * 12 AND m.month <= a.last_month
    GROUP BY a.period_start, a.last_month / 12 * 12, m.place, m.kind
)
