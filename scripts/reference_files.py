"""Counts the rows of files from departments with pandas, geopandas and openpyxl: what reference_counts.py keeps as `files`.

Each entry tells how many dataset rows a file holds, how many of them cannot be accepted, and one sum.
"""

import gzip
import io
import json

import geopandas
import openpyxl
import pandas


def entry(accepted, quarantined=0, total=None):
    return {"rows": int(accepted), "quarantined": int(quarantined), "sum": None if total is None else float(total)}


def frame(path, **options):
    return pandas.read_csv(path, **options)


def table(path, column, **options):
    """Every line is a row."""
    lines = frame(path, **options)
    return entry(len(lines), 0, pandas.to_numeric(lines[column]).sum() if column is not None else None)


def cells(path, columns, factor=1.0, **options):
    """Every filled cell of these columns is a row."""
    values = frame(path, **options)[columns]
    return entry(values.notna().sum().sum(), 0, values.sum().sum() * factor)


def features(path, required=True):
    """Every feature is a row, unless its geometry is not valid or is missing where it is needed."""
    opened = gzip.open(path) if path.suffix == ".gz" else open(path, "rb")
    with opened as file:
        document = json.load(file)
    shapes = geopandas.GeoDataFrame.from_features(document["features"])
    missing = shapes.geometry.isna()
    bad = ~shapes.geometry.is_valid & ~missing
    if required:
        bad |= missing
    good = shapes[~bad & ~missing]
    return entry((~bad).sum(), bad.sum(), good.geometry.centroid.x.sum())


def access(path):
    whole = features(path)
    with gzip.open(path) as file:
        document = json.load(file)
    shapes = geopandas.GeoDataFrame.from_features(document["features"])
    good = shapes[shapes.geometry.is_valid]
    names = [name for name in shapes.columns if name.startswith("accessible_")]
    return entry(whole["rows"] * len(names), whole["quarantined"] * len(names), good[names].sum().sum())


def roads(path):
    with gzip.open(path) as file:
        document = json.load(file)
    speeds = pandas.Series([feature["properties"].get("maxspeed") for feature in document["features"]])
    numbers = pandas.to_numeric(speeds, errors="coerce")
    bad = (speeds.notna() & numbers.isna()).sum()
    return entry(len(speeds) - bad, bad, numbers.sum())


def workbook(path):
    rows, total = 0, 0
    for sheet in openpyxl.load_workbook(path, data_only=True).worksheets:
        lines = list(sheet.iter_rows(values_only=True))
        head = next(number for number, line in enumerate(lines) if sum(isinstance(cell, int) for cell in line) > 20)
        named = [place for place, cell in enumerate(lines[head]) if cell is not None]
        for line in lines[head + 1 :]:
            numbers = [line[place] for place in named if isinstance(line[place], (int, float))]
            rows, total = rows + len(numbers), total + sum(numbers)
    return entry(rows, 0, total)


def mexico(path, columns):
    with gzip.open(path) as file:
        text = file.read().decode("latin-1")
    lines = pandas.read_csv(io.StringIO(text), dtype=str)
    values = lines[columns].apply(lambda column: column.str.strip().replace("-", None))
    numbers = values.apply(lambda column: pandas.to_numeric(column.str.replace(",", "")))
    return entry(numbers.notna().sum().sum(), (~lines.index.isin(numbers.dropna(how="all").index)).sum(), numbers.sum().sum())


def people(path):
    """Every filled cell beside the country, the age and the year is a row."""
    names = frame(path, nrows=0).columns.drop(["country_code", "country", "age", "year"], errors="ignore").tolist()
    return cells(path, names)


