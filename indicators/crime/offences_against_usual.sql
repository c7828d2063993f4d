-- id = "crime.offences_against_usual"
-- version = 2
-- title.kk = "Құқық бұзушылықтар, әдеттегімен салыстырғанда"
-- title.ru = "Правонарушения против обычного"
-- title.en = "Offences against usual"
-- question.kk = "Құқық бұзушылықтар жылдың осы мезгіліндегі әдеттегіден көп пе?"
-- question.ru = "Правонарушений больше, чем обычно в это время года?"
-- question.en = "Are there more offences than usual for the time of the year?"
-- decision.kk = "Қай ауданда алдын алу шараларын күшейту керек."
-- decision.ru = "В каком районе усилить профилактику."
-- decision.en = "In which district to do more for prevention."
-- unit = "ratio"
-- better = "lower"
-- grains = ["month", "quarter", "year"]
-- owner_function = "public-safety"
-- parts = ["asked_periods", "offences_compared"]
-- every_min = 1440
-- # All kinds. Offences of the period over the mean of the same period of the up to three years before, as far back as the
-- # register tells all of it; 1 is as usual. By the time when they happened. Without a year before there is no value. What the
-- # police find by themselves tells where they look and is left out. Places with one to four offences have no value, nor has the
-- # next smallest district when only one would be hidden. Target: as usual; limit: a fifth more (assumption).
-- targets = { target = 1.0, limit = 1.2 }

WITH weighed AS (
    SELECT
        *,
        fewest BETWEEN 1 AND 4 AS is_small,
        count(CASE WHEN place <> 'city' AND fewest BETWEEN 1 AND 4 THEN 1 END) OVER (PARTITION BY period_start) AS small,
        row_number() OVER (PARTITION BY period_start ORDER BY place = 'city' OR fewest < 5, fewest, place) AS above
    FROM (SELECT *, least(n, before) AS fewest FROM offences_compared)
    WHERE class = 'all' AND n + before > 0
),
judged AS (
    SELECT *, is_small OR (small = 1 AND above = 1 AND place <> 'city') AS is_hidden
    FROM weighed
)
SELECT
    place,
    period_start,
    CASE WHEN is_hidden OR before = 0 THEN NULL ELSE CAST(n AS DOUBLE) * years / before END AS value,
    CASE WHEN is_hidden THEN 'suppressed' END AS reason,
    n AS row_count,
    CAST(n AS DOUBLE) AS numerator,
    CASE WHEN years > 0 THEN CAST(before AS DOUBLE) / years END AS denominator
FROM judged
