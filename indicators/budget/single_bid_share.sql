-- id = "budget.single_bid_share"
-- version = 1
-- title.kk = "Жалғыз ұсыныс түскен конкурстардың үлесі"
-- title.ru = "Доля конкурсов с одним предложением"
-- title.en = "Share of tenders with a single bid"
-- question.kk = "Бәсекелі сатып алулардың қанша бөлігіне бір ғана ұсыныс түсті?"
-- question.ru = "В какой доле конкурентных закупок было только одно предложение?"
-- question.en = "In what share of competitive purchases was there only one bid?"
-- decision.kk = "Қай тапсырыс берушінің шарттарын тексеру керек."
-- decision.ru = "Условия какого заказчика проверить."
-- decision.en = "Whose terms of tender to examine."
-- unit = "ratio"
-- better = "lower"
-- grains = ["month", "quarter", "year"]
-- owner_function = "finance"
-- parts = ["asked_periods"]
-- every_min = 1440
-- min_coverage = 0.75
-- # Contracts signed in the period after an open tender or a quotation, by number and not by money. Purchases from a single
-- # source are not judged. A district is the lines of its own office. Contracts that do not tell the number of bids are missing
-- # rows.

WITH contracts AS (
    SELECT code, bids, local_start(:grain, t, :zone) AS period_start
    FROM budget_contracts
    WHERE t >= :from AND t < :to AND method IN ('open_tender', 'quotation')
),
placed AS (
    SELECT unnest(make_array('city', c.place_id)) AS place, k.period_start, k.bids
    FROM budget_codes AS c
    RIGHT JOIN contracts AS k ON k.code = c.code
)
SELECT
    place,
    period_start,
    CAST(sum(CASE WHEN bids = 1 THEN 1 ELSE 0 END) AS DOUBLE) / CAST(count(bids) AS DOUBLE) AS value,
    count(bids) AS row_count,
    CAST(sum(CASE WHEN bids = 1 THEN 1 ELSE 0 END) AS DOUBLE) AS numerator,
    CAST(count(bids) AS DOUBLE) AS denominator,
    CAST(count(*) AS DOUBLE) AS expected
FROM placed
WHERE place IN (SELECT place FROM today_places)
GROUP BY place, period_start
