-- id = "schools.overfull_share"
-- version = 1
-- title.kk = "Толып кеткен мектептердің үлесі"
-- title.ru = "Доля переполненных школ"
-- title.en = "Share of overfull schools"
-- question.kk = "Мектептердің қанша бөлігінде оқушы орыннан көп?"
-- question.ru = "В какой доле школ учеников больше, чем мест?"
-- question.en = "In what share of schools are there more pupils than places?"
-- decision.kk = "Қай ауданда алдымен мектеп салу және шекараларды қайта бөлу керек."
-- decision.ru = "В каком районе строить школы и пересматривать границы в первую очередь."
-- decision.en = "In which district to build schools and redraw catchments first."
-- unit = "ratio"
-- better = "lower"
-- grains = ["month", "quarter", "year"]
-- owner_function = "education"
-- parts = ["schools"]
-- every_min = 1440
-- min_coverage = 0.75
-- # Schools with more pupils than places, of those that tell both. The list of the day of computing stands for the period.
-- # No target: the sources promise places, not a share.

SELECT
    s.place,
    p.period_start,
    s.overfull / s.judged AS value,
    CAST(s.judged AS BIGINT) AS row_count,
    s.overfull AS numerator,
    s.judged AS denominator,
    s.listed AS expected
FROM list_periods AS p
CROSS JOIN (
    SELECT
        place,
        CAST(sum(CASE WHEN pupils > places THEN 1 ELSE 0 END) AS DOUBLE) AS overfull,
        CAST(count(places + pupils) AS DOUBLE) AS judged,
        CAST(count(*) AS DOUBLE) AS listed
    FROM placed_schools
    GROUP BY place
) AS s
