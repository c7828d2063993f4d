//! Well-known text of reference systems, first version, as `.prj` files hold it.

/// A node `NAME["text", 1.0, OTHER[…]]`.
#[derive(Debug, Default)]
struct Node {
    name: String,
    texts: Vec<String>,
    numbers: Vec<f64>,
    nodes: Vec<Node>,
}

/// Nodes within nodes.
const MAX_DEPTH: usize = 16;

impl Node {
    fn child(&self, name: &str) -> Option<&Self> {
        self.nodes.iter().find(|node| node.name == name)
    }

    fn title(&self) -> &str {
        self.texts.first().map_or("", String::as_str)
    }
}

struct Reader<'a>(std::iter::Peekable<std::str::Chars<'a>>);

impl Reader<'_> {
    fn word(&mut self, ends: &[char]) -> String {
        let mut word = String::new();
        while let Some(c) = self.0.next_if(|c| !ends.contains(c)) {
            word.push(c);
        }
        word.trim().to_owned()
    }

    fn node(&mut self, name: String, depth: usize) -> Option<Node> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut node = Node {
            name,
            ..Node::default()
        };
        loop {
            match self.0.peek()? {
                ']' | ')' => {
                    self.0.next();
                    return Some(node);
                }
                '"' => {
                    self.0.next();
                    node.texts.push(self.word(&['"']));
                    self.0.next();
                }
                c if *c == ',' || c.is_whitespace() => {
                    self.0.next();
                }
                _ => {
                    let word = self.word(&['[', '(', ',', ']', ')', '"']);
                    if self.0.next_if(|c| *c == '[' || *c == '(').is_some() {
                        node.nodes.push(self.node(word.to_ascii_uppercase(), depth + 1)?);
                    } else if let Ok(number) = word.parse() {
                        node.numbers.push(number);
                    } else {
                        node.texts.push(word);
                    }
                }
            }
        }
    }
}

/// The PROJ string of a well-known text, or why there is none.
pub(super) fn definition(text: &str) -> Result<String, String> {
    let mut reader = Reader(text.chars().peekable());
    let name = reader.word(&['[', '(']).to_ascii_uppercase();
    reader.0.next();
    let root = reader.node(name, 0).ok_or("the text is not whole")?;
    if root.name == "GEOGCS" {
        let datum = datum(&root)?;
        return Ok(if datum == "+datum=WGS84" {
            "+proj=longlat +datum=WGS84 +no_defs".to_owned()
        } else {
            format!("+proj=longlat {datum}")
        });
    }
    projected(&root)
}

/// Names without case, blanks and underlines.
fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase()
}

fn datum(geographic: &Node) -> Result<String, String> {
    let datum = geographic.child("DATUM").ok_or("it names no datum")?;
    let name = plain(datum.title());
    if name.contains("wgs1984") || name == "wgs84" {
        return Ok("+datum=WGS84".to_owned());
    }
    let spheroid = datum.child("SPHEROID").ok_or("it names no spheroid")?;
    let [axis, flattening, ..] = spheroid.numbers[..] else {
        return Err("its spheroid has no size".to_owned());
    };
    let shape = if flattening == 0.0 {
        format!("+a={axis} +b={axis}")
    } else {
        format!("+a={axis} +rf={flattening}")
    };
    let shift = datum
        .child("TOWGS84")
        .map(|shift| &shift.numbers)
        .filter(|n| n.len() == 3 || n.len() == 7);
    let shift = match shift {
        Some(numbers) => numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(","),
        None if name.contains("pulkovo1942") => "23.57,-140.95,-79.8,0,0.35,0.79,-0.22".to_owned(),
        // Within a metre or two of WGS 84.
        None if name.contains("northamerican1983")
            || name.contains("nad1983")
            || name.contains("etrs1989") =>
        {
            "0,0,0".to_owned()
        }
        None => {
            return Err(format!(
                "the datum `{}` has no known way to WGS 84",
                datum.title()
            ));
        }
    };
    Ok(format!("{shape} +towgs84={shift}"))
}

