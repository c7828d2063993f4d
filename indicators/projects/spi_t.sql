-- id = "projects.spi_t"
-- version = 1
-- title.kk = "Уақыт индексі (SPI(t))"
-- title.ru = "Индекс сроков (SPI(t))"
-- title.en = "Schedule performance index (SPI(t))"
-- question.kk = "Портфель жоспарлы уақытпен салыстырғанда қандай қарқынмен жүреді?"
-- question.ru = "С какой скоростью портфель идёт против плана по времени?"
-- question.en = "How fast does the portfolio move against its plan in time?"
-- decision.kk = "Жеткізу мерзімдерін қайта уәде ету керек пе."
-- decision.ru = "Переносить ли обещанные сроки."
-- decision.en = "Whether to promise other dates."
-- unit = "ratio"
-- better = "higher"
-- grains = ["month", "year"]
-- owner_function = "projects"
-- parts = ["asked_periods", "project_states"]
-- every_min = 1440
-- # Earned schedule over months since the start, of all projects under way at the end of the period together; each project
-- # counts by its months. A project whose plan by month is not known is left out. Target: to plan; limit: a tenth slower
-- # (assumption).
-- targets = { target = 1.0, limit = 0.9 }

SELECT
    place,
    period_start,
    qsum(earned_months) / qsum(CASE WHEN earned_months IS NOT NULL THEN CAST(months AS DOUBLE) END) AS value,
    count(*) AS row_count,
    qsum(earned_months) AS numerator,
    qsum(CASE WHEN earned_months IS NOT NULL THEN CAST(months AS DOUBLE) END) AS denominator
FROM project_states
WHERE place IN (SELECT place FROM today_places)
GROUP BY place, period_start
HAVING qsum(CASE WHEN earned_months IS NOT NULL THEN CAST(months AS DOUBLE) END) > 0
