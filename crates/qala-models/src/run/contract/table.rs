//! The contract as it was agreed: ids, columns, and small files that each model runs on.

/// A model as the contract has it: id, inputs with their columns, outputs with theirs (`?` marks what may be absent), and small
/// files that it runs on.
pub(super) struct Entry {
    pub(super) id: &'static str,
    pub(super) inputs: &'static [(&'static str, &'static str, &'static str)],
    pub(super) outputs: &'static [(&'static str, &'static str)],
    pub(super) settings: &'static [(&'static str, &'static str)],
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

pub(super) const CONTRACT: &[Entry] = &[
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
