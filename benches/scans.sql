SELECT count(*) AS n, sum(value) AS s FROM bench_readings
SELECT min(value) AS a, max(value) AS b, avg(value) AS c FROM bench_readings
SELECT detector_id, count(*) AS n, avg(value) AS a FROM bench_readings GROUP BY detector_id
SELECT date_trunc('day', t) AS day, count(*) AS n, sum(value) AS s FROM bench_readings GROUP BY 1
SELECT date_part('hour', t) AS hour, avg(value) AS a FROM bench_readings GROUP BY 1
SELECT detector_id, count(*) AS n FROM bench_readings WHERE value > 90 GROUP BY detector_id
SELECT count(DISTINCT detector_id) AS n FROM bench_readings WHERE cars >= 0
SELECT detector_id, max(value) AS m FROM bench_readings GROUP BY detector_id ORDER BY m DESC, detector_id LIMIT 10
SELECT sum(CASE WHEN value < 20 THEN cars ELSE 0 END) AS slow, sum(cars) AS every FROM bench_readings
SELECT detector_id, date_trunc('day', t) AS day, max(cars) AS m FROM bench_readings GROUP BY 1, 2
