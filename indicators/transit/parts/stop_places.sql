-- `stop_places`: the district of each stop of the timetable.
stop_places AS (
    SELECT s.feed, s.stop_id, p.place_id, p.valid_from, p.valid_to
    FROM gtfs_stops AS s
    JOIN organisation_places AS p ON ST_Contains(ST_GeomFromText(p.geometry), ST_Point(s.stop_lon, s.stop_lat))
    WHERE p.kind = 'district' AND p.geometry IS NOT NULL AND s.stop_lon IS NOT NULL AND s.stop_lat IS NOT NULL
)
