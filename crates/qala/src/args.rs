//! The command line.

mod drill;
mod duty;
mod model;
mod people;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

pub(crate) use self::drill::DrillCommand;
pub(crate) use self::duty::FeedCommand;
pub(crate) use self::model::ModelCommand;
pub(crate) use self::people::{AuditCommand, TokenCommand, UserCommand};
use crate::demo::History;

/// An open situation centre for a whole city.
#[derive(Debug, Parser)]
#[command(name = "qala", version, about, propagate_version = true)]
pub(crate) struct Args {
    /// Data directory
    #[arg(
        long,
        global = true,
        default_value = "./qala-data",
        value_name = "DIR",
        env = "QALA_DATA"
    )]
    pub(crate) data: PathBuf,
    /// City pack: a name, or a folder such as ./packs/my-city
    #[arg(long, global = true, value_name = "NAME", env = "QALA_PACK")]
    pub(crate) pack: Option<String>,
    /// Memory that questions may take, MiB; without it half of what there is, at most 4096
    #[arg(long, global = true, value_name = "MIB", env = "QALA_MEMORY")]
    pub(crate) memory: Option<usize>,
    /// Say more about what is done
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How lists and answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// Comma-separated, with a header
    Csv,
    /// JSON
    Json,
    /// Arrow IPC stream
    Arrow,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// Yes
    On,
    /// No
    Off,
}

