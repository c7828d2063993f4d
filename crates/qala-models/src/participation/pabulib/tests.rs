//! Tests of the reader of elections.

use super::*;

const FILE: &str = "META\nkey;value\nbudget;100\nvote_type;approval\nnum_projects;2\nnum_votes;3\nPROJECTS\nproject_id;name;cost;selected\n\
    a;\"Park; trees\";50.25;1\nb;Road;30;0\nVOTES\nvoter_id;age;vote\n1;20;a,b\n2;30;b,b\n3;;\n";

#[test]
fn sections_are_read_whatever_their_spelling() {
    let election = Election::read(FILE.as_bytes()).unwrap();
    assert_eq!((election.unit, election.budget), (100, 10_000));
    let projects: Vec<(&str, i64, u64, Option<bool>)> = election
        .projects
        .iter()
        .map(|project| (project.id.as_str(), project.cost, project.votes, project.selected))
        .collect();
    assert_eq!(
        projects,
        [("a", 5025, 1, Some(true)), ("b", 3000, 2, Some(false))]
    );
    assert_eq!(election.ballots, [vec![(0, 1), (1, 1)], vec![(1, 1)], vec![]]);
    let other = format!(
        "\u{feff}{}",
        FILE.replace('\n', "\r\n")
            .replace("META", "meta ")
            .replace("budget;100", "Budget ; 100,00 ")
    )
    .replace("VOTES", "\r\nVotes;;");
    assert_eq!(Election::read(other.as_bytes()), Ok(election));
}

#[test]
fn points_become_whole_numbers() {
    let file = FILE
        .replace("approval", "cumulative")
        .replace("age;vote", "points;vote")
        .replace("1;20;a,b\n2;30;b,b\n3;;", "1;2.5,0;a,b\n2;3;b\n3;;");
    let election = Election::read(file.as_bytes()).unwrap();
    assert_eq!(election.ballots, [vec![(0, 25)], vec![(1, 30)], vec![]]);
    assert_eq!(election.projects[1].votes, 30);
}

#[test]
fn what_cannot_be_used_is_named_with_its_line() {
    let cases: &[(&str, &str, &str)] = &[
        (
            "approval",
            "ordinal",
            ": votes of the type `ordinal` cannot be counted by this rule; it takes approval, choose-1 and cumulative",
        ),
        (
            "approval",
            "scoring",
            ": votes of the type `scoring` cannot be counted by this rule; it takes approval, choose-1 and cumulative",
        ),
        ("vote_type;approval\n", "", ": META has no `vote_type`"),
        ("budget;100\n", "", ": META has no `budget`"),
        (
            "budget;100",
            "budget;-5",
            ", line 3: the budget `-5` is no amount",
        ),
        (
            "budget;100",
            "budget;1e5",
            ", line 3: the budget `1e5` is no amount",
        ),
        (
            "budget;100",
            "budget;100\nbudget;5",
            ", line 4: `budget` is there twice",
        ),
        (
            "num_votes;3",
            "num_votes;9",
            ": META says num_votes 9, the file holds 3; it may be cut off",
        ),
        (
            "num_projects;2",
            "num_projects;x",
            ": META, num_projects: `x` is no number",
        ),
        ("project_id;", "id;", ": PROJECTS has no column `project_id`"),
        (
            "b;Road;30",
            "a;Road;30",
            ", line 10: the project `a` is there twice",
        ),
        ("b;Road;30", ";Road;30", ", line 10: the project has no id"),
        (
            "b;Road;30",
            "b;Road;",
            ", line 10: the cost `` of the project `b` is no amount",
        ),
        (
            "2;30;b,b",
            "2;30;b,c",
            ", line 14: the vote names the project `c`, which PROJECTS does not hold",
        ),
        (
            "voter_id;age;vote",
            "voter_id;age;voted",
            ": VOTES has no column `vote`",
        ),
        (
            "VOTES\n",
            "PROJECTS\n",
            ", line 11: the section PROJECTS is there twice",
        ),
        ("META\n", "", ", line 1: a Pabulib file begins with a line `META`"),
        (
            "b;Road;30",
            "b;Road;99999999999999999",
            ", line 10: the amount is too large to be added exactly",
        ),
        ("approval", "cumulative", ": VOTES has no column `points`"),
    ];
    for (from, to, message) in cases {
        let changed = FILE.replacen(from, to, 1);
        assert_ne!(changed, FILE);
        let refusal = Election::read(changed.as_bytes()).unwrap_err().to_string();
        assert_eq!(refusal, format!("input `election`{message}"));
    }
    let cut = &FILE[..FILE.find("VOTES").unwrap()];
    assert_eq!(
        Election::read(cut.as_bytes()).unwrap_err().to_string(),
        "input `election`: the section VOTES is missing; this is no whole Pabulib file"
    );
    assert!(Election::read(b"").is_err());
    assert!(Election::read(b"META\nkey;value\nbudget;\xff\n").is_err());
}

#[test]
fn points_that_contradict_themselves_are_named() {
    let file = FILE
        .replace("approval", "cumulative")
        .replace("age;vote", "points;vote");
    for (points, message) in [
        (
            "1;1;a,b",
            ", line 13: the vote names 2 projects and 1 numbers of points",
        ),
        (
            "1;1,1;a,a",
            ", line 13: the vote gives points to the project `a` twice",
        ),
        (
            "1;-1;a",
            ", line 13: the points `-1` of the project `a` are no number from 0",
        ),
        (
            "1;9999999999;a",
            ", line 13: the points are too many to be added exactly",
        ),
    ] {
        let changed = file.replace("1;20;a,b\n2;30;b,b", &format!("{points}\n2;3;b"));
        let refusal = Election::read(changed.as_bytes()).unwrap_err().to_string();
        assert_eq!(refusal, format!("input `election`{message}"));
    }
}