def counts(data):
    almaty, kazakhstan, schools = data / "almaty", data / "kazakhstan", data / "schools"
    budget, crash, crime = data / "budget", data / "crash", data / "crime"
    model = "pm25 pm10 no2 o3 so2 co temp humidity wind_spd wind_dir pressure precip".split()
    posts = "PM2_5 PM10 SO2 CO NO2 NO O3".split()
    scores = frame(almaty / "traffic_scores_sample.csv").columns.drop(["ts_utc", "ts_almaty"]).tolist()
    figures = frame(kazakhstan / "region_indicators.csv").columns.drop("Region").tolist()
    works = features(almaty / "city_works_projects.geojson", required=False)
    with open(almaty / "bus_route137_api_response.json", "rb") as file:
        vehicles = json.load(file)["V"]
    with open(data / "open311/sf_georeport_requests.json", "rb") as file:
        requests = pandas.DataFrame(json.load(file))
    manhattan = frame(crash / "nyc_manhattan_collisions.csv.gz")
    hartford = frame(crash / "west_hartford_crashes.csv.gz", dtype={"s": str})
    return {
        "almaty/air_weather_hourly_model.csv.gz": cells(almaty / "air_weather_hourly_model.csv.gz", model),
        "almaty/almaty_district_population_reference_v2.csv": table(
            almaty / "almaty_district_population_reference_v2.csv", "official_population"
        ),
        "almaty/bus_route137_api_response.json": entry(len(vehicles), 0, sum(one["Cp"] for one in vehicles)),
        "almaty/city_population_reference_v2.csv": table(almaty / "city_population_reference_v2.csv", "population"),
        "almaty/city_works_projects.geojson": works,
        "almaty/districts_city_gis.geojson": features(almaty / "districts_city_gis.geojson"),
        "almaty/districts_osm.geojson": features(almaty / "districts_osm.geojson"),
        "almaty/grid_accessibility.geojson.gz": access(almaty / "grid_accessibility.geojson.gz"),
        "almaty/health_extra_facilities.geojson": features(almaty / "health_extra_facilities.geojson"),
        "almaty/hospitals_emergency.geojson": features(almaty / "hospitals_emergency.geojson"),
        "almaty/kazhydromet_sample_2024-01-01.csv": cells(
            almaty / "kazhydromet_sample_2024-01-01.csv", posts, factor=1000.0
        ),
        "almaty/kazhydromet_stations.csv": table(almaty / "kazhydromet_stations.csv", "lon"),
        "almaty/kindergartens.csv": table(almaty / "kindergartens.csv", "lon"),
        "almaty/osm2013_poi.geojson": features(almaty / "osm2013_poi.geojson"),
        "almaty/osm2013_roads.geojson.gz": roads(almaty / "osm2013_roads.geojson.gz"),
        "almaty/planned_power_outages_2026-07.geojson": features(almaty / "planned_power_outages_2026-07.geojson"),
        "almaty/population_grid_500m_model.csv.gz": table(
            almaty / "population_grid_500m_model.csv.gz", "population_estimate_final"
        ),
        "almaty/population_points.csv": table(almaty / "population_points.csv", "population"),
        "almaty/traffic_scores_sample.csv": cells(almaty / "traffic_scores_sample.csv", scores),
        "kazakhstan/population_regions_2000_on.csv": table(kazakhstan / "population_regions_2000_on.csv", "population"),
        "kazakhstan/population_regions_age_sex.csv": table(kazakhstan / "population_regions_age_sex.csv", "value"),
        "kazakhstan/region_indicators.csv": cells(kazakhstan / "region_indicators.csv", figures),
        "kazakhstan/stat_gov_population_source.xlsx": workbook(kazakhstan / "stat_gov_population_source.xlsx"),
        "osm/spo_hexgrid.csv": cells(data / "osm/spo_hexgrid.csv", ["population", "schools", "jobs", "healthcare"]),
        "schools/dc_schools.csv": table(schools / "dc_schools.csv", "sy12_enrollment"),
        "schools/dc_new-boundaries.json.gz": features(schools / "dc_new-boundaries.json.gz"),
        "schools/dc_old-boundaries.json.gz": features(schools / "dc_old-boundaries.json.gz"),
        "open311/sf_georeport_requests.csv": table(data / "open311/sf_georeport_requests.csv", "long"),
        "open311/sf_georeport_requests.json": entry(len(requests), 0, requests["long"].sum()),
        "budget/eu_allocations_2014_2020.csv": table(budget / "eu_allocations_2014_2020.csv", "Amount"),
        "budget/eu_funds_absorption_2007_2013.csv": cells(
            budget / "eu_funds_absorption_2007_2013.csv", ["Total Paid", "Advance", "Interim"]
        ),
        "budget/madrid_spending_2012_2015.csv.gz": table(budget / "madrid_spending_2012_2015.csv.gz", "IMPORTE"),
        "budget/mexico_ramo23_projects_2015.csv.gz": mexico(
            budget / "mexico_ramo23_projects_2015.csv.gz", ["Monto aprobado"]
        ),
        "budget/mexico_ramo23_projects_2016_paid.csv.gz": mexico(
            budget / "mexico_ramo23_projects_2016_paid.csv.gz", ["Monto aprobado", "Pagado"]
        ),
        "crash/nyc_manhattan_collisions.csv.gz": entry(
            len(manhattan), 0, manhattan["LONGITUDE"].replace(0.0, None).astype(float).sum()
        ),
        "crash/west_hartford_crashes.csv.gz": entry(len(hartford), 0, hartford["lon"].sum()),
        "crime/burkitt_space_time.csv": table(crime / "burkitt_space_time.csv", "age"),
        "crime/chicago_arson.csv": table(crime / "chicago_arson.csv", None, header=None),
        "crime/chicago_be_month1.csv": table(crime / "chicago_be_month1.csv", None, header=None),
        "crime/chicago_network_crimes.csv": table(crime / "chicago_network_crimes.csv", None),
        "crime/chicago_network_edges.csv": table(crime / "chicago_network_edges.csv", None),
        "crime/chicago_network_vertices.csv": table(crime / "chicago_network_vertices.csv", None),
        "crime/memphis_robberies.csv": table(crime / "memphis_robberies.csv", "lon"),
        "appeals/nyc_311_brooklyn.csv": table(data / "appeals/nyc_311_brooklyn.csv", "Longitude"),
        "air/london_marylebone_hourly.csv.gz": cells(
            data / "air/london_marylebone_hourly.csv.gz", ["pm10", "pm25", "ws", "wd"]
        ),
        "ridership/hangzhou_metro_inflow.csv.gz": table(
            data / "ridership/hangzhou_metro_inflow.csv.gz", "passengers"
        ),
    } | {f"demography/{path.name}": people(path) for path in sorted((data / "demography").iterdir())}
