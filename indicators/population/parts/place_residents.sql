-- `list_residents`: residents by district by the lists, which have no date: the list of districts; where it has none, a count
-- without a date; where there is none either, the cells of the district added up.
known_places AS (
    SELECT CASE WHEN kind = 'city' THEN 'city' ELSE place_id END AS place, lower(name) AS name
    FROM (
        SELECT kind, place_id, unnest(make_array(place_id, name_kk, name_ru, name_en)) AS name
        FROM organisation_places
        WHERE kind IN ('city', 'district') AND valid_to IS NULL
    )
    GROUP BY kind, place_id, lower(name)
),
-- Counts with a day: those of statistics, by the names of places in three languages, a year meaning its first day; what the books
-- tell of the end of a month; and residents by sex and age on the first day of a year, where both sexes are told from birth. `n`
-- rows tell it.
told_counts AS (
    SELECT place, residents, day, n, source
    FROM (
        SELECT
            k.place, c.population AS residents,
            TRY_CAST(CASE WHEN character_length(c.period) = 4 THEN concat(c.period, '-01-01') ELSE c.period END AS DATE) AS day,
            1 AS n, 1 AS source
        FROM population_counts AS c
        JOIN known_places AS k ON k.name = regexp_replace(lower(trim(c.place)), '^(г[.]|город|қаласы) *', '')
        WHERE c.sex = 'total' AND c.age_group = 'total' AND c.locality = 'total'
        UNION ALL
        SELECT place_id AS place, residents_at_end AS residents, CAST(t + INTERVAL '1 month' AS DATE) AS day, 1 AS n, 2 AS source
        FROM population_movements
        WHERE residents_at_end IS NOT NULL
        UNION ALL
        SELECT
            place_id AS place, CAST(sum(residents) AS BIGINT) AS residents, make_date(year, 1, 1) AS day, count(*) AS n, 3 AS source
        FROM population_pyramids
        GROUP BY place_id, year
        HAVING count(DISTINCT sex) = 2 AND min(age) = 0
    )
    WHERE place IN (SELECT place FROM known_places)
),
-- `counts`: one of each place and day.
counts AS (
    SELECT place, residents, day, n
    FROM (SELECT *, row_number() OVER (PARTITION BY place, day ORDER BY source, residents) AS choice FROM told_counts)
    WHERE choice = 1
),
list_residents AS (
    SELECT place, residents
    FROM (
        SELECT place, residents, row_number() OVER (PARTITION BY place ORDER BY source, residents) AS n
        FROM (
            SELECT place_id AS place, residents, 1 AS source FROM population_districts
            UNION ALL
            SELECT place, residents, 2 AS source FROM counts WHERE day IS NULL
            UNION ALL
            SELECT place_id AS place, CAST(sum(residents) AS BIGINT) AS residents, 3 AS source
            FROM population_cells
            GROUP BY place_id
        )
    )
    WHERE n = 1 AND place IN (SELECT place_id FROM organisation_places WHERE kind = 'district' AND valid_to IS NULL)
)
