-- id = "organisation.indicators_off_target"
-- version = 1
-- title.kk = "Мақсаттан тыс көрсеткіштер"
-- title.ru = "Показатели не в норме"
-- title.en = "Indicators off target"
-- question.kk = "Мақсаты бар көрсеткіштердің нешеуі мақсаттан тыс?"
-- question.ru = "Сколько показателей из тех, у которых есть цель, не в норме?"
-- question.en = "How many of the indicators with a target are off target?"
-- decision.kk = "Аппарат кеңесінде қай көрсеткіштің иесін тыңдау керек."
-- decision.ru = "Владельцев каких показателей слушать на аппаратном совещании."
-- decision.en = "The owners of which indicators to hear at the meeting."
-- unit = "count"
-- better = "lower"
-- grains = ["day", "week", "month", "quarter", "year"]
-- owner_function = "internal-policy"
-- every_min = 60
-- # Of the values of the same place, period and length that can be judged (a target, a value): those beyond their limit, by the status
-- # that each was given when it was computed, which looks at the status before (hysteresis). An indicator that is not computed by
-- # that length of period is not among them, nor is one without a value: it is neither on target nor off. By district the subjects that
-- # are made of single records (crime, safety, appeals) are left out: the status of a value that is withheld would follow from the sum.

SELECT
    place,
    local_start(:grain, period_start, :zone) AS period_start,
    CAST(sum(CASE WHEN status = 'off_target' THEN 1 ELSE 0 END) AS DOUBLE) AS value,
    count(*) AS row_count,
    CAST(sum(CASE WHEN status = 'off_target' THEN 1 ELSE 0 END) AS DOUBLE) AS numerator,
    CAST(count(*) AS DOUBLE) AS denominator
FROM indicator_values
WHERE grain = :grain AND period_start >= :from AND period_start < :to
    AND status IN ('on_target', 'watch', 'off_target')
    AND (
        place = 'city'
        OR indicator NOT LIKE 'crime.%' AND indicator NOT LIKE 'safety.%' AND indicator NOT LIKE 'appeals.%'
    )
GROUP BY place, local_start(:grain, period_start, :zone)
