-- id = "projects.late"
-- version = 1
-- title.kk = "Кешіккен жобалар"
-- title.ru = "Опаздывающие проекты"
-- title.en = "Late projects"
-- question.kk = "Жүріп жатқан неше жоба уәделі мерзімінен кешігеді?"
-- question.ru = "Сколько проектов в работе не успевает к обещанному сроку?"
-- question.en = "How many projects under way will not be ready when promised at first?"
-- decision.kk = "Қай жобаның мердігерімен және кестесімен бүгін айналысу керек."
-- decision.ru = "Подрядчиком и графиком какого проекта заняться сегодня."
-- decision.en = "With the contractor and schedule of which project to deal today."
-- unit = "count"
-- better = "lower"
-- grains = ["month", "year"]
-- owner_function = "projects"
-- parts = ["asked_periods", "project_states"]
-- every_min = 1440
-- # Of the projects under way at the end of the period: the newest day promised by then is after the planned one, or the planned
-- # one has passed. A project without a promise is judged by its plan.

WITH newest_promises AS (
    SELECT period_start, project_id, finish_on
    FROM (
        SELECT
            a.period_start, p.project_id, p.finish_on,
            row_number() OVER (PARTITION BY a.period_start, p.project_id ORDER BY p.t DESC, p.promise DESC) AS n
        FROM asked_periods AS a
        JOIN projects_promises AS p ON p.t < a.period_end
    )
    WHERE n = 1
),
placed AS (
    SELECT
        s.place, s.period_start,
        CASE
            WHEN coalesce(n.finish_on, s.planned_finish_on) > s.planned_finish_on OR s.last_day > s.planned_finish_on THEN 1
            ELSE 0
        END AS is_so
    FROM project_states AS s
    LEFT JOIN newest_promises AS n ON n.period_start = s.period_start AND n.project_id = s.project_id
)
SELECT
    place,
    period_start,
    CAST(sum(is_so) AS DOUBLE) AS value,
    count(*) AS row_count
FROM placed
WHERE place IN (SELECT place FROM today_places)
GROUP BY place, period_start
