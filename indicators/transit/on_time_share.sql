-- id = "transit.on_time_share"
-- version = 1
-- title.kk = "Уақытында шыққандардың үлесі"
-- title.ru = "Доля отправлений по расписанию"
-- title.en = "On-time share"
-- question.kk = "Көліктердің қанша бөлігі аялдамадан кесте бойынша шығады?"
-- question.ru = "Какая доля отправлений с остановок идёт по расписанию?"
-- question.en = "What share of departures from stops is on time?"
-- decision.kk = "Кестені түзету немесе автобус жолағын ашу керек пе және қай ауданда."
-- decision.ru = "Исправлять расписание или открывать полосу для автобусов, и в каком районе."
-- decision.en = "Whether to mend the timetable or to open a bus lane, and in which district."
-- unit = "ratio"
-- better = "higher"
-- grains = ["day", "week"]
-- owner_function = "public-transport"
-- parts = ["trip_ends", "passages", "stop_places"]
-- every_min = 1440
-- at_once_days = 1
-- # On time: from a minute early to five minutes late. A departure is seen between two reports of a vehicle, and its middle counts; the
-- # bounds count only what is on time at both ends, and all that is at one. Targets: assumption.
-- targets = { target = 0.9, limit = 0.75, hysteresis = 0.01 }

WITH judged AS (
    SELECT
        feed, stop_id, service_time(day, 43200, :zone) AS noon, count(*) AS n,
        sum(CASE WHEN seen_s >= planned_s - 60.0 AND seen_s <= planned_s + 300.0 THEN 1 ELSE 0 END) AS good,
        sum(CASE WHEN after_s >= planned_s - 60.0 AND until_s <= planned_s + 300.0 THEN 1 ELSE 0 END) AS surely,
        sum(CASE WHEN until_s >= planned_s - 60.0 AND after_s <= planned_s + 300.0 THEN 1 ELSE 0 END) AS perhaps
    FROM passages
    GROUP BY feed, stop_id, service_time(day, 43200, :zone)
),
placed AS (
    SELECT
        unnest(CASE WHEN l.place_id IS NULL THEN make_array('city') ELSE make_array('city', l.place_id) END) AS place,
        j.noon, j.n, j.good, j.surely, j.perhaps
    FROM stop_places AS l
    RIGHT JOIN judged AS j
        ON j.feed = l.feed AND j.stop_id = l.stop_id AND j.noon >= l.valid_from AND (l.valid_to IS NULL OR j.noon < l.valid_to)
)
SELECT
    place,
    local_start(:grain, noon, :zone) AS period_start,
    CAST(sum(good) AS DOUBLE) / CAST(sum(n) AS DOUBLE) AS value,
    CAST(sum(n) AS BIGINT) AS row_count,
    CAST(sum(surely) AS DOUBLE) / CAST(sum(n) AS DOUBLE) AS lower,
    CAST(sum(perhaps) AS DOUBLE) / CAST(sum(n) AS DOUBLE) AS upper,
    CAST(sum(good) AS DOUBLE) AS numerator,
    CAST(sum(n) AS DOUBLE) AS denominator
FROM placed
GROUP BY place, local_start(:grain, noon, :zone)
