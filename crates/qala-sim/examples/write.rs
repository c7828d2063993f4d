//! Writes the seeded city into a folder: `cargo run -p qala-sim --example write -- DIR [SEED [YYYY-MM-DD [DAYS]]]`.

use std::io::{Error, Write};
use std::path::Path;

use qala_sim::{CityOptions, generate};

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let usage = "usage: write DIR [SEED [YYYY-MM-DD [DAYS]]]";
    let folder = Path::new(arguments.first().ok_or_else(|| Error::other(usage))?);
    let mut options = CityOptions::default();
    if let Some(text) = arguments.get(1) {
        options.seed = text.parse().map_err(|_| Error::other(usage))?;
    }
    if let Some(text) = arguments.get(2) {
        options.start = qala_core::parse_date(text).ok_or_else(|| Error::other(usage))?;
    }
    if let Some(text) = arguments.get(3) {
        options.days = text.parse().map_err(|_| Error::other(usage))?;
    }
    let city = generate(&options).map_err(Error::other)?;
    let mut bytes = 0;
    for file in &city.files {
        let path = folder.join(&file.path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, &file.bytes)?;
        bytes += file.bytes.len();
    }
    std::fs::write(folder.join("truth.json"), city.truth.to_json())?;
    let places = city.places.iter().map(|place| {
        let (id, name) = (&place.id, &place.name);
        format!(
            "{id},{},{},{},{},\"{}\"\n",
            place.kind, name.kk, name.ru, name.en, place.geometry
        )
    });
    let header = "place_id,kind,name_kk,name_ru,name_en,geometry\n".to_owned();
    std::fs::write(folder.join("places.csv"), header + &places.collect::<String>())?;
    writeln!(
        std::io::stdout(),
        "{} files, {bytes} bytes, and truth.json, places.csv",
        city.files.len()
    )
}
