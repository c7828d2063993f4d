//! Every route.

use super::route::{Route, flag, get, long, number, one_of, other, post, whole, word};
use crate::{
    Answered, Audit, Catalog, DatasetEntry, Feed, FeedHistory, FeedTrust, Found, Health, Imported, Inside,
    Layer, MappingOffer, MappingTrial, MappingWanted, MendedRows, NewPassword, NewToken, Object,
    OneTimePassword, Passport, Programme, ProposeWanted, Quarantine, Question, Receipt, RetryReport,
    RetryWanted, Row, Rows, SandboxMessage, Schedules, Session, SignIn, SqlTable, StaFault, Status, TileJson,
    Token, TokenWanted, User, UserWanted, Values, Verified, VerifyWanted,
};

/// Groups of routes.
pub(super) const TAGS: [(&str, &str); 10] = [
    ("numbers", "Indicators, their values and passports"),
    ("data", "Datasets, rows, questions"),
    ("map", "Layers, tiles, objects"),
    ("feeds", "What comes in, and what was promised"),
    (
        "room",
        "Incidents, procedures, the journal, decisions, reviews, drills",
    ),
    ("live", "Events as they happen"),
    ("alarms", "What is wrong now, who has it, and who was told"),
    ("people", "Sign-in, users, tokens, the audit"),
    ("program", "The program itself"),
    ("sensorthings", "OGC SensorThings API 1.1"),
];

/// Formats of an export.
const EXPORTS: [&str; 3] = [
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.apache.parquet",
];

const GRAINS: [&str; 7] = ["15min", "hour", "day", "week", "month", "quarter", "year"];
pub(super) const LANGS: [&str; 3] = ["kk", "ru", "en"];
const MOMENT: &str = "An instant, ISO 8601; without an offset it is of the city's zone";

pub(super) fn all() -> Vec<Route> {
    let mut routes = numbers();
    routes.extend(data());
    routes.extend(map());
    routes.extend(feeds());
    routes.extend(quarantine());
    routes.extend(super::alarms::alarms());
    routes.extend(by_hand());
    routes.extend(people());
    routes.extend(super::room::all());
    routes.extend(program());
    routes.extend(sensorthings());
    routes
}

fn exports(route: Route) -> Route {
    EXPORTS
        .into_iter()
        .fold(route, |route, kind| route.gives_bytes(200, kind))
}

fn numbers() -> Vec<Route> {
    vec![
        get("/api/catalog", "numbers", "What there is: indicators, datasets and runs of models with titles and units").gives::<Catalog>(),
        get("/api/values", "numbers", "Stored values of many indicators, each without what only its passport has")
            .query("indicators", word(), "Their ids, with commas between them")
            .query("grain", one_of(&GRAINS), "Length of a period")
            .query("from", word(), MOMENT)
            .query("to", word(), MOMENT)
            .query("as_of", word(), "As the lake knew it at this instant")
            .gives::<Vec<Values>>()
            .fails(&[404]),
        exports(
            get("/api/indicators/{id}/values", "numbers", "Stored values of an indicator")
                .path("id", word(), "Indicator")
                .query("grain", one_of(&GRAINS), "Length of a period; the indicator's first when absent")
                .query("from", word(), MOMENT)
                .query("to", word(), MOMENT)
                .query("as_of", word(), "As the lake knew it at this instant")
                .query("format", one_of(&["json", "csv", "xlsx", "parquet"]), "JSON when absent")
                .gives::<Values>(),
        )
        .fails(&[404]),
        get("/api/indicators/{id}/page.pdf", "numbers", "An indicator on one page of A4")
            .path("id", word(), "Indicator")
            .query("place", word(), "Place; the city when absent")
            .query("lang", one_of(&LANGS), "kk when absent")
            .query("grain", one_of(&GRAINS), "Length of a period; a day when absent, else the indicator's first")
            .query("from", word(), MOMENT)
            .query("to", word(), MOMENT)
            .query("as_of", word(), "As the lake knew it at this instant")
            .gives_bytes(200, "application/pdf")
            .gives_nothing(304, "As before")
            .fails(&[401, 404]),
        get("/api/now.pdf", "numbers", "What is off target, what changed and what stopped reporting, on one page of A4")
            .query("lang", one_of(&LANGS), "kk when absent")
            .query("grain", one_of(&GRAINS), "Length of a period where an indicator has it; a day when absent")
            .gives_bytes(200, "application/pdf")
            .gives_nothing(304, "As before")
            .fails(&[401]),
        get("/api/places", "numbers", "Places in force now").gives::<Vec<Row>>(),
        get("/api/programmes", "numbers", "Programmes of the city with their money, targets and measures").gives::<Vec<Programme>>(),
        get("/api/programmes/{id}", "numbers", "One programme")
            .path("id", word(), "Programme")
            .gives::<Programme>()
            .fails(&[404]),
        get("/api/passport", "numbers", "How a value was made")
            .must("id", word(), "indicator/place/grain/start of the period; an indicator alone means its newest value of the city")
            .query("verify", flag(), "Recompute it and say whether it is equal")
            .gives::<Passport>()
            .fails(&[404]),
        post("/api/passport/verify", "numbers", "Recomputes a value from rows and compares, bit for bit")
            .takes::<VerifyWanted>()
            .gives::<Verified>()
            .fails(&[404, 413, 415, 422]),
    ]
}

