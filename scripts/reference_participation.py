#!/usr/bin/env python3
"""Prints small elections and what pabutools 1.2.3 buys with the Method of Equal Shares: the golden file of
crates/qala-models/src/participation/equal_shares/tests/pabutools.txt.

    pip install pabutools==1.2.3
    python3 scripts/reference_participation.py > crates/qala-models/src/participation/equal_shares/tests/pabutools.txt

A line: kind|budget|costs|ballots|purchases with the utility cost|with cardinality. A ballot is `project:weight,…`; points
have one list of purchases. Ties go to more votes, then lower cost, then the order of the file.
"""

import random

from pabutools.election import Additive_Cardinal_Sat, Cardinality_Sat, Cost_Sat
from pabutools.election.pabulib import parse_pabulib_from_string
from pabutools.rules import method_of_equal_shares
from pabutools.tiebreaking import TieBreakingRule


def election(seed):
    draw = random.Random(seed)
    points = seed % 3 == 0
    projects, voters = draw.randint(2, 8), draw.randint(2, 20)
    costs = [draw.randint(1, 12) * draw.choice([1, 1, 10]) for _ in range(projects)]
    budget = draw.randint(max(1, sum(costs) // 4), sum(costs))
    ballots = []
    for _ in range(voters):
        chosen = [p for p in range(projects) if draw.random() < 0.4] or [draw.randrange(projects)]
        ballots.append([(p, draw.randint(1, 5) if points else 1) for p in chosen])
    return points, budget, costs, ballots


def pabulib(points, budget, costs, ballots):
    lines = ["META", "key;value", "description;x", "country;x", "unit;x", "instance;1", "rule;unknown"]
    lines += [f"num_projects;{len(costs)}", f"num_votes;{len(ballots)}", f"budget;{budget}"]
    lines += ["vote_type;cumulative", "max_sum_points;1000"] if points else ["vote_type;approval"]
    lines += ["PROJECTS", "project_id;cost"] + [f"{p};{cost}" for p, cost in enumerate(costs)]
    lines += ["VOTES", "voter_id;vote;points" if points else "voter_id;vote"]
    for voter, ballot in enumerate(ballots):
        row = f"{voter};" + ",".join(str(p) for p, _ in ballot)
        lines.append(row + (";" + ",".join(str(w) for _, w in ballot) if points else ""))
    return "\n".join(lines) + "\n"


def main():
    for seed in range(150):
        points, budget, costs, ballots = election(seed)
        instance, profile = parse_pabulib_from_string(pabulib(points, budget, costs, ballots))
        votes = [sum(w for ballot in ballots for p, w in ballot if p == project) for project in range(len(costs))]
        ties = TieBreakingRule(lambda _i, _p, project: (-votes[int(project.name)], project.cost, int(project.name)))
        outcomes = []
        for satisfaction in [Additive_Cardinal_Sat] if points else [Cost_Sat, Cardinality_Sat]:
            bought = method_of_equal_shares(
                instance, profile.as_multiprofile(), sat_class=satisfaction, tie_breaking=ties
            )
            outcomes.append(" ".join(project.name for project in bought))
        print(
            "points" if points else "approval",
            budget,
            " ".join(map(str, costs)),
            " ".join(",".join(f"{p}:{w}" for p, w in ballot) for ballot in ballots),
            *outcomes,
            sep="|",
        )


if __name__ == "__main__":
    main()
