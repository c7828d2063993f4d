//! Elections as Pabulib files hold them (<https://pabulib.org/format>): money, projects, and who voted for what.
//!
//! What belongs here: reading such a file exactly. What does not: how it is decided what is bought.

mod read;

#[cfg(test)]
mod tests;

use crate::run::Refusal;

/// What a ballot says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ballots {
    /// Which projects are approved: each has the weight 1.
    Approval,
    /// How many points each project gets.
    Points,
}

/// A project that can be bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its id in the file.
    pub id: String,
    /// What it costs, in small units of the currency.
    pub cost: i64,
    /// The votes for it: how many approve it, or the sum of its points.
    pub votes: u64,
    /// Says whether the file marks it as bought (`selected` 1); absent when the file does not say.
    pub selected: Option<bool>,
}

/// An election, every number of it exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Election {
    /// The rule that the file names; empty when it names none.
    pub rule: String,
    /// What its ballots say.
    pub ballots_are: Ballots,
    /// How many small units are one unit of the currency: a power of ten, so that every amount is whole.
    pub unit: i64,
    /// The money, in small units.
    pub budget: i64,
    /// The projects, in the order of the file.
    pub projects: Vec<Project>,
    /// Of each voter: the projects voted for (index into `projects`) and their weights, all above zero.
    pub ballots: Vec<Vec<(u32, u32)>>,
}

impl Election {
    /// Reads a Pabulib file: UTF-8, sections META, PROJECTS and VOTES, cells separated by `;`.
    ///
    /// # Errors
    /// [`Refusal`] naming the line that cannot be used: an ordinal or scoring vote, a project that is there twice or not at
    /// all, a negative amount, a file that holds fewer votes than it says.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        read::read(bytes)
    }

    /// The projects in the order in which votes are counted: more votes, then lower cost, then the order of the file.
    pub fn by_votes(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.projects.len()).collect();
        order.sort_by_key(|&index| {
            (
                std::cmp::Reverse(self.projects[index].votes),
                self.projects[index].cost,
                index,
            )
        });
        order
    }

    /// What these projects cost together, in small units.
    pub fn cost_of(&self, projects: &[usize]) -> i64 {
        projects.iter().map(|&project| self.projects[project].cost).sum()
    }

    /// An amount in units of the currency.
    pub fn in_units(&self, amount: i64) -> f64 {
        amount as f64 / self.unit as f64
    }
}
