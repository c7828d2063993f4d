-- id = "projects.blocked"
-- version = 1
-- title.kk = "Тоқтап тұрған жобалар"
-- title.ru = "Остановленные проекты"
-- title.en = "Blocked projects"
-- question.kk = "Кезең соңында неше жоба тоқтап тұр?"
-- question.ru = "Сколько проектов стоит на конец периода?"
-- question.en = "How many projects are at a standstill at the end of the period?"
-- decision.kk = "Қай кедергіні әкім өзі шешуі керек."
-- decision.ru = "Какое препятствие снять самому акиму."
-- decision.en = "Which obstacle the mayor must remove himself."
-- unit = "count"
-- better = "lower"
-- grains = ["month", "year"]
-- owner_function = "projects"
-- parts = ["asked_periods", "project_states"]
-- every_min = 1440
-- # Of the projects under way at the end of the period, those whose newest news by then is that they are blocked. Target: none;
-- # limit: 2 (assumption).
-- targets = { target = 0.0, limit = 2.0 }

WITH newest_news AS (
    SELECT period_start, project_id, status
    FROM (
        SELECT
            a.period_start, b.project_id, b.status,
            row_number() OVER (PARTITION BY a.period_start, b.project_id ORDER BY b.t DESC) AS n
        FROM asked_periods AS a
        JOIN projects_blocks AS b ON b.t < a.period_end
    )
    WHERE n = 1
),
placed AS (
    SELECT
        s.place, s.period_start,
        CASE
            WHEN n.status = 'blocked' THEN 1
            ELSE 0
        END AS is_so
    FROM project_states AS s
    LEFT JOIN newest_news AS n ON n.period_start = s.period_start AND n.project_id = s.project_id
)
SELECT
    place,
    period_start,
    CAST(sum(is_so) AS DOUBLE) AS value,
    count(*) AS row_count
FROM placed
WHERE place IN (SELECT place FROM today_places)
GROUP BY place, period_start