fn data() -> Vec<Route> {
    vec![
        get("/catalog.ttl", "data", "Open datasets for harvesters, DCAT-AP 3")
            .gives_bytes(200, "text/turtle"),
        get("/catalog.jsonld", "data", "The same as JSON-LD").gives_bytes(200, "application/ld+json"),
        get("/api/datasets", "data", "Every dataset and how many rows it has").gives::<Vec<DatasetEntry>>(),
        exports(
            get(
                "/api/datasets/{name}/rows",
                "data",
                "Rows with the messages they came in",
            )
            .path("name", word(), "Dataset")
            .query(
                "limit",
                whole(0, 1_000_000),
                "Rows at most: 50 when absent; a page has at most 500, an export 1,000,000",
            )
            .query("offset", whole(0, i64::MAX), "Rows that are passed over")
            .query(
                "order",
                word(),
                "Column, with a minus in front for the largest first",
            )
            .query("q", word(), "Letters that stand in some column")
            .query("as_of", word(), "As the lake knew it at this instant")
            .query(
                "format",
                one_of(&["json", "csv", "xlsx", "parquet", "geoparquet"]),
                "JSON when absent",
            )
            .gives::<Rows>(),
        )
        .fails(&[401, 404]),
        post("/api/sql", "data", "Answers a question in SQL, read only")
            .takes::<Question>()
            .gives::<Answered>()
            .fails(&[401, 408, 413, 415, 422, 429]),
        get(
            "/api/sql/schema",
            "data",
            "Tables and columns that the caller may see",
        )
        .gives::<Vec<SqlTable>>()
        .fails(&[401]),
        get(
            "/api/search",
            "data",
            "Finds indicators, datasets, feeds, places and objects",
        )
        .must("q", long(200), "Letters")
        .query(
            "lang",
            one_of(&["kk", "ru", "en"]),
            "Language of titles; kk when absent",
        )
        .gives::<Vec<Found>>()
        .fails(&[401]),
    ]
}

fn map() -> Vec<Route> {
    let tile = |route: Route| {
        route
            .query(
                "t",
                word(),
                "The moment that is drawn; the layer's last when absent",
            )
            .query(
                "from",
                word(),
                "Rows since then; the layer's own window when absent",
            )
            .query("as_of", word(), "As the lake knew it at this instant")
    };
    vec![
        get("/api/layers", "map", "Layers of the map")
            .gives::<Vec<Layer>>()
            .fails(&[401]),
        get("/tiles/{layer}.json", "map", "TileJSON of a layer")
            .path("layer", word(), "Layer, or base")
            .gives::<TileJson>()
            .fails(&[401, 404]),
        tile(
            get("/tiles/{layer}/{z}/{x}/{y}.mvt", "map", "A vector tile")
                .path("layer", word(), "Layer, or base")
                .path("z", whole(0, 18), "Zoom")
                .path("x", whole(0, 262_143), "Column")
                .path("y", whole(0, 262_143), "Row"),
        )
        .gives_bytes(200, "application/vnd.mapbox-vector-tile")
        .gives_nothing(204, "Nothing is there")
        .gives_nothing(304, "As before")
        .fails(&[401, 404, 413]),
        get("/api/objects/{layer}/{id}", "map", "One thing on the map")
            .path("layer", word(), "Layer")
            .path("id", word(), "Id in the layer")
            .gives::<Object>()
            .fails(&[401, 403, 404]),
        tile(
            get("/api/inside", "map", "Who and what lies in a circle")
                .must("lon", number(-180.0, 180.0), "Degrees")
                .must("lat", number(-85.0, 85.0), "Degrees")
                .must("radius_m", number(0.0, 50_000.0), "Metres"),
        )
        .gives::<Vec<Inside>>()
        .fails(&[401, 413]),
    ]
}

