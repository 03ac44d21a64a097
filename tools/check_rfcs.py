#!/usr/bin/env python3
"""RFCs are cited by their current numbers, and sections that are cited exist, as far as the
texts are at hand ($TAUT_RFC, or ../shared/rfc)."""
import os
import pathlib
import re

from tree import ROOT, finish, tracked

OBSOLETE = {5389: 8489, 3489: 8489, 5245: 8445, 4960: 9260, 2960: 9260, 8829: 9429, 4566: 8866,
            2327: 8866, 8843: 9143, 5766: 8656, 6156: 8656, 4572: 8122, 1889: 3550, 1890: 3551,
            2246: 5246, 4347: 6347, 3280: 5280, 2733: 5109, 4646: 5646, 7159: 8259, 4627: 8259,
            2616: 9110, 7230: 9112, 7231: 9110, 6982: 7942, 2861: 7661, 2401: 4301, 4474: 8224,
            3388: 5888, 4756: 5956, 4145: 8122}
OBSOLETE.pop(4145)  # comedia (a=setup) is in force beside RFC 8122
# Named as what older peers still do.
HISTORY = {(3489, "stun.h"), (5245, "ice_nominate.c")}
CITE = re.compile(r"RFC[ -]?(\d{4,5})((?:,? (?:and )?(?:section|sections|appendix) ?[\dA-Z][\d.]*)?)")
texts = pathlib.Path(os.environ.get("TAUT_RFC", ROOT.parent / "shared/rfc"))

problems = []
cites = checked = 0
cache = {}


def headings(number):
    """The section numbers of an RFC in plain text; None when it is not at hand."""
    if number not in cache:
        path = texts / f"rfc{number}.txt"
        cache[number] = None
        if path.exists():
            found = re.findall(r"^ {0,3}(?:Appendix )?([A-Z]?\.?\d*(?:\.\d+)*)[.:]? +\S",
                               path.read_text(errors="replace"), re.M)
            cache[number] = {h.strip(".") for h in found if h.strip(".")}
    return cache[number]


for path in tracked("src", "include", "docs", "web", "fuzz", "tests/*.c", "tests/*.h", "README.md",
                    "examples"):
    if path.suffix not in (".c", ".h", ".md", ".js", ".mjs"):
        continue
    for n, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        for number, section in CITE.findall(line):
            cites += 1
            number = int(number)
            where = f"{path.relative_to(ROOT)}:{n}"
            if number in OBSOLETE and (number, path.name) not in HISTORY:
                problems.append(f"{where}: RFC {number} is now RFC {OBSOLETE[number]}")
            section = section.split()[-1].strip(".,") if section else ""
            if section and headings(number) is not None:
                checked += 1
                if section not in headings(number):
                    problems.append(f"{where}: RFC {number} has no section {section}")

finish(problems, f"{cites} citations, {checked} sections looked up")
