#!/usr/bin/env python3
"""Makes public/fonts/*.ttf: for each family and weight one static file with Latin and extended Latin.

Needs fontTools with brotli (Debian: python3-fonttools python3-brotli). The argument is a folder with the unpacked
packages @fontsource/<family> (5.3.0), one folder a family. Browsers would take the packages' own files, but the renderer
finds fonts by fontconfig, which wants one plain file a face. A family that reserves its name (see the first lines of its
LICENSE) cannot be here: these are changed files under the same name. Run scripts/font-metrics.mjs afterwards.
"""

import shutil
import sys
from pathlib import Path

from fontTools import merge, subset
from fontTools.ttLib import TTFont

FAMILIES = {
    "inter": "Inter",
    "oswald": "Oswald",
    "eb-garamond": "EBGaramond",
    "roboto-slab": "RobotoSlab",
    "caveat": "Caveat",
    "jetbrains-mono": "JetBrainsMono",
}
WEIGHTS = {400: "Regular", 700: "Bold"}


def reduced(path, unwanted, to):
    """The font without these characters, hinting and what only other programs read."""
    options = subset.Options()
    options.hinting = False
    # Nothing that makes a line wider or narrower than its characters: lines are broken by their widths alone.
    options.layout_features = ["mark", "mkmk"]
    options.legacy_kern = False
    options.name_IDs = ["*"]
    options.notdef_outline = True
    options.drop_tables += ["STAT", "gasp", "prep", "GSUB", "kern"]
    font = subset.load_font(str(path), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=set(font.getBestCmap()) - unwanted)
    subsetter.subset(font)
    font.flavor = None
    font.save(str(to))
    return set(font.getBestCmap())


def main():
    packages, out = Path(sys.argv[1]), Path(__file__).parent.parent / "public" / "fonts"
    work = Path(sys.argv[1]) / "work"
    work.mkdir(exist_ok=True)
    for package, file_name in FAMILIES.items():
        for weight, style in WEIGHTS.items():
            files = packages / package / "files"
            parts = [work / f"{file_name}-{style}-{part}.ttf" for part in ("latin", "ext")]
            latin = reduced(files / f"{package}-latin-{weight}-normal.woff2", set(), parts[0])
            reduced(files / f"{package}-latin-ext-{weight}-normal.woff2", latin, parts[1])
            merged = merge.Merger().merge([str(part) for part in parts])
            names = TTFont(str(parts[0]))["name"]
            merged["name"] = names
            merged["head"].modified = merged["head"].created
            merged.recalcTimestamp = False
            merged.save(str(out / f"{file_name}-{style}.ttf"))
        shutil.copy(packages / package / "LICENSE", out / f"{file_name}-LICENSE.txt")


main()
