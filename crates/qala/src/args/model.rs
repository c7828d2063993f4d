//! The command line of models.

use clap::Subcommand;

use super::Format;

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// All models that can be run
    #[command(after_help = "Example: qala model list")]
    List {
        /// How to answer
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// One model: what it computes, what goes in, what can be set, what comes out
    #[command(after_help = "Example: qala model show schools.load")]
    Show {
        /// Id
        id: String,
        /// How to answer
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Scheduled runs, which write their answers to the lake: how often, what they fill, how the newest one ended
    #[command(after_help = "Example: qala model runs")]
    Runs {
        /// How to answer
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Do a scheduled run now
    #[command(after_help = "Example: qala model run-now crime.clusters")]
    RunNow {
        /// Id of the run
        id: String,
        /// As if it were this time: the newest period that is due then
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        /// How to answer
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Run a model
    #[command(
        after_help = "Examples:\n  qala model run schools.load --input schools=schools.csv --out load=load.csv --out districts=districts.csv\n  qala model run air.cpf --input readings=hours.parquet --set percentile=75\n  qala model run spatial.moran --input \"areas=SELECT area, value FROM crime_cells\" --set k=8 --seed 7"
    )]
    Run {
        /// Id
        id: String,
        /// An input: a CSV, Parquet or JSON lines file, also .gz, or a SELECT
        #[arg(long = "input", value_name = "NAME=FILE|SQL", value_parser = pair)]
        inputs: Vec<(String, String)>,
        /// A setting
        #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair)]
        settings: Vec<(String, String)>,
        /// Seed of what is drawn: same seed, same numbers
        #[arg(long, default_value_t = 1, value_name = "N")]
        seed: u64,
        /// Where an output goes, as CSV; without any, all outputs are printed
        #[arg(long = "out", value_name = "NAME=FILE", value_parser = pair)]
        outputs: Vec<(String, String)>,
        /// How outputs are printed
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}
