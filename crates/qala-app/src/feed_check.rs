//! What is wrong with a feed of a pack, before its first message comes.

use qala_core::spec::{DatasetSpec, FeedSpec, Mapping, Transport, nearest};

/// Kinds that fill the dataset they are told.
const TARGETED: [&str; 5] = ["table", "json", "geojson", "shapefile", "geoparquet"];

/// Faults of a feed: an unknown kind, a target that is missing or not there, columns and units that do not fit it, an
/// address that is none. Each is a sentence that names the feed.
pub fn feed_faults(feed: &FeedSpec, datasets: &[DatasetSpec]) -> Vec<String> {
    let mut faults = Vec::new();
    let hint = |word: &str, known: &mut dyn Iterator<Item = &str>| {
        let hint = nearest(word, known);
        hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default()
    };
    if qala_feeds::kind(&feed.kind).is_none() {
        let hint = hint(&feed.kind, &mut qala_feeds::KINDS.iter().map(|k| k.name()));
        faults.push(format!("there is no import kind `{}`{hint}", feed.kind));
    }
    let mapping = feed.mapping.as_ref();
    let target = feed.dataset.as_ref().or(mapping.and_then(|m| m.dataset.as_ref()));
    match target {
        Some(name) => match datasets.iter().find(|d| d.name == *name) {
            Some(dataset) => faults.extend(mapping.into_iter().flat_map(|m| mapping_faults(m, dataset))),
            None => {
                let hint = hint(name.as_str(), &mut datasets.iter().map(|d| d.name.as_str()));
                faults.push(format!("there is no dataset `{name}`{hint}"));
            }
        },
        None if TARGETED.contains(&feed.kind.as_str()) && feed.kind != "json" => {
            faults.push("it names no dataset to fill".to_owned());
        }
        None => {}
    }
    if let Transport::Poll { url, .. } = &feed.transport
        && url::Url::parse(url).is_err()
    {
        faults.push(format!("`{url}` is no address"));
    }
    faults
        .into_iter()
        .map(|fault| format!("feed {}: {fault}", feed.id))
        .collect()
}

/// Columns that the dataset does not have, and units that cannot become its own.
fn mapping_faults(mapping: &Mapping, dataset: &DatasetSpec) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, map) in &mapping.columns {
        let Some(column) = dataset.column(name) else {
            let hint = nearest(name, dataset.columns.iter().map(|c| c.name.as_str()));
            let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
            faults.push(format!("`{}` has no column `{name}`{hint}", dataset.name));
            continue;
        };
        if let (Some(from), Some(to)) = (map.unit, column.unit)
            && let Err(error) = from.to(&to)
        {
            faults.push(format!("column `{name}`: {error}"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use qala_core::spec::{DatasetSpec, FeedSpec};

    use super::feed_faults;

    #[test]
    fn what_is_wrong_is_said() {
        let title = "title = { kk = \"а\", ru = \"б\", en = \"c\" }\n";
        let dataset = format!(
            "name = \"air_samples\"\nsubject = \"air\"\nkind = \"event\"\nversion = 1\nzone = \"city\"\nkey = [\"id\"]\n{title}\
             [[columns]]\nname = \"id\"\ntype = \"text\"\nrequired = true\n{title}\
             [[columns]]\nname = \"value\"\ntype = \"float\"\nunit = \"ug/m3\"\n{title}"
        );
        let datasets = [DatasetSpec::from_toml("d", &dataset).unwrap()];
        let faults = |kind: &str, dataset: &str, columns: &str| {
            let feed = format!(
                "id = \"f\"\nkind = \"{kind}\"\n{title}transport = {{ type = \"poll\", url = \"not a url\", every_s = 5 }}\n\
                 {dataset}\nowner_function = \"air\"\nlicence = \"CC0-1.0\"\n[mapping.columns]\n{columns}"
            );
            feed_faults(&FeedSpec::from_toml("f", &feed).unwrap(), &datasets).join("\n")
        };
        assert_eq!(
            faults("tabel", "dataset = \"air_sample\"", ""),
            "feed f: there is no import kind `tabel`; did you mean `table`?\n\
             feed f: there is no dataset `air_sample`; did you mean `air_samples`?\n\
             feed f: `not a url` is no address"
        );
        assert!(faults("table", "", "").contains("it names no dataset to fill"));
        let said = faults(
            "table",
            "dataset = \"air_samples\"",
            "valeu = { from = \"v\" }\nvalue = { from = \"v\", unit = \"km/h\" }",
        );
        assert!(
            said.contains("no column `valeu`; did you mean `value`?") && said.contains("column `value`: "),
            "{said}"
        );
    }
}
