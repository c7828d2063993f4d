#!/usr/bin/env python3
"""Makes the fonts of crates/qala-paper of the one of the screen: two static weights, tabular digits, no tables that paper
does not need. Needs fonttools and brotli."""

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "web/public/fonts/inter.woff2"
TARGET = ROOT / "crates/qala-paper/fonts"
WEIGHTS = {400: ("inter-regular.ttf", "Regular"), 600: ("inter-semibold.ttf", "SemiBold")}


def tabular(font):
    """What the feature `tnum` puts in the place of each digit, the first of several."""
    swaps = {}
    table = font["GSUB"].table
    for record in table.FeatureList.FeatureRecord:
        if record.FeatureTag != "tnum":
            continue
        for index in record.Feature.LookupListIndex:
            for subtable in table.LookupList.Lookup[index].SubTable:
                subtable = getattr(subtable, "ExtSubTable", subtable)
                for old, new in getattr(subtable, "mapping", {}).items():
                    swaps.setdefault(old, new)
    return swaps


def main():
    for weight, (name, style) in WEIGHTS.items():
        font = instantiateVariableFont(TTFont(SOURCE), {"wght": weight}, static=True)
        swaps = tabular(font)
        digits = {ord(d) for d in "0123456789"}
        for table in font["cmap"].tables:
            for code, glyph in table.cmap.items():
                if code in digits:
                    # One table may be listed twice.
                    table.cmap[code] = swaps.get(glyph, glyph)
        options = Options()
        options.layout_features = ["kern"]
        options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
        options.hinting = False
        options.drop_tables += ["GSUB", "GDEF", "STAT", "gasp", "DSIG", "meta"]
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=font.getBestCmap().keys())
        subsetter.subset(font)
        for record in font["name"].names:
            if record.nameID == 2:
                record.string = style
            elif record.nameID == 4:
                record.string = f"Inter {style}"
            elif record.nameID == 6:
                record.string = f"Inter-{style}"
        font.flavor = None
        font.recalcTimestamp = False
        path = TARGET / name
        font.save(path)
        sys.stdout.write(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes, {font['maxp'].numGlyphs} glyphs\n")


main()
