-- id = "crime.suppressed_share"
-- version = 1
-- title.kk = "Жасырылған ұяшықтардың үлесі"
-- title.ru = "Доля скрытых ячеек"
-- title.en = "Share of suppressed cells"
-- question.kk = "Аудан мен түр бойынша кестенің қанша бөлігі адамды танытпау үшін жасырылады?"
-- question.ru = "Какая часть таблицы по районам и видам скрыта, чтобы не узнать человека?"
-- question.en = "How much of the table by district and kind is hidden so that nobody is recognised?"
-- decision.kk = "Кестені ірірек кезеңмен не ірірек түрмен жариялау керек пе."
-- decision.ru = "Публиковать ли таблицу по более крупным периодам или видам."
-- decision.en = "Whether to publish the table by longer periods or broader kinds."
-- unit = "ratio"
-- better = "lower"
-- grains = ["month", "quarter", "year"]
-- owner_function = "public-safety"
-- every_min = 1440
-- # Cells of the table district by kind with one to four offences, of those with any; a district: of its kinds. What complements
-- # hide besides is not in it.

WITH cells AS (
    SELECT place_id, kind, local_start(:grain, t, :zone) AS period_start, count(*) AS n
    FROM crime_offences
    WHERE t >= :from AND t < :to
        AND place_id IN (SELECT place_id FROM organisation_places WHERE kind = 'district' AND valid_to IS NULL)
    GROUP BY place_id, kind, local_start(:grain, t, :zone)
)
SELECT
    place,
    period_start,
    CAST(sum(CASE WHEN n < 5 THEN 1 ELSE 0 END) AS DOUBLE) / CAST(count(*) AS DOUBLE) AS value,
    CAST(sum(n) AS BIGINT) AS row_count,
    CAST(sum(CASE WHEN n < 5 THEN 1 ELSE 0 END) AS DOUBLE) AS numerator,
    CAST(count(*) AS DOUBLE) AS denominator
FROM (SELECT unnest(make_array('city', place_id)) AS place, period_start, n FROM cells)
GROUP BY place, period_start
