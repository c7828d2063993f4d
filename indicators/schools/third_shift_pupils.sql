-- id = "schools.third_shift_pupils"
-- version = 1
-- title.kk = "Үш ауысымды мектептердің оқушылары"
-- title.ru = "Ученики школ с третьей сменой"
-- title.en = "Pupils of schools with a third shift"
-- question.kk = "Неше оқушы үш ауысыммен оқитын мектепте оқиды?"
-- question.ru = "Сколько учеников учится в школах с тремя сменами?"
-- question.en = "How many pupils go to a school that teaches in three shifts?"
-- decision.kk = "Қай мектептерді алдымен үшінші ауысымнан босату керек."
-- decision.ru = "Какие школы первыми избавлять от третьей смены."
-- decision.en = "Which schools to free from the third shift first."
-- unit = "persons"
-- better = "lower"
-- grains = ["month", "quarter", "year"]
-- owner_function = "education"
-- parts = ["schools"]
-- every_min = 1440
-- min_coverage = 0.95
-- # All pupils of schools with three shifts or more: how many of them come in the third is in no list. Schools that do not tell
-- # their shifts are not judged. Target: none, as the state has promised for all three-shift schools.
-- targets = { target = 0.0, limit = 0.0 }

SELECT
    s.place,
    p.period_start,
    s.value,
    CAST(s.judged AS BIGINT) AS row_count,
    s.listed AS expected
FROM list_periods AS p
CROSS JOIN (
    SELECT
        place,
        CAST(sum(CASE WHEN shifts >= 3 THEN pupils ELSE 0 END) AS DOUBLE) AS value,
        count(shifts + pupils) AS judged,
        CAST(count(*) AS DOUBLE) AS listed
    FROM placed_schools
    GROUP BY place
) AS s
