-- id = "organisation.overdue_decisions"
-- version = 1
-- title.kk = "Мерзімі өткен тапсырмалар"
-- title.ru = "Просроченные поручения"
-- title.en = "Decisions past their deadline"
-- question.kk = "Берілген тапсырмалардың нешеуі мерзімінде орындалмады?"
-- question.ru = "Сколько поручений не исполнено в срок?"
-- question.en = "How many decisions were not carried out in time?"
-- decision.kk = "Аппарат кеңесінде кімнен есеп сұрау керек."
-- decision.ru = "С кого спросить на аппаратном совещании."
-- decision.en = "Whom to ask to report at the meeting."
-- unit = "count"
-- better = "lower"
-- grains = ["day", "week", "month", "quarter", "year"]
-- owner_function = "internal-policy"
-- parts = ["asked_periods"]
-- every_min = 60
-- # Decisions that are open at the end of the period, as they stood then, and whose deadline is before it. A decision about a
-- # district is of that district and of the city, all others are of the city. Exercises are left out. Before the first decision
-- # there is no value. How many there are is told to everybody, what they say is not. Target: none.
-- targets = { target = 0.0, limit = 0.0 }

WITH states AS (
    SELECT
        a.period_start, d.place, d.state = 'open' AND d.deadline < a.period_end AS is_overdue,
        row_number() OVER (PARTITION BY a.period_start, d.decision_id ORDER BY d.revision DESC) AS age
    FROM asked_periods AS a
    JOIN room_decisions AS d ON d.t < a.period_end
    WHERE NOT d.drill
),
placed AS (
    SELECT unnest(make_array('city', nullif(place, 'city'))) AS place, period_start, is_overdue
    FROM states
    WHERE age = 1
)
SELECT
    p.place,
    a.period_start,
    CAST(sum(CASE WHEN d.is_overdue THEN 1 ELSE 0 END) AS DOUBLE) AS value,
    count(d.place) AS row_count
FROM (SELECT DISTINCT period_start FROM states) AS a
CROSS JOIN today_places AS p
LEFT JOIN placed AS d ON d.place = p.place AND d.period_start = a.period_start
GROUP BY p.place, a.period_start
