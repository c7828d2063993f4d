//! Survival from death rates.

/// Shares that survive a step of five years.
#[derive(Debug, Clone, PartialEq)]
pub struct Survival {
    /// Of the born, to the first group.
    pub of_born: f64,
    /// Of each group of five years to the next; of the open group, within it.
    pub of_groups: Vec<f64>,
}

/// Survival in steps of five years from death rates (deaths to a person and year) at the ages 0, 1 to 4, then groups of
/// five years, the last one open; absent with fewer than four rates, or one that is not above 0.
///
/// Mean age at death in a group: Coale and Demeny's for infants and children, Greville's from age 10 on, the middle at 5
/// to 9, as in the life tables of the United Nations (Preston, Heuveline and Guillot 2001, table 3.3 and section 3.2). In
/// the open group the death rate is the same at every age.
pub fn survival(death_rates: &[f64], female: bool) -> Option<Survival> {
    let last = death_rates.len().checked_sub(1)?;
    if last < 3 || death_rates.iter().any(|rate| rate.is_nan() || *rate <= 0.0) {
        return None;
    }
    let infants = death_rates[0];
    let (of_infants, of_children) = match (female, infants >= 0.107) {
        (false, true) => (0.330, 1.352),
        (true, true) => (0.350, 1.361),
        (false, false) => (0.045 + 2.684 * infants, 1.651 - 2.816 * infants),
        (true, false) => (0.053 + 2.8 * infants, 1.522 - 1.518 * infants),
    };
    let mut alive = 1.0;
    let mut years: Vec<f64> = Vec::with_capacity(last);
    for group in 0..last {
        let rate = death_rates[group];
        let (width, dead_after) = match group {
            0 => (1.0, of_infants),
            1 => (4.0, of_children),
            2 => (5.0, 2.5),
            _ => {
                let slope = (death_rates[group + 1] / death_rates[group - 1]).ln() / 10.0;
                (5.0, 2.5 - 25.0 / 12.0 * (rate - slope))
            }
        };
        let dying = width * rate / (1.0 + (width - dead_after) * rate);
        let lived = alive * (width * (1.0 - dying) + dead_after * dying);
        match years.first_mut() {
            // The group 0 to 4 is two groups of the table.
            Some(youngest) if group == 1 => *youngest += lived,
            _ => years.push(lived),
        }
        alive *= 1.0 - dying;
    }
    let in_open = (-5.0 * death_rates[last]).exp();
    years.push(alive / death_rates[last] * (1.0 - in_open));
    let mut of_groups: Vec<f64> = years.windows(2).map(|pair| pair[1] / pair[0]).collect();
    of_groups.push(in_open);
    Some(Survival {
        of_born: years[0] / 5.0,
        of_groups,
    })
}
