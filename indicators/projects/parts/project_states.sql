-- `project_states`: how each project under way stood at the end of a period by its newest report: begun, reported, and not all
-- earned. The city and the district (`place`) have a row each. `months` are months since the start, `earned_months` the month of
-- the plan in which that much should have been earned, between two months in proportion.
newest_reports AS (
    SELECT period_start, last_day, project_id, period AS months, earned_kzt AS earned, spent_kzt AS spent
    FROM (
        SELECT
            a.period_start, a.last_day, r.project_id, r.period, r.earned_kzt, r.spent_kzt,
            row_number() OVER (PARTITION BY a.period_start, r.project_id ORDER BY r.t DESC) AS n
        FROM asked_periods AS a
        JOIN projects_progress_reports AS r ON r.t <= a.last_day
    )
    WHERE n = 1
),
planned_months AS (
    SELECT
        r.period_start, r.project_id,
        max(CASE WHEN b.planned_kzt <= r.earned THEN b.period ELSE 0 END) AS whole,
        max(CASE WHEN b.planned_kzt <= r.earned THEN CAST(b.planned_kzt AS DOUBLE) ELSE 0.0 END) AS below,
        min(CASE WHEN b.planned_kzt > r.earned THEN CAST(b.planned_kzt AS DOUBLE) END) AS above
    FROM newest_reports AS r
    JOIN projects_baselines AS b ON b.project_id = r.project_id
    GROUP BY r.period_start, r.project_id
),
project_states AS (
    SELECT
        unnest(make_array('city', place_id)) AS place, period_start, last_day, project_id, planned_finish_on, months, earned,
        spent,
        whole + coalesce((earned - below) / (above - below), 0.0) AS earned_months
    FROM (
        SELECT
            p.place_id, r.period_start, r.last_day, r.project_id, p.planned_finish_on, r.months, m.below, m.above,
            CAST(r.earned AS DOUBLE) AS earned, CAST(r.spent AS DOUBLE) AS spent, CAST(m.whole AS DOUBLE) AS whole
        FROM newest_reports AS r
        JOIN projects_key_projects AS p ON p.project_id = r.project_id
        LEFT JOIN planned_months AS m ON m.period_start = r.period_start AND m.project_id = r.project_id
        WHERE r.earned < p.budget_kzt
    )
)
