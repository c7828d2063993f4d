-- id = "projects.cpi"
-- version = 1
-- title.kk = "Құн индексі (CPI)"
-- title.ru = "Индекс стоимости (CPI)"
-- title.en = "Cost performance index (CPI)"
-- question.kk = "Жұмсалған әр теңгеге қанша жұмыс игерілді?"
-- question.ru = "Сколько освоено на каждый потраченный тенге?"
-- question.en = "How much is earned for each tenge spent?"
-- decision.kk = "Портфельге қосымша ақша сұрау немесе жобаны кейінге қалдыру керек пе."
-- decision.ru = "Просить ли портфелю деньги или отложить проекты."
-- decision.en = "Whether to ask for more money for the portfolio, or to put projects off."
-- unit = "ratio"
-- better = "higher"
-- grains = ["month", "year"]
-- owner_function = "projects"
-- parts = ["asked_periods", "project_states"]
-- every_min = 1440
-- # Earned over spent from the start, of all projects under way at the end of the period together, so large ones weigh more.
-- # Target: to plan; limit: a tenth dearer (assumption).
-- targets = { target = 1.0, limit = 0.9 }

SELECT
    place,
    period_start,
    qsum(earned) / qsum(spent) AS value,
    count(*) AS row_count,
    qsum(earned) AS numerator,
    qsum(spent) AS denominator
FROM project_states
WHERE place IN (SELECT place FROM today_places)
GROUP BY place, period_start
HAVING qsum(spent) > 0
