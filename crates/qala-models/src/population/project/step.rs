//! One step of the cohort-component method.

/// People by sex (male, female) and age group.
pub type Cohorts = [Vec<f64>; 2];

/// What happens in a step; groups are as many as those of the population, the last one is open.
#[derive(Debug, Clone, PartialEq)]
pub struct Rates {
    /// Length of the step and width of a group, years.
    pub width: f64,
    /// Births per woman and year, by age group.
    pub fertility: Vec<f64>,
    /// Share of the born that are alive at the end of the step, by sex.
    pub survival_of_born: [f64; 2],
    /// Share of a group that is alive, one group older, at the end of the step, by sex; of the last group within it.
    pub survival: Cohorts,
    /// Net migrants of the step, by sex.
    pub migrants: Cohorts,
    /// Boys born to one girl.
    pub sex_ratio_at_birth: f64,
}

/// Sums over a step.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Events {
    /// Born.
    pub births: f64,
    /// Died, of those who were there, came or were born.
    pub deaths: f64,
    /// Came less those who went.
    pub migrants: f64,
}

/// Why a step cannot be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// More people of that sex and group leave than there are.
    Leaving(usize, usize),
    /// Girls born within the step would have more than one daughter each in the same step.
    Fertility,
}

/// The population at the end of a step, and what happened in it.
///
/// # Errors
/// [`Fault`] when the rates cannot be.
pub fn step(now: &Cohorts, rates: &Rates) -> Result<(Cohorts, Events), Fault> {
    let mut next: Cohorts = [vec![0.0; now[0].len()], vec![0.0; now[1].len()]];
    let mut events = Events::default();
    for sex in 0..2 {
        let last = now[sex].len().saturating_sub(1);
        for group in 0..now[sex].len() {
            let migrants = rates.migrants[sex][group];
            let exposed = now[sex][group] + migrants / 2.0;
            if exposed < 0.0 {
                return Err(Fault::Leaving(sex, group));
            }
            let survivors = exposed * rates.survival[sex][group];
            next[sex][(group + 1).min(last)] += survivors;
            next[sex][group] += migrants / 2.0;
            events.deaths += exposed - survivors;
            events.migrants += migrants;
        }
    }
    let girls = 1.0 / (1.0 + rates.sex_ratio_at_birth);
    // Births depend on the women of age 0 at the end, who are the births themselves: solved, not iterated.
    let women_years = |group: usize| f64::midpoint(now[1][group], next[1][group]);
    let births: f64 = (0..now[1].len())
        .map(|group| rates.width * rates.fertility[group] * women_years(group))
        .sum();
    let first = rates.fertility.first().copied().unwrap_or(0.0);
    let daughters = rates.width * first / 2.0 * girls * rates.survival_of_born[1];
    if daughters >= 1.0 {
        return Err(Fault::Fertility);
    }
    events.births = births / (1.0 - daughters);
    for (sex, share) in [(0, 1.0 - girls), (1, girls)] {
        let born = events.births * share;
        let survivors = born * rates.survival_of_born[sex];
        events.deaths += born - survivors;
        if let Some(youngest) = next[sex].first_mut() {
            *youngest += survivors;
        }
    }
    for (sex, groups) in next.iter().enumerate() {
        if let Some(group) = groups.iter().position(|count| *count < 0.0) {
            return Err(Fault::Leaving(sex, group));
        }
    }
    Ok((next, events))
}
