-- id = "organisation.vacant_share"
-- version = 1
-- title.kk = "Бос лауазымдардың үлесі"
-- title.ru = "Доля вакансий"
-- title.en = "Share of vacant posts"
-- question.kk = "Лауазымдардың қанша бөлігі бос тұр?"
-- question.ru = "Какая доля должностей не занята?"
-- question.en = "What share of posts is vacant?"
-- decision.kk = "Қай басқармаға кадр іздеу немесе бос лауазымды жою керек."
-- decision.ru = "Где искать людей, а где сокращать вакансии."
-- decision.en = "Where to look for people, and where to drop posts."
-- unit = "ratio"
-- better = "lower"
-- grains = ["month", "quarter", "year"]
-- owner_function = "internal-policy"
-- parts = ["list_months"]
-- every_min = 1440
-- # Target: a twentieth; limit: a tenth (assumption). By the list of posts of the day of computing. The city only: the list has
-- # no places.
-- targets = { target = 0.05, limit = 0.1 }

SELECT
    'city' AS place,
    p.period_start,
    s.part / s.posts AS value,
    CAST(s.posts AS BIGINT) AS row_count,
    s.part AS numerator,
    s.posts AS denominator
FROM told_periods AS p
CROSS JOIN (
    SELECT CAST(sum(CASE WHEN NOT filled THEN 1 ELSE 0 END) AS DOUBLE) AS part, CAST(count(*) AS DOUBLE) AS posts
    FROM organisation_posts
) AS s
WHERE s.posts > 0
