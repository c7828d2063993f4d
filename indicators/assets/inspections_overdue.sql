-- id = "assets.inspections_overdue"
-- version = 1
-- title.kk = "Мерзімі өткен тексерулер"
-- title.ru = "Просроченные осмотры"
-- title.en = "Overdue inspections"
-- question.kk = "Қаланың неше заты мерзімінде тексерілмеген?"
-- question.ru = "Сколько вещей города не осмотрено в срок?"
-- question.en = "How many things of the city have not been inspected in time?"
-- decision.kk = "Тексерушілерді қай ауданға жіберу керек."
-- decision.ru = "В какой район отправить осмотрщиков."
-- decision.en = "To which district to send inspectors."
-- unit = "count"
-- better = "lower"
-- grains = ["month", "quarter", "year"]
-- owner_function = "communal-infrastructure"
-- parts = ["asked_periods", "placed_items"]
-- every_min = 1440
-- min_coverage = 0.75
-- # Things whose next inspection was due before the last day of the period, or before the day until which the list knows.

SELECT
    place,
    period_start,
    CAST(sum(CASE WHEN inspection_due_on < day THEN 1 ELSE 0 END) AS DOUBLE) AS value,
    count(inspection_due_on) AS row_count,
    CAST(count(*) AS DOUBLE) AS expected
FROM placed_items
WHERE place IN (SELECT place FROM today_places)
GROUP BY place, period_start
