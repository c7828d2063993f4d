//! The contract of the models, held against their specs and against files as other people write them.
//!
//! What belongs here: ids, columns and what all models do with odd files. What does not: what a model computes.

use crate::run::{Content, Input, Table};

/// A model as the contract has it: id, inputs with their columns, outputs with theirs (`?` marks what may be absent), and small
/// files that it runs on.
struct Entry {
    id: &'static str,
    inputs: &'static [(&'static str, &'static str, &'static str)],
    outputs: &'static [(&'static str, &'static str)],
    settings: &'static [(&'static str, &'static str)],
}

const PB: &str = "META\nkey;value\nbudget;100\nvote_type;approval\nnum_projects;2\nnum_votes;2\nPROJECTS\nproject_id;cost\n\
                  1;60\n2;50\nVOTES\nvoter_id;vote\na;1,2\nb;2\n";
const RELEASE: &str = "{\"ocid\":\"a\",\"buyer\":{\"id\":\"b\"},\"tender\":{\"procurementMethod\":\"open\"},\"bids\":{\"details\":[]}}\n";

const AREAS: (&str, &str, &str) = (
    "areas",
    "area,value,x_m?,y_m?",
    "1,3,0,0\n2,5,10,0\n3,4,0,10\n4,9,10,10\n",
);
const WEIGHTS: (&str, &str, &str) = ("weights?", "from,to,weight", "");

