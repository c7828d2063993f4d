-- id = "safety.high_injury_share"
-- version = 1
-- title.kk = "Ең қауіпті көшелер желісінің үлесі"
-- title.ru = "Доля на сети самых опасных улиц"
-- title.en = "Share on the high-injury network"
-- question.kk = "Қаза мен ауыр жарақаттың қанша бөлігі бұрыннан белгілі қауіпті көшелерде болды?"
-- question.ru = "Какая доля погибших и тяжело раненных пришлась на улицы, опасные и раньше?"
-- question.en = "What share of the killed and seriously injured fell on streets that were dangerous before?"
-- decision.kk = "Жөндеуді осы желіге шоғырландыру қайтарым бере ме."
-- decision.ru = "Даст ли отдачу сосредоточить работы на этой сети."
-- decision.en = "Whether it pays to concentrate works on that network."
-- unit = "ratio"
-- better = "neither"
-- grains = ["month", "quarter", "year"]
-- owner_function = "road-traffic"
-- parts = ["asked_periods", "crash_months"]
-- every_min = 1440
-- # The network is of the three years before the period, or of as many months as the register has, twelve at least: the shortest
-- # head of the street segments in the order of killed and seriously injured per length that holds 65 % of them. The value is
-- # the share of the period's killed and seriously injured, among those on known segments, that fell on it; so it is measured on
-- # other crashes than those that made the network. Districts by year only. One to four are not told, nor is the next smallest
-- # district when only one would be hidden.

WITH judged_periods AS (
    SELECT a.period_start, a.first_month, a.last_month, greatest(a.first_month - 36, r.first_whole) AS begins
    FROM asked_periods AS a
    CROSS JOIN crash_register AS r
    WHERE a.first_month - 12 >= r.first_whole
),
past AS (
    SELECT p.period_start, c.segment_id, s.length_m, CAST(sum(c.ksi) AS BIGINT) AS ksi
    FROM (
        SELECT period_start, unnest(generate_series(begins, first_month - 1)) AS month FROM judged_periods
    ) AS p
    JOIN crash_rows AS c ON c.month = p.month
    JOIN traffic_street_segments AS s ON s.segment_id = c.segment_id
    WHERE c.ksi > 0 AND s.length_m > 0
    GROUP BY p.period_start, c.segment_id, s.length_m
),
ordered AS (
    SELECT
        period_start, segment_id, ksi, sum(ksi) OVER (PARTITION BY period_start) AS of_all,
        sum(ksi) OVER (
            PARTITION BY period_start
            ORDER BY ksi / length_m DESC, segment_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS head
    FROM past
),
network AS (
    SELECT period_start, segment_id FROM ordered WHERE 100 * (head - ksi) < 65 * of_all
),
happened AS (
    SELECT
        unnest(CASE WHEN :grain = 'year' THEN make_array('city', c.place_id) ELSE make_array('city') END) AS place,
        p.period_start, c.ksi, n.segment_id IS NOT NULL AS is_on
    FROM (
        SELECT period_start, unnest(generate_series(first_month, last_month)) AS month FROM judged_periods
    ) AS p
    JOIN crash_rows AS c ON c.month = p.month
    JOIN traffic_street_segments AS s ON s.segment_id = c.segment_id
    LEFT JOIN network AS n ON n.period_start = p.period_start AND n.segment_id = c.segment_id
    WHERE c.ksi IS NOT NULL
),
counted AS (
    SELECT
        place, period_start, CAST(sum(ksi) AS BIGINT) AS ksi, CAST(sum(CASE WHEN is_on THEN ksi ELSE 0 END) AS BIGINT) AS on_it,
        count(*) AS n
    FROM happened
    WHERE place IN (SELECT place FROM today_places)
    GROUP BY place, period_start
),
weighed AS (
    SELECT
        *,
        ksi BETWEEN 1 AND 4 AS is_small,
        count(CASE WHEN place <> 'city' AND ksi BETWEEN 1 AND 4 THEN 1 END) OVER (PARTITION BY period_start) AS small,
        row_number() OVER (PARTITION BY period_start ORDER BY place = 'city' OR ksi < 5, ksi, place) AS above
    FROM counted
),
judged AS (
    SELECT *, is_small OR (small = 1 AND above = 1 AND place <> 'city') AS is_hidden
    FROM weighed
)
SELECT
    place,
    period_start,
    CASE WHEN is_hidden OR ksi = 0 THEN NULL ELSE CAST(on_it AS DOUBLE) / CAST(ksi AS DOUBLE) END AS value,
    CASE WHEN is_hidden THEN 'suppressed' END AS reason,
    CAST(n AS BIGINT) AS row_count,
    CAST(on_it AS DOUBLE) AS numerator,
    CAST(ksi AS DOUBLE) AS denominator
FROM judged
