use super::*;

#[test]
fn try_one() {
    let election = Election::read(&std::fs::read("/tmp/m4/pb/Poland_Warszawa_2023_Mokotow.pb").unwrap()).unwrap();
    for _ in 0..8 {
        let t = std::time::Instant::now();
        let bought = buy(&election, Utility::Cost, Completion::Add1 { increment: 1 }).unwrap();
        eprintln!("   {} {:?}", bought.len(), t.elapsed());
    }
    let election = Election::read(&std::fs::read("/tmp/m4/pb/Poland_Wieliczka_2023_Green_Budget.pb").unwrap()).unwrap();
    let hall = Hall::new(&election, Utility::Cost);
    for t in 0..200 {
        let b = hall.buy(election.budget + t * election.ballots.len() as i64, &Outcome::default()).unwrap().bought;
        let left = election.budget - election.cost_of(&b);
        let exhaustive = (0..election.projects.len()).all(|p| b.contains(&p) || election.projects[p].cost > left);
        if exhaustive || left < 0 { eprintln!("t {t} {} {} {exhaustive}", b.len(), election.cost_of(&b)); }
        if left < 0 { break; }
    }
}