const CONTRACT: &[Entry] = &[
    Entry {
        id: "traffic.indices",
        inputs: &[(
            "readings",
            "segment,t,length_m,speed_kmh",
            "\"1, north\",2026-03-02T23:00:00+05:00,500,60\n\"1, north\",2026-03-02T03:00:00Z,500,30\n",
        )],
        outputs: &[("indices", "segment,free_flow_kmh,tti,pti,buffer_index")],
        settings: &[],
    },
    Entry {
        id: "traffic.against_usual",
        inputs: &[
            ("now", "segment,speed_kmh", "a,30\n"),
            ("before", "segment,week,speed_kmh", "a,1,40\na,2,60\n"),
        ],
        outputs: &[(
            "against",
            "segment,speed_kmh,usual_kmh,ratio,lost_s_km,slowest_kmh,n",
        )],
        settings: &[("least", "1")],
    },
    Entry {
        id: "transit.regularity",
        inputs: &[(
            "passages",
            "route,stop,t_scheduled,t_actual",
            "7,1,2026-03-02T08:00:00+05:00,2026-03-02T08:01:00+05:00\n7,1,2026-03-02T08:10:00+05:00,2026-03-02T03:13:00Z\n",
        )],
        outputs: &[("regularity", "route,stop,awt_min,swt_min,ewt_min,cv_headway")],
        settings: &[],
    },
    Entry {
        id: "transit.load",
        inputs: &[(
            "counts",
            "trip,seq,stop,boardings,alightings",
            "1,1,a,5,0\n1,2,b,0,5\n",
        )],
        outputs: &[("load", "trip,seq,stop,load")],
        settings: &[("balance", "proportional")],
    },
    Entry {
        id: "transit.od",
        inputs: &[
            ("seed", "origin,destination,value", "1,2,3\n1,3,4\n"),
            ("rows", "origin,total", "1,14\n"),
            ("columns", "destination,total", "2,6\n3,8\n"),
        ],
        outputs: &[("od", "origin,destination,value")],
        settings: &[("tolerance", "1e-6")],
    },
    Entry {
        id: "schools.load",
        inputs: &[(
            "schools",
            "school,district,places,shifts,pupils",
            "1,\"North, upper\",500,2,700\n2,South,,1,10\n",
        )],
        outputs: &[
            ("load", "school,load,shift_load,missing,free"),
            ("districts", "district,places,pupils,missing,free"),
        ],
        settings: &[],
    },
    Entry {
        id: "schools.access",
        inputs: &[
            ("demand", "area,population", "1,100\n"),
            ("supply", "site,places", "1,50\n"),
            ("costs", "area,site,cost_min", "1,1,8\n"),
        ],
        outputs: &[("access", "area,value"), ("sites", "site,ratio")],
        settings: &[("bands_min", "10,20"), ("weights", "1,0.5")],
    },
    Entry {
        id: "population.project",
        inputs: &[
            (
                "population",
                "area,sex,age,count",
                "1,male,0,10\n1,male,5,10\n1,female,0,10\n1,female,5,10\n",
            ),
            ("fertility", "area,year,age,rate", "1,2026,5,0.1\n"),
            (
                "survival",
                "area,year,sex,age,sx",
                "1,2026,male,-1,0.9\n1,2026,male,0,0.9\n1,2026,male,5,0.5\n1,2026,female,-1,0.9\n1,2026,female,0,0.9\n1,2026,female,5,0.5\n",
            ),
            ("migration?", "area,year,sex,age,count", "1,2026,male,5,2\n"),
        ],
        outputs: &[
            ("projection", "area,year,sex,age,count"),
            ("events", "area,year,births,deaths,migrants"),
        ],
        settings: &[
            ("steps", "1"),
            ("age_width", "5"),
            ("start_year", "2026"),
            ("sex_ratio_at_birth", "1.05"),
        ],
    },
    Entry {
        id: "spatial.gi",
        inputs: &[AREAS, WEIGHTS],
        outputs: &[
            ("gi", "area,z,p_normal,p_permutation,p_adjusted,class?"),
            ("clusters?", "area,class,areas,z"),
        ],
        settings: &[
            ("k", "2"),
            ("star", "true"),
            ("permutations", "99"),
            ("row_standardised", "false"),
        ],
    },
    Entry {
        id: "spatial.local_moran",
        inputs: &[AREAS, WEIGHTS],
        outputs: &[("local_moran", "area,i,z,p_permutation,p_adjusted,quadrant")],
        settings: &[
            ("distance_m", "10"),
            ("permutations", "99"),
            ("row_standardised", "true"),
        ],
    },
    Entry {
        id: "spatial.moran",
        inputs: &[AREAS, WEIGHTS],
        outputs: &[("moran", "i,expected,z,p_normal,p_permutation")],
        settings: &[("k", "1"), ("permutations", "99"), ("row_standardised", "true")],
    },
    Entry {
        id: "spatial.knox",
        inputs: &[("events", "x_m,y_m,t_days", "0,0,1\n5,0,2\n900,900,40\n")],
        outputs: &[("knox", "close_pairs,expected,ratio,p")],
        settings: &[("distance_m", "10"), ("time_days", "3"), ("permutations", "99")],
    },
    Entry {
        id: "safety.screening",
        inputs: &[
            (
                "segments",
                "segment,facility,length_km,aadt,years,crashes",
                "1,2,1.8,4000,3,12\n",
            ),
            (
                "coefficients",
                "facility,intercept,slope,overdispersion",
                "2,-3.8,0.564,0.49\n",
            ),
        ],
        outputs: &[(
            "ranking",
            "segment,predicted,weight,expected,expected_sd,excess,rank",
        )],
        settings: &[("per_km", "true")],
    },
    Entry {
        id: "safety.hin",
        inputs: &[("segments", "segment,length_km,ksi", "1,1.5,4\n2,2,1\n3,1,0\n")],
        outputs: &[
            ("network", "segment,rank,cumulative_length_km,cumulative_share"),
            ("interval", "lo_km,hi_km"),
        ],
        settings: &[("share", "0.65"), ("bootstrap", "50")],
    },
    Entry {
        id: "safety.before_after",
        inputs: &[(
            "sites",
            "site,years_before,predicted_before,observed_before,years_after,predicted_after,observed_after,overdispersion",
            "1,5,2,16,2,2.5,4,0.2\n",
        )],
        outputs: &[("effects", "site,effect,se,lo,hi,naive_effect")],
        settings: &[],
    },
    Entry {
        id: "air.qc",
        inputs: &[(
            "readings",
            "station,t,pollutant,value_ug_m3",
            "1,2026-03-02T08:00:00+05:00,pm25,12\n1,2026-03-02T04:00:00Z,pm25,\n",
        )],
        outputs: &[("flagged", "station,t,pollutant,value_ug_m3,flags")],
        settings: &[],
    },
    Entry {
        id: "air.cpf",
        inputs: &[(
            "readings",
            "t,wd_deg,ws_m_s,value",
            "2026-03-02T08:00:00Z,360,2,5\n2026-03-02T09:00:00Z,90,,7\n",
        )],
        outputs: &[("cpf", "sector_deg,ws_lo?,ws_hi?,n,m,p")],
        settings: &[("sector_deg", "30"), ("percentile", "90"), ("ws_breaks", "0,2,4")],
    },
    Entry {
        id: "air.plume",
        inputs: &[
            (
                "sources",
                "source,x_m,y_m,height_m,rate_g_s,diameter_m,velocity_m_s,temperature_k",
                "1,0,0,50,100,6,20,420\n",
            ),
            ("receptors", "receptor,x_m,y_m,z_m", "1,1000,0,0\n"),
            (
                "weather",
                "t,ws_m_s,wd_deg,stability,surface,temperature_k,mixing_height_m",
                "2026-03-02T08:00:00+05:00,5,270,D,rural,280,\n",
            ),
        ],
        outputs: &[("concentrations", "t,receptor,source,value_ug_m3")],
        settings: &[("rise", "briggs")],
    },
    Entry {
        id: "budget.execution",
        inputs: &[
            ("plan", "date,code,amount", "2026-01-01,04.1,100\n"),
            ("commitments?", "date,code,amount", "2026-02-01,04.1,50\n"),
            ("payments?", "date,code,amount", "2026-03-01,04.1,25.50\n"),
        ],
        outputs: &[("execution", "code,level,plan,committed,paid,share")],
        settings: &[("levels", "1,2")],
    },
    Entry {
        id: "contracts.red_flags",
        inputs: &[("releases", "", RELEASE)],
        outputs: &[("flags", "ocid,subject,indicator,value")],
        settings: &[("R003.threshold", "10")],
    },
    Entry {
        id: "projects.earned_value",
        inputs: &[("series", "period,pv,ev,ac", "1,10,8,9\n2,25,20,23\n3,45,,\n")],
        outputs: &[(
            "earned_value",
            "period,cpi,spi,eac,tcpi,earned_schedule,spi_t,eac_t",
        )],
        settings: &[("bac", "160"), ("planned_duration", "8")],
    },
    Entry {
        id: "projects.critical_path",
        inputs: &[
            ("activities", "activity,duration_days", "1,3\n2,4\n"),
            ("links?", "from,to,kind,lag_days", "1,2,FS,0\n"),
        ],
        outputs: &[("activities", "activity,es,ef,ls,lf,float,critical")],
        settings: &[],
    },
    Entry {
        id: "appeals.closing_time",
        inputs: &[(
            "cases",
            "group,opened,closed",
            "1,2026-03-02T08:00:00+05:00,2026-03-05T04:00:00Z\n1,2026-03-03T08:00:00+05:00,\n",
        )],
        outputs: &[
            ("curve", "group,day,survival,lo,hi"),
            ("medians", "group,median_days"),
        ],
        settings: &[("as_of", "2026-04-01")],
    },
    Entry {
        id: "participation.equal_shares",
        inputs: &[("election", "", PB)],
        outputs: &[("projects", "project,selected,cost,rank")],
        settings: &[("completion", "add1_comparison"), ("utility", "cardinality")],
    },
    Entry {
        id: "participation.greedy",
        inputs: &[("election", "", PB)],
        outputs: &[("projects", "project,selected,cost")],
        settings: &[],
    },
    Entry {
        id: "organisation.check",
        inputs: &[
            (
                "bodies",
                "body,parent,kind,from,to",
                "1,,city,2020-01-01,\n2,1,department,,\n",
            ),
            ("posts?", "post,body,kind,filled", "1,2,core,true\n"),
            (
                "functions",
                "function,owner,legal_basis,programme,from,to,title",
                "1,2,,355,,,\"Streets, squares\"\n2,,,,,,Light\n",
            ),
            ("indicators?", "indicator,function,source,target", "1,1,,5\n"),
        ],
        outputs: &[("findings", "rule,severity,object,finding,mend")],
        settings: &[],
    },
    Entry {
        id: "indicators.control_chart",
        inputs: &[("series", "t,value", "1,49.6\n2,47.6\n3,49.9\n")],
        outputs: &[("chart", "t,value,centre,lower,upper,moving_range,signals")],
        settings: &[("method", "residual_xmr"), ("baseline", "2")],
    },
];