/// What a message's rows do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OpArg {
    /// New rows and corrections
    Upsert,
    /// Take rows back; only key columns are needed
    Retract,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the centre
    #[command(
        after_help = "Examples:\n  qala serve --listen 127.0.0.1:8080\n  qala serve --backup s3://city-backup/qala --backup-every-s 86400"
    )]
    Serve {
        /// Address to listen on
        #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
        listen: SocketAddr,
        /// Copy everything, while running, to a new folder below this folder or s3://bucket/prefix
        #[arg(long, value_name = "TARGET")]
        backup: Option<String>,
        /// Seconds between two copies
        #[arg(long, default_value_t = 86_400, value_name = "S", requires = "backup")]
        backup_every_s: u64,
        /// Refuse messages without a token also on an address that only this machine can reach
        #[arg(long)]
        require_token: bool,
    },
    /// Run the centre with the seeded city: filled while it is served, then live (its data are marked as simulated)
    #[command(
        after_help = "Examples:\n  qala demo\n  qala demo --speed 10 --data ./fast-city\n  qala demo --history 30 --seed 2 --data ./second-city\n  qala demo --start 2026-03-02T08:00 --history none --fill-only"
    )]
    Demo {
        /// Address to listen on
        #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
        listen: SocketAddr,
        /// Seed of the city: same seed and start, same bytes
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// When its live time begins, such as 2026-03-02T08:00; now when absent. Of the small city: its first day
        #[arg(long, value_name = "T")]
        start: Option<String>,
        /// How many times faster than the clock its live time runs; it begins three days back and stops at the present
        #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
        speed: u32,
        /// Local days before today that are filled in: the last seven row by row, those before by hour and day; or `none`
        #[arg(long, default_value_t, value_name = "none|DAYS")]
        history: History,
        /// Whether devices go wrong on purpose
        #[arg(long, value_enum, default_value = "on")]
        faults: Switch,
        /// Fill the data directory and stop
        #[arg(long)]
        fill_only: bool,
        /// The small city of the tests: one district, three days, filled before it is served
        #[arg(long, conflicts_with_all = ["speed", "history", "faults"])]
        small: bool,
    },
    /// Take files in: received / accepted / duplicate / quarantined, and why
    #[command(
        after_help = "Examples:\n  qala import table gardens.xlsx --save\n  qala import gtfs feed.zip\n  qala import table readings.csv --dataset air_readings --mapping readings.toml\n  qala import table schools.xlsx --mapping schools.toml --dry-run\n  qala import geojson works.geojson --dataset projects_works\n  qala import json observations.json --dry-run\n  qala import gtfs-rt https://example.org/vehicles.pb --feed vehicles"
    )]
    Import {
        /// Import kind: table, json, gtfs, gtfs-rt, geojson, shapefile, geoparquet, osm, ocds, open311, sensorthings, cap
        kind: String,
        /// Files, folders or addresses
        #[arg(required = true, value_name = "FILE|DIR|URL")]
        inputs: Vec<String>,
        /// Target dataset of table, json and map data
        #[arg(long, value_name = "NAME")]
        dataset: Option<String>,
        /// Feed; the file's stem when absent
        #[arg(long, value_name = "ID")]
        feed: Option<String>,
        /// Mapping of columns
        #[arg(long, value_name = "FILE")]
        mapping: Option<PathBuf>,
        /// Offer a mapping for the file, try it out, keep nothing
        #[arg(long, conflicts_with_all = ["mapping", "save"])]
        propose: bool,
        /// Write the offered mapping to this file, to be changed
        #[arg(long, value_name = "FILE", requires = "propose")]
        out: Option<PathBuf>,
        /// Keep the mapping: the next file of that name or with these columns takes it by itself
        #[arg(long, conflicts_with = "dry_run")]
        save: bool,
        /// Offer a new dataset, named after the file or so
        #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "", conflicts_with_all = ["mapping", "dataset"])]
        new: Option<String>,
        /// Read and check, keep nothing
        #[arg(long)]
        dry_run: bool,
        /// What the rows do
        #[arg(long, value_enum, default_value = "upsert")]
        op: OpArg,
        /// How to answer
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Ask the lake
    #[command(
        after_help = "Examples:\n  qala sql \"SELECT quantity, count(*) FROM air_readings GROUP BY quantity\"\n  qala sql \"SELECT * FROM gtfs_stops LIMIT 5\" --as-of 2026-03-02T12:00:00+05:00 --format json"
    )]
    Sql {
        /// One SELECT
        query: String,
        /// Seen as of: an ISO 8601 time, or a _seq
        #[arg(long, value_name = "T")]
        as_of: Option<String>,
        /// How to answer
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Indicators
    #[command(subcommand)]
    Indicator(IndicatorCommand),
    /// The passport of a value
    #[command(
        after_help = "Examples:\n  qala passport air.pm25_mean --verify\n  qala passport air.pm25_mean/city/day/2026-03-02T00:00:00+05:00 --verify"
    )]
    Passport {
        /// `<indicator>/<place>/<grain>/<period start>`, or an indicator's id for its newest value
        id: String,
        /// Compute again from rows and compare bits
        #[arg(long)]
        verify: bool,
        /// How to answer
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Models: the city's mathematics, on files or on the answers to questions
    #[command(subcommand)]
    Model(ModelCommand),
    /// Check specs, indicators and packs against each other, and prove the audit of the data directory
    #[command(after_help = "Example: qala check")]
    Check,
    /// Who did what: entries, proof, the newest hash
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Drills of the situation room
    #[command(subcommand)]
    Drill(DrillCommand),
    /// Saved mappings: which files are taken in without being asked about
    #[command(subcommand)]
    Mapping(MappingCommand),
    /// Packs of cities
    #[command(subcommand)]
    Pack(PackCommand),
    /// What a spec can say
    #[command(subcommand)]
    Spec(SpecCommand),
    /// Copy lake and registry to a folder or s3://bucket/prefix
    #[command(after_help = "Example: qala backup /mnt/backup/monday")]
    Backup {
        /// Folder or s3://bucket/prefix
        target: String,
    },
    /// Bring a copy back into a new data directory
    #[command(after_help = "Example: qala --data ./restored restore /mnt/backup/monday")]
    Restore {
        /// Folder or s3://bucket/prefix
        source: String,
    },
    /// Rejected rows: look at them, mend them, read them again
    #[command(
        args_conflicts_with_subcommands = true,
        after_help = "Examples:\n  qala quarantine list --feed air --limit 20\n  qala quarantine export --feed air --out bad.csv\n  qala quarantine retry --file bad.csv"
    )]
    Quarantine {
        /// Without a verb: list
        #[command(flatten)]
        list: QuarantineList,
        /// What to do
        #[command(subcommand)]
        command: Option<QuarantineCommand>,
    },
    /// Read the kept messages of a feed again, after a parser or mapping was mended
    #[command(after_help = "Example: qala reparse --feed air --from 2026-03-01")]
    Reparse {
        /// Feed
        #[arg(long, value_name = "ID")]
        feed: String,
        /// From this time on
        #[arg(long, value_name = "T")]
        from: String,
    },
    /// Feeds: what was promised, what stopped reporting, whom to call
    #[command(subcommand)]
    Feed(FeedCommand),
    /// Tokens of programs that send data, and of people's programs that read
    #[command(subcommand)]
    Token(TokenCommand),
    /// People who may sign in
    #[command(subcommand)]
    User(UserCommand),
    /// Merge small files, remove what retention and merging left over
    #[command(after_help = "Example: qala tidy")]
    Tidy,
    /// Shell completions
    #[command(after_help = "Example: qala completions bash > /etc/bash_completion.d/qala")]
    Completions {
        /// Shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum IndicatorCommand {
    /// All indicators
    #[command(after_help = "Example: qala indicator list")]
    List {
        /// How to answer
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// One indicator with its definition
    #[command(after_help = "Example: qala indicator show air.pm25_mean")]
    Show {
        /// Id
        id: String,
        /// How to answer
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Compute values, keep what changed, and print them
    #[command(
        after_help = "Example: qala indicator compute air.pm25_mean --from 2026-03-02 --to 2026-03-05 --grain day"
    )]
    Compute {
        /// Id
        id: String,
        /// First instant or day; all data when absent
        #[arg(long, value_name = "D")]
        from: Option<String>,
        /// First instant or day after the range
        #[arg(long, value_name = "D")]
        to: Option<String>,
        /// minute15, hour, day, week, month, quarter or year
        #[arg(long, value_name = "G")]
        grain: Option<String>,
        /// Only this place
        #[arg(long, value_name = "P")]
        place: Option<String>,
        /// How to answer
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
}

/// Which quarantine rows are meant.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct QuarantineFilter {
    /// Only of this feed
    #[arg(long, value_name = "ID")]
    pub(crate) feed: Option<String>,
    /// Only of this dataset
    #[arg(long, value_name = "NAME")]
    pub(crate) dataset: Option<String>,
    /// Only with this code, such as bad_number
    #[arg(long, value_name = "CODE")]
    pub(crate) code: Option<String>,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct QuarantineList {
    #[command(flatten)]
    pub(crate) filter: QuarantineFilter,
    /// At most so many, the newest
    #[arg(long, default_value_t = 50)]
    pub(crate) limit: usize,
    /// Also rows that were read again, and warnings
    #[arg(long)]
    pub(crate) all: bool,
    /// How to answer
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

#[derive(Debug, Subcommand)]
pub(crate) enum QuarantineCommand {
    /// Open rows, newest first
    #[command(after_help = "Example: qala quarantine list --feed air --code bad_number")]
    List(QuarantineList),
    /// Write open rows to a CSV, to be mended in its column `raw`
    #[command(after_help = "Example: qala quarantine export --feed air --out bad.csv")]
    Export {
        #[command(flatten)]
        filter: QuarantineFilter,
        /// The file
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Read open rows again: by today's rules, or as they were mended in an exported file
    #[command(
        after_help = "Examples:\n  qala quarantine retry --feed air --mapping mended.toml\n  qala quarantine retry --file bad.csv"
    )]
    Retry {
        #[command(flatten)]
        filter: QuarantineFilter,
        /// Mended rows: what `export` wrote, with the column `raw` changed
        #[arg(long, value_name = "FILE", conflicts_with_all = ["feed", "dataset", "code"])]
        file: Option<PathBuf>,
        /// Mapping in the place of the one the rows were read by
        #[arg(long, value_name = "FILE")]
        mapping: Option<PathBuf>,
        /// How to answer
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum MappingCommand {
    /// All of them
    #[command(after_help = "Example: qala mapping list")]
    List {
        /// How to answer
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// One of them
    #[command(after_help = "Example: qala mapping show gardens")]
    Show {
        /// Name
        name: String,
    },
    /// Forget one; the rows it brought in stay
    #[command(after_help = "Example: qala mapping remove gardens")]
    Remove {
        /// Name
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PackCommand {
    /// Fill a pack with the geometry of your own map: districts, streets, junctions, stops, schools, street graph
    #[command(
        after_help = "Example: qala pack build --osm city.osm.pbf --districts districts.geojson --gtfs buses.zip --out ./packs/my-city"
    )]
    Build {
        /// Map, OSM PBF
        #[arg(long, value_name = "FILE")]
        osm: PathBuf,
        /// Districts, GeoJSON; each is found by its id or name
        #[arg(long, value_name = "FILE")]
        districts: PathBuf,
        /// Timetables whose stops are taken too
        #[arg(long, value_name = "FILE", num_args = 1..)]
        gtfs: Vec<PathBuf>,
        /// Folder of the new pack
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SpecCommand {
    /// JSON schemas of dataset, feed, indicator and model, for editors
    #[command(after_help = "Example: qala spec schema --out schemas")]
    Schema {
        /// A file per kind in this folder; printed when absent
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}
