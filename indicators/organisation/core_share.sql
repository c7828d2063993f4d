-- id = "organisation.core_share"
-- version = 1
-- title.kk = "Негізгі лауазымдардың үлесі"
-- title.ru = "Доля основных должностей"
-- title.en = "Share of core posts"
-- question.kk = "Лауазымдардың қанша бөлігі тұрғындарға арналған жұмысты атқарады?"
-- question.ru = "Какая доля должностей занята основной работой для жителей?"
-- question.en = "What share of posts does the work for residents?"
-- decision.kk = "Штатты қайда ауыстыру керек."
-- decision.ru = "Куда переводить штат."
-- decision.en = "Where to move posts."
-- unit = "ratio"
-- better = "higher"
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
    SELECT CAST(sum(CASE WHEN kind = 'core' THEN 1 ELSE 0 END) AS DOUBLE) AS part, CAST(count(*) AS DOUBLE) AS posts
    FROM organisation_posts
) AS s
WHERE s.posts > 0
