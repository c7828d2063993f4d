//! How many of the planted faults are found, and how much of what is found was planted.

use super::finding::{Finding, Kind};
use super::plant::Planted;

/// Of one kind: what was planted and found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Score {
    /// Faults that were planted, at least as large as stated.
    pub planted: usize,
    /// Of them those that were found.
    pub found: usize,
    /// Findings of the kind that are right.
    pub right: usize,
    /// Findings of the kind that are not.
    pub wrong: usize,
}

impl Score {
    /// Found of planted; none when nothing was planted.
    pub fn recall(&self) -> Option<f64> {
        (self.planted > 0).then(|| self.found as f64 / self.planted as f64)
    }

    /// Right of all findings; none when there are none.
    pub fn precision(&self) -> Option<f64> {
        let all = self.right + self.wrong;
        (all > 0).then(|| self.right as f64 / all as f64)
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            planted: self.planted + other.planted,
            found: self.found + other.found,
            right: self.right + other.right,
            wrong: self.wrong + other.wrong,
        }
    }
}

/// Says whether a finding is of a planted fault: same device, same kind, same quantity where both name one, and in time they
/// share at least half of the shorter of the two.
fn is_of(finding: &Finding, planted: &Planted) -> bool {
    let shared = finding.to.min(planted.to) - finding.from.max(planted.from);
    let shorter = (finding.to - finding.from).min(planted.to - planted.from);
    let is_same_quantity = match (finding.channel, planted.channel) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    };
    finding.device == planted.device
        && finding.kind == planted.kind
        && is_same_quantity
        && shared >= 0
        && shared * 2 >= shorter
}

/// Counts one kind. The unit is the episode, a device, quantity and stretch of time; of spikes it is the single reading. Faults
/// planted below the stated size are not asked for, but finding one is right.
pub fn score(kind: Kind, findings: &[Finding], planted: &[Planted]) -> Score {
    let mut score = Score::default();
    let findings = || findings.iter().filter(|f| f.kind == kind);
    let planted = || planted.iter().filter(|p| p.kind == kind);
    if kind == Kind::Spike {
        for finding in findings() {
            let same = |p: &&Planted| p.device == finding.device && p.channel == finding.channel;
            for t in &finding.records {
                if planted()
                    .filter(same)
                    .any(|p| p.records.iter().any(|r| r.0 == *t))
                {
                    score.right += 1;
                } else {
                    score.wrong += 1;
                }
            }
        }
        for planted in planted() {
            let same = |f: &&Finding| f.device == planted.device && f.channel == planted.channel;
            for (t, is_stated) in planted.records.iter().filter(|r| r.1) {
                score.planted += usize::from(*is_stated);
                score.found += usize::from(findings().filter(same).any(|f| f.records.contains(t)));
            }
        }
        return score;
    }
    for finding in findings() {
        if planted().any(|p| is_of(finding, p)) {
            score.right += 1;
        } else {
            score.wrong += 1;
        }
    }
    for planted in planted().filter(|p| p.is_stated) {
        score.planted += 1;
        score.found += usize::from(findings().any(|f| is_of(f, planted)));
    }
    score
}
