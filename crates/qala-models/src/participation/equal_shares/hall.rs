//! The election, arranged so that it can be asked quickly who wants what.

use std::cmp::Reverse;

use super::Utility;
use crate::participation::pabulib::{Ballots, Election, Project};

/// Marks times projects, above which it takes longer to look how far the money can grow than to try.
const SMALL: usize = 2_000_000;

/// What does not change between runs with more or less money.
pub(super) struct Hall<'a> {
    /// The election itself.
    pub(super) election: &'a Election,
    /// Of each project, its voters.
    pub(super) supporters: Vec<Vec<u32>>,
    /// The weights of their votes; empty when each is 1.
    pub(super) weights: Vec<Vec<u32>>,
    /// The ballots one after the other: projects, weights (empty when each is 1), and where each ballot ends.
    marks: Vec<u32>,
    mark_weights: Vec<u32>,
    ends: Vec<usize>,
    /// What a unit of weight of the project is worth to a voter.
    pub(super) worth: Vec<i64>,
    /// The greatest weight on a ballot.
    pub(super) greatest: u32,
}

impl<'a> Hall<'a> {
    pub(super) fn new(election: &'a Election, utility: Utility) -> Self {
        let by_points = election.ballots_are == Ballots::Points;
        let mut supporters = vec![Vec::new(); election.projects.len()];
        let mut weights = vec![Vec::new(); election.projects.len()];
        for (voter, ballot) in election.ballots.iter().enumerate() {
            for &(project, weight) in ballot {
                supporters[project as usize].push(voter as u32);
                if by_points {
                    weights[project as usize].push(weight);
                }
            }
        }
        let (mut marks, mut mark_weights, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for ballot in &election.ballots {
            for &(project, weight) in ballot {
                marks.push(project);
                if by_points {
                    mark_weights.push(weight);
                }
            }
            ends.push(marks.len());
        }
        let by_cost = !by_points && utility == Utility::Cost;
        Self {
            election,
            supporters,
            weights,
            marks,
            mark_weights,
            ends,
            worth: election
                .projects
                .iter()
                .map(|project| if by_cost { project.cost } else { 1 })
                .collect(),
            greatest: election
                .ballots
                .iter()
                .flatten()
                .map(|(_, weight)| *weight)
                .max()
                .unwrap_or(1),
        }
    }

    /// The projects that can be bought: each has a vote.
    pub(super) fn wanted(&self) -> impl Iterator<Item = usize> {
        (0..self.supporters.len()).filter(|&project| !self.supporters[project].is_empty())
    }

    /// What is bought when nobody ever runs out of money: every project with a vote, in the order of its lowest price.
    pub(super) fn unlimited(&self) -> Vec<usize> {
        // The lowest price is cost / (votes · worth), and what is worth its cost costs one for a unit of worth.
        let price = |project: usize| match self.projects()[project].cost {
            0 => 0,
            cost if cost == self.worth[project] => 1,
            cost => i128::from(cost),
        };
        let votes = |project: usize| i128::from(self.projects()[project].votes);
        let mut order: Vec<usize> = self.wanted().collect();
        order.sort_by(|&one, &other| {
            (price(one) * votes(other))
                .cmp(&(price(other) * votes(one)))
                .then_with(|| self.rank(one).cmp(&self.rank(other)))
        });
        order
    }

    /// Says whether a run is short beside the start of a thread, and looking ahead beside many runs.
    pub(super) fn is_small(&self) -> bool {
        self.marks.len().saturating_mul(self.supporters.len()) <= SMALL
    }

    pub(super) fn projects(&self) -> &[Project] {
        &self.election.projects
    }

    pub(super) fn voters(&self) -> usize {
        self.election.ballots.len()
    }

    /// What a unit of weight of the project is worth to a voter.
    pub(super) fn worth(&self, project: usize) -> i64 {
        self.worth[project]
    }

    /// Voters of a project, and their weights.
    pub(super) fn backers(&self, project: usize) -> impl Iterator<Item = (u32, u32)> {
        with_weights(&self.supporters[project], &self.weights[project])
    }

    /// The weight of a project on a ballot.
    pub(super) fn weight(&self, voter: u32, project: usize) -> u32 {
        self.ballot(voter)
            .find(|(marked, _)| *marked as usize == project)
            .map_or(0, |(_, weight)| weight)
    }

    /// Projects and weights of a voter's ballot.
    pub(super) fn ballot(&self, voter: u32) -> impl Iterator<Item = (u32, u32)> {
        let from = voter
            .checked_sub(1)
            .map_or(0, |before| self.ends[before as usize]);
        (from..self.ends[voter as usize])
            .map(|at| (self.marks[at], self.mark_weights.get(at).copied().unwrap_or(1)))
    }

    /// Says whether the first is bought before the second when their prices are the same.
    pub(super) fn before(&self, project: usize, other: usize) -> bool {
        self.rank(project) < self.rank(other)
    }

    fn rank(&self, index: usize) -> (Reverse<u64>, i64, usize) {
        let project = &self.election.projects[index];
        (Reverse(project.votes), project.cost, index)
    }
}

/// Voters with the weights of their votes; without weights each is 1.
pub(super) fn with_weights(voters: &[u32], weights: &[u32]) -> impl Iterator<Item = (u32, u32)> {
    voters
        .iter()
        .enumerate()
        .map(|(at, &voter)| (voter, weights.get(at).copied().unwrap_or(1)))
}
