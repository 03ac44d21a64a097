#!/usr/bin/env python3
"""check_rfc9260.py [BUILD] [--list | --missing | --write]

Each sentence of RFC 9260 with MUST, SHALL or REQUIRED has a row in tools/rfc9260.txt: what it asks, in
our words, and the tests that prove it, why it does not apply, why we deviate, or that it is missing; a row with an S
(6.3.1#S1) is of a sentence with SHOULD or RECOMMENDED from which we deviate. Each test that
is named is there; where the RFC's source is at hand ($TAUT_RFC, or ../shared/rfc), each of its sentences
has one row and each row a sentence. docs/RFC9260.md says the same; --write makes it, --list prints the rows, and
--missing those that wait."""
import collections
import os
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

from tree import ROOT, finish

TABLE = ROOT / "tools" / "rfc9260.txt"
PAGE = ROOT / "docs" / "RFC9260.md"
SOURCE = pathlib.Path(os.environ.get("TAUT_RFC", ROOT.parent / "shared/rfc")) / "sctp-rfc9260-source.xml"
LAYERS = [p.name for p in (ROOT / "tests" / "unit").iterdir()]
KINDS = ("test", "na", "deviates", "missing")
# The areas of the ETSI suite for SCTP (TS 102 369); the cases are our own.
AREAS = {"sctp_conformance_setup": "Set-up, collision and restart",
         "sctp_handshake": "Set-up in every order of packets",
         "sctp_conformance_data": "Data transfer, acknowledgement, congestion control",
         "sctp_conformance_errors": "Faults, invalid packets, out of the blue",
         "sctp_conformance_shutdown": "Shutdown"}

# ---- the sentences of the RFC ----

BLOCKS = {"t", "dd", "li", "td", "dt"}
INSIDE = BLOCKS | {"ul", "ol", "dl", "table", "figure", "artwork", "section"}


def own_text(block):
    """Without that of blocks inside it; a reference without words by its target."""
    parts = [block.text or ""]
    for child in block:
        if child.tag not in INSIDE:
            parts.append(own_text(child))
        if child.tag == "xref" and not (child.text or "").strip():
            parts.append(child.get("target", ""))
        parts.append(child.tail or "")
    return "".join(parts)


def blocks(element):
    if element.tag in BLOCKS:
        yield re.sub(r"\s+", " ", own_text(element)).strip()
    for child in element:
        if child.tag != "section":
            yield from blocks(child)


def sentences(section, number):
    """(section number, sentence), in order."""
    k = 0
    for child in section:
        if child.tag == "section":
            k += 1
            yield from sentences(child, f"{number}.{k}")
        elif child.tag != "name":
            for block in blocks(child):
                for sentence in re.split(r"(?<=[.:;])\s+(?=[A-Z(0-9])", block):
                    if re.search(r"\b(MUST|SHALL|REQUIRED)\b", sentence):
                        yield number, sentence


def requirements():
    """{"5.1#3": sentence}; None when the source is not at hand."""
    if not SOURCE.exists():
        return None
    text = re.sub(r"<!DOCTYPE[^>\[]*(\[.*?\])?\s*>", "", SOURCE.read_text(), flags=re.S)
    text = re.sub(r"&(?!amp;|lt;|gt;|quot;|apos;|#)\w+;", " ", text)
    out, count = {}, collections.Counter()
    for k, section in enumerate(ElementTree.fromstring(text).find("middle").findall("section"), 1):
        for number, sentence in sentences(section, str(k)):
            count[number] += 1
            out[f"{number}#{count[number]}"] = sentence
    return out


# ---- our rows ----

class Row:
    def __init__(self, line):
        self.id, self.what, *fields = [f.strip() for f in line.split(" | ")]
        said = [f.partition(": ") for f in fields]
        self.said = {kind: text for kind, _, text in said}
        self.wrong = not said or len(self.said) < len(said) or any(k not in KINDS or not t for k, _, t in said)
        self.tests = re.split(r", ", self.said["test"]) if "test" in self.said else []

    def kind(self):
        """As it is counted: a row with a test that is not all of it is what is said beside."""
        return next(k for k in ("missing", "deviates", "na", "test") if k in self.said)

    def proof(self):
        names = [f"{t.split('/')[1].replace('_', ' ')} ({t.split('/')[0]})" for t in self.tests]
        words = {"na": "does not apply", "deviates": "deviates", "missing": "missing"}
        return "; ".join(names + [f"**{words[k]}**: {t}" for k, t in self.said.items() if k in words])


def source_of(program):
    """The C file of the program test_FOLDER_NAME, as in tools/check_patches.py."""
    folder, _, name = program.partition("_")
    return ROOT / "tests" / (f"unit/{folder}" if folder in LAYERS else folder) / f"test_{name}.c"