fn projected(root: &Node) -> Result<String, String> {
    let geographic = root.child("GEOGCS").ok_or("it names no geographic system")?;
    let datum = datum(geographic)?;
    let method = plain(root.child("PROJECTION").map_or("", Node::title));
    let to_metres = root
        .nodes
        .iter()
        .rev()
        .find(|node| node.name == "UNIT")
        .and_then(|unit| unit.numbers.first().copied())
        .unwrap_or(1.0);
    let parameter = |names: &[&str]| {
        let mut all = root.nodes.iter().filter(|node| node.name == "PARAMETER");
        let found = all.find(|node| names.contains(&plain(node.title()).as_str()));
        found.and_then(|node| node.numbers.first().copied())
    };
    let lon = parameter(&["centralmeridian", "longitudeofcenter", "longitudeoforigin"]).unwrap_or(0.0);
    let lat = parameter(&["latitudeoforigin", "latitudeofcenter"]).unwrap_or(0.0);
    let east = parameter(&["falseeasting"]).unwrap_or(0.0) * to_metres;
    let north = parameter(&["falsenorthing"]).unwrap_or(0.0) * to_metres;
    let scale = parameter(&["scalefactor"]).unwrap_or(1.0);
    let first = parameter(&["standardparallel1"]);
    let second = parameter(&["standardparallel2"]);
    let way = match method.as_str() {
        "transversemercator" | "gausskruger" => format!("+proj=tmerc +lat_0={lat} +k={scale}"),
        "mercatorauxiliarysphere" => {
            return super::crs::of_code(3857).ok_or_else(|| "it is not on the list".to_owned());
        }
        "mercator1sp" if root.title().contains("Pseudo") => {
            return super::crs::of_code(3857).ok_or_else(|| "it is not on the list".to_owned());
        }
        "mercator" | "mercator1sp" | "mercator2sp" => match first {
            Some(parallel) => format!("+proj=merc +lat_ts={parallel}"),
            None => format!("+proj=merc +k={scale}"),
        },
        "lambertconformalconic" | "lambertconformalconic1sp" | "lambertconformalconic2sp" => {
            match (first, second) {
                (Some(first), Some(second)) => {
                    format!("+proj=lcc +lat_0={lat} +lat_1={first} +lat_2={second}")
                }
                _ => format!(
                    "+proj=lcc +lat_0={lat} +lat_1={} +k_0={scale}",
                    first.unwrap_or(lat)
                ),
            }
        }
        "albers" | "albersconicequalarea" => {
            let (first, second) = (first.unwrap_or(lat), second.unwrap_or(lat));
            format!("+proj=aea +lat_0={lat} +lat_1={first} +lat_2={second}")
        }
        other => {
            return Err(format!(
                "the projection `{other}` is not one that can be turned back"
            ));
        }
    };
    Ok(format!(
        "{way} +lon_0={lon} +x_0={east} +y_0={north} {datum} +to_meter={to_metres}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GEOGRAPHIC: &str = "GEOGCS[\"GCS_WGS_1984\",DATUM[\"D_WGS_1984\",SPHEROID[\"WGS_1984\",6378137.0,298.257223563]],PRIMEM[\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]]";

    #[test]
    fn texts_of_prj_files() {
        assert_eq!(
            definition(GEOGRAPHIC).unwrap(),
            "+proj=longlat +datum=WGS84 +no_defs"
        );
        let utm = format!(
            "PROJCS[\"WGS_1984_UTM_Zone_43N\",{GEOGRAPHIC},PROJECTION[\"Transverse_Mercator\"],PARAMETER[\"False_Easting\",500000.0],PARAMETER[\"False_Northing\",0.0],PARAMETER[\"Central_Meridian\",75.0],PARAMETER[\"Scale_Factor\",0.9996],PARAMETER[\"Latitude_Of_Origin\",0.0],UNIT[\"Meter\",1.0]]"
        );
        assert_eq!(
            definition(&utm).unwrap(),
            "+proj=tmerc +lat_0=0 +k=0.9996 +lon_0=75 +x_0=500000 +y_0=0 +datum=WGS84 +to_meter=1"
        );
        let web = format!(
            "PROJCS[\"WGS_1984_Web_Mercator_Auxiliary_Sphere\",{GEOGRAPHIC},PROJECTION[\"Mercator_Auxiliary_Sphere\"],UNIT[\"Meter\",1.0]]"
        );
        assert!(
            definition(&web)
                .unwrap()
                .starts_with("+proj=merc +a=6378137 +b=6378137")
        );
        let odd =
            format!("PROJCS[\"x\",{GEOGRAPHIC},PROJECTION[\"Two_Point_Equidistant\"],UNIT[\"Meter\",1.0]]");
        assert!(definition(&odd).unwrap_err().contains("twopointequidistant"));
        assert!(definition("PROJCS[\"x\",").is_err());
        assert!(definition(&"A[".repeat(10_000)).is_err());
    }
}
