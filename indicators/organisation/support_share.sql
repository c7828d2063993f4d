-- id = "organisation.support_share"
-- version = 1
-- title.kk = "Қамтамасыз ету лауазымдарының үлесі"
-- title.ru = "Доля обеспечивающих должностей"
-- title.en = "Share of support posts"
-- question.kk = "Лауазымдардың қанша бөлігі өз аппаратына қызмет етеді?"
-- question.ru = "Какая доля должностей обслуживает сам аппарат?"
-- question.en = "What share of posts serves the administration itself?"
-- decision.kk = "Қандай қызметтерді ортақ орталыққа біріктіру керек."
-- decision.ru = "Какие службы объединить в общий центр."
-- decision.en = "Which services to bring together in one centre."
-- unit = "ratio"
-- better = "lower"
-- grains = ["month", "quarter", "year"]
-- owner_function = "internal-policy"
-- parts = ["list_months"]
-- every_min = 1440
-- # Filled and vacant posts. By the list of posts of the day of computing. The city only: the list has no places.

SELECT
    'city' AS place,
    p.period_start,
    s.part / s.posts AS value,
    CAST(s.posts AS BIGINT) AS row_count,
    s.part AS numerator,
    s.posts AS denominator
FROM told_periods AS p
CROSS JOIN (
    SELECT CAST(sum(CASE WHEN kind = 'support' THEN 1 ELSE 0 END) AS DOUBLE) AS part, CAST(count(*) AS DOUBLE) AS posts
    FROM organisation_posts
) AS s
WHERE s.posts > 0
