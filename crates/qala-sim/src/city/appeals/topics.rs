//! The topics of appeals: which function answers, how many there are by month, how long each takes.

/// A topic.
pub(super) struct Topic {
    pub(super) id: &'static str,
    pub(super) names: [&'static str; 3],
    pub(super) function: &'static str,
    /// Share of the requests that are sent on (CITY-FACTS section 6; the split of "other" is an assumption).
    pub(super) share: f64,
    /// Share of the year by month, mean 1 (assumption).
    pub(super) months: [f64; 12],
    /// Days to close at 0, 10, 25, 50, 75, 90 and 100 % (assumption).
    days: [f64; 7],
}

impl Topic {
    /// Days that a request takes, at a share of the requests from 0 to 1.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        let next = SHARES.iter().position(|s| *s > share).unwrap_or(SHARES.len() - 1);
        let (low, high) = (SHARES[next - 1], SHARES[next]);
        self.days[next - 1] + (self.days[next] - self.days[next - 1]) * (share - low) / (high - low)
    }
}

const SHARES: [f64; 7] = [0.0, 0.10, 0.25, 0.5, 0.75, 0.9, 1.0];
const EVEN: [f64; 12] = [1.0; 12];
const WINTER: [f64; 12] = [1.7, 1.5, 1.0, 0.8, 0.6, 0.5, 0.5, 0.6, 0.8, 1.1, 1.3, 1.6];
const SUMMER: [f64; 12] = [0.3, 0.4, 1.0, 1.7, 1.8, 1.6, 1.4, 1.2, 1.0, 0.8, 0.5, 0.3];
const SPRING: [f64; 12] = [0.7, 0.9, 1.7, 1.8, 1.3, 1.0, 0.8, 0.8, 0.8, 0.8, 0.7, 0.7];

pub(super) const TOPICS: [Topic; 11] = [
    Topic {
        id: "transport",
        names: ["Қоғамдық көлік", "Общественный транспорт", "Public transport"],
        function: "public-transport",
        share: 0.21,
        months: EVEN,
        days: [0.2, 1.0, 3.0, 6.0, 10.0, 15.0, 40.0],
    },
    Topic {
        id: "networks",
        names: ["Инженерлік желілер", "Инженерные сети", "Engineering networks"],
        function: "communal-infrastructure",
        share: 0.13,
        months: WINTER,
        days: [0.1, 0.5, 1.5, 4.0, 9.0, 18.0, 50.0],
    },
    Topic {
        id: "roads",
        names: ["Жол жөндеу", "Ремонт дорог", "Road repair"],
        function: "road-infrastructure",
        share: 0.13,
        months: SPRING,
        days: [0.5, 3.0, 7.0, 14.0, 21.0, 35.0, 60.0],
    },
    Topic {
        id: "cleaning",
        names: ["Тазалау", "Уборка", "Cleaning"],
        function: "waste",
        share: 0.11,
        months: SPRING,
        days: [0.1, 0.6, 1.5, 3.0, 6.0, 10.0, 25.0],
    },
    Topic {
        id: "greenery",
        names: ["Көгалдандыру", "Озеленение", "Greenery"],
        function: "public-spaces",
        share: 0.08,
        months: SUMMER,
        days: [0.5, 2.0, 5.0, 10.0, 18.0, 30.0, 60.0],
    },
    Topic {
        id: "lighting",
        names: ["Жарықтандыру", "Освещение", "Lighting"],
        function: "communal-infrastructure",
        share: 0.05,
        months: WINTER,
        days: [0.2, 1.0, 2.5, 5.0, 9.0, 14.0, 40.0],
    },
    Topic {
        id: "housing",
        names: ["Тұрғын үй", "Жильё", "Housing"],
        function: "housing-inspection",
        share: 0.09,
        months: WINTER,
        days: [1.0, 4.0, 8.0, 13.0, 19.0, 28.0, 60.0],
    },
    Topic {
        id: "air",
        names: ["Ауа", "Воздух", "Air"],
        function: "air-quality",
        share: 0.04,
        months: WINTER,
        days: [1.0, 5.0, 9.0, 14.0, 20.0, 27.0, 60.0],
    },
    Topic {
        id: "schools",
        names: [
            "Мектептер мен балабақшалар",
            "Школы и детские сады",
            "Schools and kindergartens",
        ],
        function: "education",
        share: 0.06,
        months: [0.8, 0.8, 0.9, 1.0, 1.0, 1.0, 1.0, 1.7, 1.5, 0.9, 0.7, 0.7],
        days: [0.5, 2.0, 5.0, 9.0, 14.0, 20.0, 45.0],
    },
    Topic {
        id: "social",
        names: ["Әлеуметтік көмек", "Социальная помощь", "Social help"],
        function: "social-protection",
        share: 0.05,
        months: EVEN,
        days: [0.5, 3.0, 6.0, 10.0, 14.0, 19.0, 45.0],
    },
    Topic {
        id: "signals",
        names: [
            "Бағдаршамдар мен белгілер",
            "Светофоры и знаки",
            "Signals and signs",
        ],
        function: "road-traffic",
        share: 0.05,
        months: EVEN,
        days: [0.1, 0.5, 1.0, 3.0, 8.0, 15.0, 35.0],
    },
];
