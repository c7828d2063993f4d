-- id = "organisation.management_share"
-- version = 1
-- title.kk = "Басшы лауазымдардың үлесі"
-- title.ru = "Доля управленческих должностей"
-- title.en = "Share of management posts"
-- question.kk = "Лауазымдардың қанша бөлігі басшылық?"
-- question.ru = "Какая доля должностей — руководители?"
-- question.en = "What share of posts is management?"
-- decision.kk = "Қай деңгейлерді қысқартуға болады."
-- decision.ru = "Какие уровни управления сократить."
-- decision.en = "Which levels of management to remove."
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
    SELECT CAST(sum(CASE WHEN kind = 'management' THEN 1 ELSE 0 END) AS DOUBLE) AS part, CAST(count(*) AS DOUBLE) AS posts
    FROM organisation_posts
) AS s
WHERE s.posts > 0