fn feeds() -> Vec<Route> {
    vec![
        get(
            "/api/feeds",
            "feeds",
            "Feeds, what came from them, what was promised",
        )
        .gives::<Vec<Feed>>(),
        get(
            "/api/feeds/{id}",
            "feeds",
            "One feed: days, changes, contacts, silent devices",
        )
        .path("id", word(), "Feed")
        .gives::<FeedHistory>()
        .fails(&[404]),
        get("/api/feeds/trust", "feeds", "How far each feed can be trusted").gives::<Vec<Row>>(),
        get(
            "/api/feeds/{id}/trust",
            "feeds",
            "How far a feed can be trusted, and what is wrong with its devices",
        )
        .path("id", word(), "Feed")
        .gives::<FeedTrust>()
        .fails(&[404]),
        post(
            "/api/ingest/{feed}",
            "feeds",
            "Takes a message in; answered when every row is durable",
        )
        .path("feed", word(), "Feed")
        .query("op", one_of(&["upsert", "retract"]), "retract takes rows back")
        .query("dry_run", flag(), "Read and check, keep nothing")
        .header(
            "Idempotency-Key",
            word(),
            "The same key and bytes get the same receipt",
        )
        .takes_bytes()
        .gives::<Receipt>()
        .fails(&[401, 403, 404, 409, 410, 413, 429, 507]),
        get(
            "/api/sandbox/messages",
            "feeds",
            "What was tried with a sandbox token",
        )
        .gives::<Vec<SandboxMessage>>()
        .fails(&[400, 401, 403]),
    ]
}

fn quarantine() -> Vec<Route> {
    let filter = |route: Route| {
        route
            .query("feed", word(), "Of this feed")
            .query("dataset", word(), "Of this dataset")
            .query("code", word(), "With this reason, such as bad_number")
    };
    vec![
        filter(get(
            "/api/quarantine",
            "feeds",
            "Rows that were not taken in, with the reason",
        ))
        .query("all", flag(), "Also warnings, and rows that were read again")
        .query("limit", whole(1, 200), "Rows at most; 25 when absent")
        .query("offset", whole(0, 1_000_000_000), "Rows that are passed over")
        .gives::<Quarantine>()
        .fails(&[401, 403]),
        csrf(
            post(
                "/api/quarantine/retry",
                "feeds",
                "Reads open rows again, by today's rules",
            )
            .takes::<RetryWanted>()
            .gives::<RetryReport>(),
        ),
        csrf(
            post(
                "/api/quarantine/mended",
                "feeds",
                "Takes mended rows in, each in its place",
            )
            .takes::<MendedRows>()
            .gives::<RetryReport>(),
        )
        .fails(&[404]),
    ]
}

/// A file that somebody brings.
fn by_hand() -> Vec<Route> {
    vec![
        form(
            post(
                "/api/mapping/propose",
                "feeds",
                "Offers a mapping for a file; nothing is kept",
            )
            .takes_form::<ProposeWanted>()
            .gives::<MappingOffer>(),
        ),
        form(
            post(
                "/api/mapping/preview",
                "feeds",
                "Tries a mapping on a file; nothing is kept",
            )
            .takes_form::<MappingWanted>()
            .gives::<MappingTrial>(),
        ),
        form(
            post(
                "/api/import",
                "feeds",
                "Takes a file in by a mapping; answered when every row is durable",
            )
            .takes_form::<MappingWanted>()
            .gives::<Imported>(),
        )
        .fails(&[409, 410, 429]),
    ]
}

/// What goes wrong with a form, and what a writing request needs of a session.
fn form(route: Route) -> Route {
    let route = route.header(
        "X-CSRF",
        word(),
        "What the session says under `csrf`, with its cookie",
    );
    route.fails(&[401, 403, 404, 413, 507])
}

/// A body that is no JSON, one that does not fit, and what a writing request needs of a session.
fn written(route: Route) -> Route {
    route.fails(&[401, 403, 413, 415, 422])
}

pub(super) fn csrf(route: Route) -> Route {
    written(route.header(
        "X-CSRF",
        word(),
        "What the session says under `csrf`, with its cookie",
    ))
}

