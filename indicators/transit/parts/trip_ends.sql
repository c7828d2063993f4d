-- First second and last stop of each trip: `trip_ends`. Not by windows over all calls, which would hold them all in memory.
trip_ends AS (
    SELECT feed, trip_id, min(coalesce(departure_time, arrival_time)) AS first_second, max(stop_sequence) AS last_sequence
    FROM gtfs_stop_times
    GROUP BY feed, trip_id
)
