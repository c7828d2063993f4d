-- `list_periods`: the periods asked for. A list has no dates: it is taken for each of them.
list_periods AS (
    SELECT DISTINCT local_start(:grain, t, :zone) AS period_start
    FROM (SELECT unnest(generate_series(:from, :to - INTERVAL '1 second', INTERVAL '1 day')) AS t)
),
-- `placed_schools`: schools by place. A school is of the list of institutions, or of a plain list of schools.
school_list AS (
    SELECT school_id, place_id, places, pupils, shifts
    FROM (
        SELECT
            school_id, place_id, places, pupils, shifts,
            row_number() OVER (PARTITION BY school_id ORDER BY source, feed) AS n
        FROM (
            SELECT
                institution_id AS school_id, place_id, capacity AS places, enrolled AS pupils, shifts, 1 AS source, feed
            FROM schools_institutions
            WHERE kind = 'school'
            UNION ALL
            SELECT
                s.school_id, p.place_id, s.capacity AS places, s.enrolment AS pupils, CAST(NULL AS BIGINT) AS shifts,
                2 AS source, s.feed
            FROM schools_schools AS s
            LEFT JOIN (
                SELECT place_id, geometry
                FROM organisation_places
                WHERE kind = 'district' AND geometry IS NOT NULL AND valid_to IS NULL
            ) AS p ON ST_Contains(ST_GeomFromText(p.geometry), ST_Point(s.lon, s.lat))
        )
    )
    WHERE n = 1
),
placed_schools AS (
    SELECT 'city' AS place, places, pupils, shifts FROM school_list
    UNION ALL
    SELECT s.place_id AS place, s.places, s.pupils, s.shifts
    FROM school_list AS s
    WHERE s.place_id IN (SELECT place_id FROM organisation_places WHERE kind = 'district' AND valid_to IS NULL)
)
