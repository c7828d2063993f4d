-- `placed_items`: what the city owns by the list of today, by period. The list knows until its newest inspection: `day` is the
-- last day of the period, or that day if it is earlier, so that nothing is overdue before its time.
placed_items AS (
    SELECT
        unnest(make_array('city', i.place_id)) AS place, p.period_start, i.condition, i.inspection_due_on, i.renewal_year,
        p.known AS day
    FROM (
        SELECT a.period_start, CASE WHEN k.newest < a.last_day THEN k.newest ELSE a.last_day END AS known
        FROM asked_periods AS a
        CROSS JOIN (SELECT max(inspected_on) AS newest FROM assets_items) AS k
        WHERE k.newest IS NOT NULL
    ) AS p
    CROSS JOIN assets_items AS i
)