fn plain(name: &str) -> (String, bool) {
    (name.trim_end_matches('?').to_owned(), name.ends_with('?'))
}

fn columns(list: &str) -> Vec<(String, bool)> {
    list.split(',')
        .filter(|name| !name.is_empty())
        .map(plain)
        .collect()
}

/// How a file is written.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Plain,
    /// Columns from the last to the first, all cells in quotes, a byte order mark, line ends of Windows, spaces around cells.
    Odd,
    /// Only the header.
    Empty,
    /// Only the first row.
    Single,
    /// Every row twice.
    Double,
    /// One column more.
    Extra,
}

/// The cells of a line; those of the entries have commas in quotes only where a text has them.
fn cells(line: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(line.as_bytes());
    reader
        .records()
        .flat_map(|record| {
            record
                .expect("a line")
                .iter()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}

fn written(names: &str, rows: &str, manner: Manner) -> String {
    let mut lines: Vec<Vec<String>> = vec![columns(names).into_iter().map(|(name, _)| name).collect()];
    let rows: Vec<Vec<String>> = rows.lines().map(cells).collect();
    match manner {
        Manner::Empty => {}
        Manner::Single => lines.extend(rows.into_iter().take(1)),
        Manner::Double => lines.extend(rows.into_iter().flat_map(|row| [row.clone(), row])),
        _ => lines.extend(rows),
    }
    if manner == Manner::Odd {
        for line in &mut lines {
            line.reverse();
        }
    }
    if manner == Manner::Extra {
        for line in &mut lines {
            line.push("note".to_owned());
        }
    }
    let (mark, end) = if manner == Manner::Odd {
        ("\u{feff}", "\r\n")
    } else {
        ("", "\n")
    };
    let quoted = |cell: &String| {
        let spaces = if manner == Manner::Odd { " " } else { "" };
        format!("\"{spaces}{}{spaces}\"", cell.replace('"', "\"\""))
    };
    let text: String = lines
        .iter()
        .map(|line| line.iter().map(quoted).collect::<Vec<_>>().join(",") + end)
        .collect();
    format!("{mark}{text}")
}

fn run(entry: &Entry, manner: Manner, settings: &[(&str, &str)]) -> Result<Vec<String>, String> {
    let inputs = entry
        .inputs
        .iter()
        .filter(|(name, _, rows)| !(name.ends_with('?') && rows.is_empty()))
        .map(|(name, names, rows)| {
            let name = plain(name).0;
            let content = if names.is_empty() {
                Content::File(rows.as_bytes().to_vec())
            } else {
                let csv = written(names, rows, manner);
                Content::Table(Table::from_csv(&name, csv.as_bytes()).map_err(|refusal| refusal.to_string())?)
            };
            Ok(Input { name, content })
        })
        .collect::<Result<Vec<Input>, String>>()?;
    let settings: Vec<(String, String)> = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    crate::model(entry.id)
        .expect("a model")
        .run(inputs, &settings, 1)
        .map(|tables| tables.iter().map(Table::to_csv).collect())
        .map_err(|refusal| refusal.to_string())
}

/// Models that the contract does not ask for.
const BEYOND: &[&str] = &["transit.route_stats"];

#[test]
fn ids_and_columns_are_those_of_the_contract() {
    let mut known: Vec<&str> = crate::models()
        .map(|model| model.card.id)
        .filter(|id| !BEYOND.contains(id))
        .collect();
    let mut wanted: Vec<&str> = CONTRACT.iter().map(|entry| entry.id).collect();
    known.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(known, wanted);
    for entry in CONTRACT {
        let spec = crate::model(entry.id).expect("a model").spec().expect("a spec");
        let inputs: Vec<(String, Vec<(String, bool)>)> = spec
            .inputs
            .iter()
            .map(|input| {
                let mark = if input.may_be_absent { "?" } else { "" };
                let must = input.columns.iter().map(|name| (name.clone(), false));
                let may = input.optional.iter().map(|name| (name.clone(), true));
                (format!("{}{mark}", input.name), must.chain(may).collect())
            })
            .collect();
        let wanted: Vec<(String, Vec<(String, bool)>)> = entry
            .inputs
            .iter()
            .map(|(name, names, _)| ((*name).to_owned(), columns(names)))
            .collect();
        assert_eq!(inputs, wanted, "{}", entry.id);
        let outputs: Vec<(String, Vec<(String, bool)>)> = spec
            .outputs
            .iter()
            .map(|output| {
                let names = output
                    .columns
                    .iter()
                    .map(|column| (column.name.clone(), column.optional));
                let mark = if output.may_be_absent { "?" } else { "" };
                (format!("{}{mark}", output.name), names.collect())
            })
            .collect();
        let wanted: Vec<(String, Vec<(String, bool)>)> = entry
            .outputs
            .iter()
            .map(|(name, names)| ((*name).to_owned(), columns(names)))
            .collect();
        assert_eq!(outputs, wanted, "{}", entry.id);
    }
}

#[test]
fn files_that_say_the_same_in_another_manner_give_the_same() {
    for entry in CONTRACT {
        let plain = run(entry, Manner::Plain, entry.settings);
        assert!(plain.is_ok(), "{}: {plain:?}", entry.id);
        assert_eq!(run(entry, Manner::Odd, entry.settings), plain, "{}", entry.id);
        // Names of numbers stay as they were written.
        for (csv, (name, _)) in plain.expect("a run").iter().zip(entry.outputs) {
            assert!(
                csv.lines().count() > 0 && !csv.contains("NaN"),
                "{} {name}",
                entry.id
            );
        }
    }
}

#[test]
fn unknown_columns_and_settings_are_refused_by_name() {
    for entry in CONTRACT {
        let unknown = run(entry, Manner::Plain, &[("no_such_setting", "1")]).expect_err("a refusal");
        assert!(
            unknown.contains("unknown setting `no_such_setting`"),
            "{}: {unknown}",
            entry.id
        );
        if entry.inputs.iter().any(|(_, names, _)| !names.is_empty()) {
            let unknown = run(entry, Manner::Extra, entry.settings).expect_err("a refusal");
            assert!(
                unknown.contains("unknown column `note`"),
                "{}: {unknown}",
                entry.id
            );
        }
    }
}

#[test]
fn few_rows_none_and_rows_that_come_twice_give_a_table_or_a_reason() {
    for entry in CONTRACT {
        for manner in [Manner::Empty, Manner::Single, Manner::Double] {
            match run(entry, manner, entry.settings) {
                Ok(tables) => {
                    for (csv, (name, names)) in tables.iter().zip(entry.outputs) {
                        let header: Vec<String> = cells(csv.lines().next().expect("a header"));
                        let wanted = columns(names);
                        let must: Vec<&String> = wanted.iter().filter(|c| !c.1).map(|c| &c.0).collect();
                        assert!(
                            must.iter().all(|column| header.contains(column)),
                            "{} {name}",
                            entry.id
                        );
                    }
                }
                // It names what it cannot use.
                Err(refusal) => assert!(refusal.contains('`'), "{}: {refusal}", entry.id),
            }
        }
    }
}

#[test]
fn times_need_an_offset_and_say_so() {
    for (id, input, csv) in [
        (
            "traffic.indices",
            "readings",
            "segment,t,length_m,speed_kmh\n1,2026-03-02T08:00:00,500,60\n",
        ),
        (
            "air.qc",
            "readings",
            "station,t,pollutant,value_ug_m3\n1,2026-03-02 08:00,pm25,6\n",
        ),
        (
            "transit.regularity",
            "passages",
            "route,stop,t_scheduled,t_actual\n1,1,2026-03-02T08:00:00,\n",
        ),
    ] {
        let refusal = crate::fixture::run(id, &[(input, csv)], &[]).expect_err("a refusal");
        assert!(
            refusal.contains("row 1, column `t") && refusal.contains("with an offset"),
            "{id}: {refusal}"
        );
    }
}

#[test]
fn defaults_are_those_of_the_contract() {
    for (id, setting, value) in [
        ("transit.regularity", "day_start", "04:00"),
        ("transit.load", "balance", "none"),
        ("transit.od", "tolerance", "1e-9"),
        ("spatial.gi", "star", "true"),
        ("spatial.gi", "row_standardised", "false"),
        ("spatial.local_moran", "row_standardised", "true"),
        ("spatial.moran", "row_standardised", "true"),
        ("spatial.gi", "ties", "contract"),
        ("safety.screening", "per_km", "false"),
        ("safety.hin", "share", "0.65"),
        ("safety.hin", "interval", "resampling"),
        ("air.qc", "spike_mads", "6"),
        ("air.qc", "spike_share", "0"),
        ("air.qc", "spike_floor_ug_m3", "0"),
        ("air.cpf", "sector_deg", "30"),
        ("air.cpf", "percentile", "90"),
        ("air.plume", "rise", "none"),
        ("participation.equal_shares", "completion", "none"),
        ("participation.equal_shares", "utility", "cost"),
        ("indicators.control_chart", "method", "xmr"),
        ("indicators.control_chart", "baseline", ""),
        ("budget.execution", "levels", ""),
    ] {
        let spec = crate::model(id).expect("a model").spec().expect("a spec");
        let found = spec.settings.iter().find(|known| known.name == setting);
        assert_eq!(
            found.map(|known| known.default.as_str()),
            Some(value),
            "{id} {setting}"
        );
    }
}
