-- `request_spells`: how long each request was open: from coming or being opened again to the next closing, if there was one. What
-- was answered in the call itself never was. `turn` tells the first spell of a request.
request_events AS (
    SELECT request_id, t, 1 AS is_open FROM appeals_requests WHERE t < :to AND (closed_at IS NULL OR closed_at > t)
    UNION ALL
    SELECT request_id, closed_at AS t, 0 AS is_open FROM appeals_requests WHERE closed_at > t AND closed_at < :to
    UNION ALL
    SELECT request_id, t, CASE WHEN status = 'reopened' THEN 1 ELSE 0 END AS is_open
    FROM appeals_changes
    WHERE t < :to AND status IN ('closed', 'reopened')
),
request_spells AS (
    SELECT s.request_id, s.opened, s.closed, s.turn, r.place_id, r.function_id, r.due_at
    FROM appeals_requests AS r
    JOIN (
        SELECT
            request_id, t AS opened, is_open, lead(t) OVER (PARTITION BY request_id ORDER BY t) AS closed,
            row_number() OVER (PARTITION BY request_id ORDER BY t) AS turn
        FROM request_events
    ) AS s ON s.request_id = r.request_id
    WHERE s.is_open = 1 AND (r.closed_at IS NULL OR r.closed_at > r.t)
),
-- `request_register`: from its first request to a month after its newest news; how many requests name a district.
request_register AS (
    SELECT min(t) AS begins, greatest(max(t), max(closed_at), (SELECT max(t) FROM appeals_changes)) + INTERVAL '31 days' AS ends,
        count(place_id) AS placed
    FROM appeals_requests
),
-- `told_places`: the periods and places of which the register tells: the city; districts if any request names one.
told_places AS (
    SELECT a.period_start, p.place
    FROM asked_periods AS a
    CROSS JOIN today_places AS p
    CROSS JOIN request_register AS r
    WHERE a.period_end > r.begins AND a.period_start <= r.ends AND (p.place = 'city' OR r.placed > 0)
)