def tests_of(program):
    path = source_of(program)
    return re.findall(r"cmocka_unit_test\((\w+)\)", path.read_text()) if path.exists() else []


def place(row_id):
    section, _, n = row_id.partition("#")
    return [int(k) for k in section.split(".")], n.startswith("S"), int(n.removeprefix("S"))


def is_advice(row):
    return "#S" in row.id


def check(rows, problems):
    for r in rows:
        if r.wrong:
            problems.append(f"{r.id}: a row is \"ID | what | KIND: ...\", with {', '.join(KINDS)}")
        for t in r.tests:
            program, _, name = t.partition("/")
            if name not in tests_of(program):
                problems.append(f"{r.id}: {program} has no test {name}")
    ids = [r.id for r in rows]
    problems += [f"{i} comes twice" for i in sorted({i for i in ids if ids.count(i) > 1})]
    if ids != sorted(ids, key=place):
        problems.append("the rows are not in the order of the sections")
    asked = requirements()
    if asked is None:
        return "the RFC's source is not at hand"
    problems += [f"{i} has no row: {text}" for i, text in asked.items() if i not in ids]
    problems += [f"{r.id} is no requirement of the RFC" for r in rows if r.id not in asked and not is_advice(r)]
    problems += [f"{r.id}: advice that is taken needs no row" for r in rows if is_advice(r) and r.kind() != "deviates"]
    for r in rows:  # our words, not the RFC's
        if len(r.what) > 60 and r.what.lower() in asked.get(r.id, "").lower():
            problems.append(f"{r.id}: that is a sentence of the RFC")
    return "as the RFC has them"


def page(all_rows):
    rows, advice = ([r for r in all_rows if is_advice(r) == kind] for kind in (False, True))
    count = collections.Counter(r.kind() for r in rows)
    out = ["# RFC 9260, requirement by requirement", "",
           "Written by `tools/check_rfc9260.py --write` from tools/rfc9260.txt; a test fails when it is not up to date.", "",
           "Each sentence of RFC 9260 with MUST, MUST NOT, SHALL, SHALL NOT or REQUIRED, numbered within its section, what it asks",
           "in our words, and the tests that fail when it is broken. What does not apply says why, mostly by RFC 8261 (SCTP inside",
           "DTLS: one path, no addresses, no ICMP); where we deviate on purpose the reason stands there, beside the test of what is",
           "done.", "",
           f"{len(rows)} requirements: {count['test']} tested, {count['na']} do not apply, {count['deviates']} deviations, "
           f"{count['missing']} missing."]
    for section in dict.fromkeys(r.id.split("#")[0] for r in rows):
        out += ["", f"## {section}", "", "| | what | where it is proven |", "|---|---|---|"]
        out += [f"| {r.id.split('#')[1]} | {r.what} | {r.proof()} |" for r in rows if r.id.split("#")[0] == section]
    out += ["", "## Advice that is not taken", "",
            "Sentences with SHOULD, SHOULD NOT or RECOMMENDED from which we deviate on purpose, found by reading.", "",
            "| | what | what is done instead |", "|---|---|---|"]
    out += [f"| {r.id.split('#')[0]} | {r.what} | {r.proof()} |" for r in advice]
    out += ["", "## By areas", "",
            "Tests in virtual time, of two associations or of one whose peer is written chunk by chunk, by the areas that the ETSI",
            "suite for SCTP (TS 102 369) has; the cases are our own."]
    for program, area in AREAS.items():
        out += ["", f"{area} (`{program}`):", ""] + [f"- {t.replace('_', ' ')}" for t in tests_of(program)]
    return "\n".join(out) + "\n"


def main(options):
    lines = [n for n in TABLE.read_text().splitlines() if n and not n.startswith("#")]
    rows, problems = [Row(n) for n in lines], []
    if "--help" in options or "-h" in options:
        return print(__doc__)
    if "--list" in options or "--missing" in options:
        return print("\n".join(f"{r.id}: {r.what}: {r.proof()}" for r in rows
                               if "--list" in options or r.kind() == "missing"))
    state = check(rows, problems)
    made = page(rows) if not any(r.wrong for r in rows) else ""
    if "--write" in options and made:
        PAGE.write_text(made)
    elif not PAGE.exists() or PAGE.read_text() != made:
        problems.append("docs/RFC9260.md is not what tools/rfc9260.txt gives; see --write")
    problems += [f"{r.id} is missing" for r in rows if r.kind() == "missing"]
    count = collections.Counter(r.kind() for r in rows if not r.wrong and not is_advice(r))
    advice = sum(map(is_advice, rows))
    said = ", ".join(f"{count[k]} {k}" for k in KINDS)
    return finish(problems, f"{len(rows) - advice} requirements ({said}), {state}; {advice} deviations from advice")


main(sys.argv[1:])