fn people() -> Vec<Route> {
    let name = |route: Route| csrf(route.path("name", word(), "The name to come in with")).fails(&[404]);
    vec![
        get("/api/session", "people", "Who is signed in").gives::<Session>(),
        written(
            post("/api/session", "people", "Signs in; the cookie is the session")
                .takes::<SignIn>()
                .gives::<Session>(),
        )
        .fails(&[429]),
        other("delete", "/api/session", "people", "Signs out")
            .header(
                "X-CSRF",
                word(),
                "What the session says under `csrf`, with its cookie",
            )
            .gives_nothing(204, "Signed out")
            .fails(&[401, 403]),
        csrf(
            other(
                "put",
                "/api/session/password",
                "people",
                "Chooses another password",
            )
            .takes::<NewPassword>()
            .gives::<Session>(),
        )
        .fails(&[429]),
        get("/api/users", "people", "Who may come in")
            .gives::<Vec<User>>()
            .fails(&[401, 403]),
        csrf(
            post(
                "/api/users",
                "people",
                "Adds somebody and gives a one-time password",
            )
            .takes::<UserWanted>()
            .gives_as::<OneTimePassword>(201),
        )
        .fails(&[409]),
        name(
            other(
                "put",
                "/api/users/{name}",
                "people",
                "Changes somebody's title, role or department",
            )
            .takes::<UserWanted>()
            .gives_nothing(204, "Changed"),
        )
        .fails(&[409]),
        name(
            other("delete", "/api/users/{name}", "people", "Removes somebody").gives_nothing(204, "Removed"),
        )
        .fails(&[409]),
        name(
            post(
                "/api/users/{name}/password",
                "people",
                "Gives a new one-time password",
            )
            .gives::<OneTimePassword>(),
        ),
        get(
            "/api/tokens",
            "people",
            "One's tokens, without their secrets; an administrator's answer has all",
        )
        .gives::<Vec<Token>>()
        .fails(&[401, 403]),
        csrf(
            post("/api/tokens", "people", "Makes a token for oneself")
                .takes::<TokenWanted>()
                .gives_as::<NewToken>(201),
        ),
        csrf(
            other("delete", "/api/tokens/{id}", "people", "Revokes a token")
                .path("id", word(), "The name people call it by")
                .gives_nothing(204, "Revoked"),
        )
        .fails(&[404]),
        get(
            "/api/schedules",
            "program",
            "What runs by itself: when it ran last, when it runs next, what was wrong",
        )
        .gives::<Schedules>()
        .fails(&[401, 403]),
        get("/api/audit", "people", "Who did what, the newest first")
            .query(
                "from",
                whole(1, i64::MAX),
                "The newest entry to give; the newest of all when absent",
            )
            .query("limit", whole(1, 1000), "Entries at most")
            .gives::<Audit>()
            .fails(&[401, 403]),
    ]
}

fn program() -> Vec<Route> {
    vec![
        get(
            "/api/events",
            "live",
            "Server-sent events, resumed by Last-Event-ID",
        )
        .query(
            "topics",
            word(),
            "Of values, feeds, vehicles, status, rows, alarms, with commas between; all when absent",
        )
        .header("Last-Event-ID", word(), "The last id that was seen")
        .gives_bytes(200, "text/event-stream")
        .fails(&[429]),
        get("/api/status", "program", "How the lake is").gives::<Status>(),
        get("/api/openapi.json", "program", "This document").gives_any_json(200),
        get("/api/openapi-3.0.json", "program", "This document as OpenAPI 3.0").gives_any_json(200),
        get("/health/live", "program", "Whether the process answers").gives::<Health>(),
        get(
            "/health/ready",
            "program",
            "Whether messages and questions are taken",
        )
        .gives::<Health>()
        .gives_as::<Health>(503),
        get("/metrics", "program", "Figures for Prometheus").gives_bytes(200, "text/plain"),
    ]
}

fn sensorthings() -> Vec<Route> {
    let described = |route: Route| {
        route
            .gives_any_json(200)
            .gives_any_json(201)
            .gives_any_json(405)
            .gives_any_json(501)
            .gives_bytes(200, "text/plain")
            .fails(&[401, 403, 404, 405, 409, 410, 413, 429, 501, 507])
            .refuses_as::<StaFault>()
    };
    let mut routes = vec![
        described(other("get", "/sta/v1.1", "sensorthings", "The service root")),
        described(
            other(
                "get",
                "/sta/v1.1/{path}",
                "sensorthings",
                "Entities; query options are those of the standard",
            )
            .path("path", word(), "As the standard says"),
        ),
    ];
    for (method, says) in [
        ("post", "Creates an entity, or observations from an array"),
        ("patch", "Changes an entity"),
        ("put", "Replaces an entity"),
        ("delete", "Deletes an entity"),
    ] {
        let route = other(method, "/sta/v1.1/{path}", "sensorthings", says).path(
            "path",
            word(),
            "As the standard says",
        );
        let route = if method == "delete" {
            route
        } else {
            route.takes_any_json()
        };
        let route = described(route);
        routes.push(if method == "delete" {
            route.gives_nothing(200, "It is gone")
        } else {
            route
        });
    }
    routes
}
