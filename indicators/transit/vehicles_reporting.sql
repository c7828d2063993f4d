-- id = "transit.vehicles_reporting"
-- version = 1
-- title.kk = "Орнын хабарлаған көліктер"
-- title.ru = "Машины на связи"
-- title.en = "Vehicles reporting their position"
-- question.kk = "Қанша автобус өз орнын хабарлап тұр?"
-- question.ru = "Сколько автобусов сообщает своё положение?"
-- question.en = "How many vehicles tell us where they are?"
-- decision.kk = "Резервтегі көлікті шығару және байланысы үзілген құрылғыларды жөндеуге жіберу."
-- decision.ru = "Выпускать ли резерв и у каких машин чинить передатчик."
-- decision.en = "Whether to send out reserve vehicles, and whose transmitters to repair."
-- unit = "vehicles"
-- better = "higher"
-- grains = ["minute15", "hour", "day", "week", "month"]
-- owner_function = "public-transport"
-- every_min = 15
-- # Different vehicles with at least one position in the period. A vehicle belongs to the district of its last position in
-- # the period, so that districts add up to what lies inside districts.

WITH seen AS (
    SELECT vehicle_id, t, lon, lat, local_start(:grain, t, :zone) AS period_start
    FROM transit_vehicle_positions
    WHERE t >= :from AND t < :to
),
-- Vehicle and time are the key of a position: the last one is found by them, and nothing is sorted.
vehicles AS (
    SELECT vehicle_id, period_start, max(t) AS t, count(*) AS n FROM seen GROUP BY vehicle_id, period_start
),
placed AS (
    SELECT 'city' AS place, period_start, n FROM vehicles
    UNION ALL
    SELECT p.place_id AS place, v.period_start, v.n
    FROM vehicles AS v
    JOIN seen AS s ON s.vehicle_id = v.vehicle_id AND s.t = v.t
    JOIN organisation_places AS p ON ST_Contains(ST_GeomFromText(p.geometry), ST_Point(s.lon, s.lat))
    WHERE p.kind = 'district' AND p.geometry IS NOT NULL AND v.t >= p.valid_from AND (p.valid_to IS NULL OR v.t < p.valid_to)
)
SELECT
    place,
    period_start,
    CAST(count(*) AS DOUBLE) AS value,
    CAST(sum(n) AS BIGINT) AS row_count
FROM placed
GROUP BY place, period_start
