//! The catalogue of open data for harvesters: DCAT-AP 3.0.1, as Turtle and as JSON-LD.
//!
//! What belongs here: the words of DCAT. What does not: which datasets there are. Told is what anybody may read, whoever asks.

use std::fmt::Write as _;

use axum::extract::State as Extract;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use qala_app::Reader;
use qala_core::Text;
use qala_core::spec::DatasetSpec;
use serde_json::{Value, json};

use crate::State;

/// Forms in which rows are given.
const FORMS: [(&str, &str, &str); 3] = [
    ("csv", "CSV", "text/csv"),
    ("parquet", "PARQUET", "application/vnd.apache.parquet"),
    (
        "xlsx",
        "XLSX",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
];
const PREFIXES: [(&str, &str); 3] = [
    ("dcat", "http://www.w3.org/ns/dcat#"),
    ("dct", "http://purl.org/dc/terms/"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
];
const FILE_TYPES: &str = "http://publications.europa.eu/resource/authority/file-type/";
const MEDIA_TYPES: &str = "https://www.iana.org/assignments/media-types/";
const LANGUAGES: &str = "http://publications.europa.eu/resource/authority/language/";

/// What is said of a thing.
enum Said {
    Text(Text),
    Thing(String),
}

/// A thing: its address, its class, what is said of it.
struct Node {
    id: String,
    class: &'static str,
    says: Vec<(&'static str, Said)>,
}

/// The catalogue as Turtle.
pub(crate) async fn turtle(Extract(state): Extract<State>, headers: HeaderMap) -> Response {
    let mut text = String::new();
    for (prefix, address) in PREFIXES {
        let _ = writeln!(text, "@prefix {prefix}: <{address}> .");
    }
    for node in nodes(&state, &address(&headers)) {
        let _ = write!(text, "\n<{}> a {}", node.id, node.class);
        for (word, said) in &node.says {
            match said {
                Said::Thing(id) => {
                    let _ = write!(text, " ;\n    {word} <{id}>");
                }
                Said::Text(said) => {
                    for (language, said) in languages(said) {
                        // The escapes of JSON are those of Turtle.
                        let _ = write!(text, " ;\n    {word} {}@{language}", Value::from(said));
                    }
                }
            }
        }
        text.push_str(" .\n");
    }
    ([(header::CONTENT_TYPE, "text/turtle; charset=utf-8")], text).into_response()
}

/// The catalogue as JSON-LD.
pub(crate) async fn json_ld(Extract(state): Extract<State>, headers: HeaderMap) -> Response {
    let graph: Vec<Value> = nodes(&state, &address(&headers))
        .into_iter()
        .map(object)
        .collect();
    let context: serde_json::Map<String, Value> = PREFIXES
        .iter()
        .map(|(prefix, address)| ((*prefix).to_owned(), (*address).into()))
        .collect();
    let document = json!({ "@context": context, "@graph": graph });
    (
        [(header::CONTENT_TYPE, "application/ld+json")],
        document.to_string(),
    )
        .into_response()
}

fn object(node: Node) -> Value {
    let mut object = json!({ "@id": node.id, "@type": node.class });
    for (word, said) in node.says {
        let values = match said {
            Said::Thing(id) => vec![json!({ "@id": id })],
            Said::Text(text) => languages(&text)
                .map(|(language, said)| json!({ "@value": said, "@language": language }))
                .to_vec(),
        };
        if let Some(Value::Array(known)) = object.get_mut(word) {
            known.extend(values);
        } else if let Value::Object(object) = &mut object {
            object.insert(word.to_owned(), values.into());
        }
    }
    object
}

fn languages(text: &Text) -> [(&'static str, &str); 3] {
    [("kk", &text.kk), ("ru", &text.ru), ("en", &text.en)]
}

/// The address under which the centre was asked: a harvester must find the things it is told of.
fn address(headers: &HeaderMap) -> String {
    let of = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_plain = |text: &&str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b))
    };
    let scheme = of("x-forwarded-proto")
        .filter(|scheme| *scheme == "https")
        .unwrap_or("http");
    let host = of("host").filter(is_plain).unwrap_or("localhost");
    format!("{scheme}://{host}")
}

fn nodes(state: &State, base: &str) -> Vec<Node> {
    let centre = &state.centre;
    let anybody = Reader::public();
    let city = &centre.city;
    let all = |before: [&str; 3]| Text {
        kk: format!("{} {}", before[0], city.kk),
        ru: format!("{} {}", before[1], city.ru),
        en: format!("{} {}", before[2], city.en),
    };
    let publisher = format!("{base}/catalog#publisher");
    let open: Vec<&DatasetSpec> = centre
        .lake
        .specs()
        .into_iter()
        .filter(|spec| anybody.sees_rows(spec))
        .collect();
    let mut says = vec![
        (
            "dct:title",
            Said::Text(all(["Ашық деректер:", "Открытые данные:", "Open data:"])),
        ),
        (
            "dct:description",
            Said::Text(all([
                "Ахуал орталығының ашық деректері:",
                "Открытые данные ситуационного центра:",
                "Open data of the situation centre:",
            ])),
        ),
        ("dct:publisher", Said::Thing(publisher.clone())),
        ("foaf:homepage", Said::Thing(format!("{base}/"))),
    ];
    for language in ["KAZ", "RUS", "ENG"] {
        says.push(("dct:language", Said::Thing(format!("{LANGUAGES}{language}"))));
    }
    says.extend(
        open.iter()
            .map(|spec| ("dcat:dataset", Said::Thing(format!("{base}/data/{}", spec.name)))),
    );
    let mut nodes = vec![
        Node {
            id: format!("{base}/catalog"),
            class: "dcat:Catalog",
            says,
        },
        Node {
            id: publisher.clone(),
            class: "foaf:Agent",
            says: vec![("foaf:name", Said::Text(city.clone()))],
        },
        Node {
            id: format!("{base}/"),
            class: "foaf:Document",
            says: Vec::new(),
        },
    ];
    for language in ["KAZ", "RUS", "ENG"] {
        nodes.push(Node {
            id: format!("{LANGUAGES}{language}"),
            class: "dct:LinguisticSystem",
            says: Vec::new(),
        });
    }
    for (_, kind, media) in FORMS {
        nodes.push(Node {
            id: format!("{FILE_TYPES}{kind}"),
            class: "dct:MediaTypeOrExtent",
            says: Vec::new(),
        });
        nodes.push(Node {
            id: format!("{MEDIA_TYPES}{media}"),
            class: "dct:MediaType",
            says: Vec::new(),
        });
    }
    for spec in open {
        dataset(base, &publisher, spec, &mut nodes);
    }
    nodes
}

fn dataset(base: &str, publisher: &str, spec: &DatasetSpec, nodes: &mut Vec<Node>) {
    let name = &spec.name;
    let page = format!("{base}/data/{name}");
    let mut says = vec![
        ("dct:title", Said::Text(spec.title.clone())),
        (
            "dct:description",
            Said::Text(spec.description.clone().unwrap_or_else(|| spec.title.clone())),
        ),
        ("dct:publisher", Said::Thing(publisher.to_owned())),
    ];
    let mut distributions = Vec::new();
    for (form, kind, media) in FORMS {
        let file = format!("{base}/api/datasets/{name}/rows?format={form}&limit=1000000");
        says.push(("dcat:distribution", Said::Thing(format!("{page}#{form}"))));
        distributions.push(Node {
            id: format!("{page}#{form}"),
            class: "dcat:Distribution",
            says: vec![
                ("dct:title", Said::Text(spec.title.clone())),
                ("dct:format", Said::Thing(format!("{FILE_TYPES}{kind}"))),
                ("dcat:mediaType", Said::Thing(format!("{MEDIA_TYPES}{media}"))),
                ("dcat:accessURL", Said::Thing(page.clone())),
                ("dcat:downloadURL", Said::Thing(file)),
            ],
        });
    }
    nodes.push(Node {
        id: page,
        class: "dcat:Dataset",
        says,
    });
    nodes.append(&mut distributions);
}
