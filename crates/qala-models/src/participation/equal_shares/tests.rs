//! Tests of the Method of Equal Shares.

use super::*;

#[test]
fn try_all() {
    for entry in std::fs::read_dir("/tmp/m4/pb").unwrap() {
        let path = entry.unwrap().path();
        let election = Election::read(&std::fs::read(&path).unwrap()).unwrap();
        let official: Vec<usize> = (0..election.projects.len()).filter(|&p| election.projects[p].selected == Some(true)).collect();
        eprintln!("{} {} official {} {}", path.display(), election.rule, official.len(), election.cost_of(&official));
        for (name, utility, completion) in [
            ("none", Utility::Cost, Completion::None),
            ("add1", Utility::Cost, Completion::Add1 { increment: 1 }),
            ("add1c", Utility::Cost, Completion::Add1Comparison { increment: 1 }),
            ("none card", Utility::Cardinality, Completion::None),
            ("add1 card", Utility::Cardinality, Completion::Add1 { increment: 1 }),
            ("greedy", Utility::Cost, Completion::Greedy),
        ] {
            let t = std::time::Instant::now();
            let bought = buy(&election, utility, completion).unwrap();
            let took = t.elapsed();
            let diff = (0..election.projects.len()).filter(|p| bought.contains(p) != official.contains(p)).count();
            eprintln!("   {name}: {} cost {} diff {diff} {took:?}", bought.len(), election.in_units(election.cost_of(&bought)));
        }
        let bought = greedy::buy(&election);
        let diff = (0..election.projects.len()).filter(|p| bought.contains(p) != official.contains(p)).count();
        eprintln!("   greedy {} diff {diff}", bought.len());
    }
}
