-- id = "air.pm25_max_hour"
-- version = 2
-- title.kk = "PM2.5 ең ластанған сағаты"
-- title.ru = "Самый грязный час по PM2.5"
-- title.en = "Worst hour of PM2.5"
-- question.kk = "Кезең ішіндегі ең ауыр сағатта ұсақ бөлшектер қаншаға жетті?"
-- question.ru = "До какой концентрации мелких частиц дошло в самый тяжёлый час периода?"
-- question.en = "How high did fine dust rise in the worst hour of the period?"
-- decision.kk = "Ластану туралы дабыл беру, мектептерде таза ауадағы сабақтарды тоқтату және көлік қозғалысын шектеу."
-- decision.ru = "Объявлять ли тревогу, отменять ли уроки на улице и ограничивать ли движение."
-- decision.en = "Whether to raise the smog alarm, cancel outdoor lessons and restrict traffic."
-- unit = "ug/m3"
-- better = "lower"
-- grains = ["day", "week", "month", "quarter", "year"]
-- owner_function = "air-quality"
-- parts = ["air_hours"]
-- every_min = 15
-- # Target: the daily norm of Kazakhstan. Limit: its greatest one-time concentration.
-- targets = { target = 35.0, limit = 160.0, hysteresis = 5.0 }

SELECT
    place,
    local_start(:grain, hour, :zone) AS period_start,
    max(value) AS value,
    CAST(sum(n) AS BIGINT) AS row_count
FROM place_hours
GROUP BY place, local_start(:grain, hour, :zone)
