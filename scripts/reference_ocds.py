"""Counts what the archives of OCDS packages hold: releases, bids, awards and contracts, by the standard's own rules.

A record gives its embedded releases, or the compiled one when its releases are links. Versioned releases, texts that are
not UTF-8 and elements without id or date count as rejected.
"""

import json
import zipfile


def objects(content):
    """The JSON texts of a file, one or many lines of them."""
    text = content.decode("utf-8")
    try:
        document = json.loads(text)
        yield from document if isinstance(document, list) else [document]
    except json.JSONDecodeError:
        yield from (json.loads(line) for line in text.splitlines() if line.strip())


def releases(document):
    if "records" in document:
        for record in document["records"]:
            embedded = [one for one in record.get("releases", []) if "ocid" in one or "url" not in one]
            yield from embedded or [record["compiledRelease"]]
    elif "releases" in document:
        yield from document["releases"]
    else:
        yield document


def count(path):
    good, bad = {}, 0
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.endswith(".json"):
                continue
            try:
                documents = list(objects(archive.read(name)))
            except UnicodeDecodeError:
                bad += 1
                continue
            for release in (one for document in documents for one in releases(document)):
                if any(isinstance(value, list) and value and "releaseID" in value[0] for value in release.values()):
                    bad += 1
                    continue
                is_dated = bool(release.get("date")) and bool(release.get("id"))
                parts = {
                    "budget_releases": [release],
                    "budget_release_bids": (release.get("bids") or {}).get("details") or [],
                    "budget_release_awards": release.get("awards") or [],
                    "budget_release_contracts": release.get("contracts") or [],
                }
                for dataset, members in parts.items():
                    for member in members:
                        if is_dated and member.get("id") is not None:
                            good[dataset] = good.get(dataset, 0) + 1
                        else:
                            bad += 1
    return {"rows": dict(sorted(good.items())), "quarantined": bad}


def counts(data):
    folder = data / "ocds"
    return {path.name: count(path) for path in sorted(folder.glob("*.zip"))}
