#!/usr/bin/env python3
"""check_api.py [BUILD] [--list | --missing | --json | --write]

docs/API.md says where each member of webrtc-pc is in taut, and is what tools/w3c_api.txt gives: every
C name is in a public header and in some test, every test that is named is there, and every function
that taut.h, stats.h and why.h have for connections is in a row or among taut's own. Where webrtc-pc.idl is at hand
($TAUT_RFC, or ../shared/rfc), its members and those of the table are the same. Every public function has a
comment of its own in its header and a statement in examples/ that calls it, and the page has both
(api_functions.py). --write makes the page.

    check_api.py --missing           what is left to do
    check_api.py --list RTCRtpSender the rows of one interface
    check_api.py --json              a row on each line"""
import json
import os
import pathlib
import re
import subprocess
import sys

import api_functions
from tree import ROOT, finish

FACTS, STATS_FACTS = ROOT / "tools" / "w3c_api.txt", ROOT / "tools" / "w3c_stats.txt"
PAGE = ROOT / "docs" / "API.md"
RFC = pathlib.Path(os.environ.get("TAUT_RFC", ROOT.parent / "shared/rfc"))
IDL, STATS_IDL = RFC / "webrtc-pc.idl", RFC / "webrtc-stats.idl"
HEAD = """# The W3C API in C

Who knows RTCPeerConnection finds its members here: each one of webrtc-pc, the C name, and a test that
shows it; or why it does not apply; or that it is missing. tools/w3c_api.txt has the rows,
`tools/check_api.py --write` makes this page, and a test compares the two, the headers and the IDL.
[Functions](#functions), at the end, has every public function by its header, with what it does and a statement
of [examples/](../examples) that calls it; a test fails where one has neither.

What a synchronous API makes vanish:

- Promises: a call has done its work when it returns, or fails with a code of TAUT_E_ and `taut_pc_error`,
  whose `dom_name` is what a browser would reject the promise with.
- The operations chain of webrtc-pc (section 4.4.1.2) is always empty.
- Event handlers: events are polled, `taut_pc_poll_event`; loop.h calls a handler with each.
- Objects for senders, receivers, tracks, streams, descriptions, candidates and transports: numbers and texts.
- One `now` in each call that may start a timer.

"""


def idl_members(text):
    """Interface.member, Dictionary.member and Enum.value, each once."""
    text = re.sub(r"//[^\n]*", "", text)
    found = set()
    for kind, name, body in re.findall(
            r"(interface|dictionary|enum)\s+(\w+)[^{;]*\{(.*?)\};", text, re.S):
        if kind == "enum":
            found |= {(name, value) for value in re.findall(r'"([^"]*)"', body)}
            continue
        for part in re.sub(r"\[[^\]]*\]", "", body).split(";"):
            part = re.sub(r"\s*=.*", "", " ".join(part.split()))
            if part.startswith("constructor"):
                found.add((name, "constructor"))
            elif "maplike" in part:
                found.add((name, "maplike"))
            elif "(" in part and not part.startswith("required ("):
                found.add((name, re.search(r"(\w+)\s*\(", part)[1]))
            elif part:
                found.add((name, part.split()[-1]))
    return found


class Row:
    def __init__(self, interface, line):
        cells = [c.strip() for c in line.split("|")]
        self.interface, self.members = interface, cells[0].split()
        self.missing = cells[1:] == ["missing"]
        self.names = cells[1].split() if len(cells) == 3 and cells[1] != "-" else []
        self.why = cells[2] if len(cells) == 3 and cells[1] == "-" else ""
        self.test = cells[2] if self.names else ""
        self.good = self.missing or bool(self.why) or bool(self.names and self.test)

    def cells(self):
        names = " ".join(f"`{n}`" for n in self.names)
        where = "missing" if self.missing else self.why or f"{self.test.replace(':', ', ')}"
        return f"| {' '.join(self.members)} | {names} | {where} |"


def read_facts(problems):
    rows, own, interface = [], set(), None
    for n, line in enumerate(FACTS.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            interface = line.strip("[]")
        elif interface == "taut's own":
            own |= set(line.split())
        else:
            rows.append(Row(interface, line))
            if not rows[-1].good:
                problems.append(f"w3c_api.txt:{n}: neither a name with a test, nor a reason")
    return rows, own


def check_names(rows, own, problems):
    headers = "\n".join(p.read_text() for p in sorted((ROOT / "include/taut").glob("*.h")))
    tests = subprocess.run(["git", "grep", "-hwoE", r"(taut|TAUT)_\w+", "--", "tests", "fuzz"],
                           cwd=ROOT, capture_output=True, text=True, check=False).stdout
    words, tested = set(re.findall(r"\w+", headers)), set(tests.split())
    named = {part for row in rows for name in row.names for part in [name.split(".")[0]]}
    for row in rows:
        for name in row.names:
            for part in name.split("."):
                if part not in words:
                    problems.append(f"{row.interface}: no public header has {part}")
        if row.test and not test_is_there(row.test):
            problems.append(f"{row.interface}: there is no test {row.test}")
    for name in sorted(named - tested):
        problems.append(f"no test says {name}")
    functions = {f for name in ("taut.h", "stats.h", "why.h") for f in re.findall(
        r"\b(taut_pc_\w+)\s*\(", (ROOT / "include/taut" / name).read_text())}
    for name in sorted(functions - named - own):
        problems.append(f"{name} is in no row, and not among taut's own")
    for name in sorted(own - functions):
        problems.append(f"{name} is among taut's own, and no header has it")


def stats_said():
    """Type -> the members that src/peer/pc_stats*.c puts into its objects, helpers' included."""
    names, calls, types = {}, {}, {}
    for path in sorted((ROOT / "src/peer").glob("pc_stats*.c")):
        for name, body in re.findall(r"^(?:static )?\w[\w *]*?(\w+)\([^;{}]*\)\n\{\n(.*?)^\}",
                                     path.read_text(), re.M | re.S):
            names[name] = re.findall(r'pc_stat_(?!begin|end)\w+\(\s*r,\s*"(\w+)[".]', body)
            calls[name] = re.findall(r"\b((?:pc_)?put_\w+)\(", body)
            types[name] = re.findall(r'"([a-z]+(?:-[a-z]+)+|codec|transport|certificate)"',
                                     " ".join(re.findall(r"pc_stat_begin\(([^;]*);", body)))
    said = {}

    def members_of(function):
        helpers = [h for h in calls.get(function, []) if not types.get(h)]
        return names.get(function, []) + [m for h in helpers for m in members_of(h)]
    for function, of in types.items():
        for t in of:
            said.setdefault(t, []).extend(m for m in members_of(function) if m not in said.get(t, []))
    return said


STATS_OF = {"RTCCodecStats": ["codec"], "RTCInboundRtpStreamStats": ["inbound-rtp"],
            "RTCRemoteInboundRtpStreamStats": ["remote-inbound-rtp"],
            "RTCOutboundRtpStreamStats": ["outbound-rtp"],
            "RTCRemoteOutboundRtpStreamStats": ["remote-outbound-rtp"],
            "RTCAudioSourceStats": ["media-source"], "RTCVideoSourceStats": ["media-source"],
            "RTCAudioPlayoutStats": ["media-playout"],
            "RTCPeerConnectionStats": ["peer-connection"], "RTCDataChannelStats": ["data-channel"],
            "RTCTransportStats": ["transport"],
            "RTCIceCandidateStats": ["local-candidate", "remote-candidate"],
            "RTCIceCandidatePairStats": ["candidate-pair"], "RTCCertificateStats": ["certificate"]}


def stats_members(text):
    """Dictionary -> its members and those of the ones that it extends, but for RTCStats' own."""
    found = {name: (parent, [part.split()[-1] for part in body.split(";") if part.strip()])
             for name, parent, body in re.findall(
                 r"dictionary (\w+)(?: : (\w+))? \{(.*?)\};", text, re.S)}

    def all_of(name):
        if name == "RTCStats":
            return []
        parent, own = found[name]
        return (all_of(parent) if parent else []) + own
    return {name: all_of(name) for name in STATS_OF if name in found}


def stats_facts():
    """Dictionary -> its members, and dictionary -> [(members that are not here, why)]."""
    there, absent, name = {}, {}, None
    for line in STATS_FACTS.read_text().splitlines():
        if line.startswith("["):
            name, members = line[1:].split("] ")
            there[name], absent[name] = members.split(), []
        elif line.startswith("- "):
            members, _, why = line[2:].partition(" | ")
            absent[name].append((members.split(), why.strip()))
    return there, absent


def stats_here(name, members):
    said = stats_said()
    return [m for m in members if any(m in said.get(t, []) for t in STATS_OF[name])]


def check_absent(problems):
    there, absent = stats_facts()
    for name, members in there.items():
        here = stats_here(name, members)
        reasons = [m for of, why in absent[name] for m in of if why]
        for m in members:
            if m in here and m in reasons:
                problems.append(f"tools/w3c_stats.txt: {name} {m} is here, and a reason says why not")
            if m not in here and reasons.count(m) != 1:
                problems.append(f"tools/w3c_stats.txt: {name} {m} is not here, for {reasons.count(m)} reasons")
        for m in set(reasons) - set(members):
            problems.append(f"tools/w3c_stats.txt: {name} has no {m}")


def check_stats(problems):
    check_absent(problems)
    if not STATS_IDL.exists():
        return
    there, said = stats_members(STATS_IDL.read_text()), stats_said()
    for t, members in said.items():
        known = {m for name, of in STATS_OF.items() if t in of for m in there[name]}
        for m in members:
            if m not in known:
                problems.append(f"{t}: webrtc-stats has no {m}")
    listed = STATS_FACTS.read_text().splitlines()
    for name, members in there.items():
        if f"[{name}] {' '.join(members)}" not in listed:
            problems.append(f"tools/w3c_stats.txt has not the members of {name} that the IDL has")


def stats_page():
    there, absent = stats_facts()
    out = "\n## Statistics\n\nOf webrtc-stats, the members that a report has here, and those that it has not, each with its reason.\n"
    out += "What an encoder or a decoder does is there when it was told (taut/stats.h); libtaut-media tells of its own.\n"
    out += "\n| dictionary | type | here | not here, because |\n|---|---|---|---|\n"
    for name, members in there.items():
        gone = "; ".join(f"{' '.join(of)}: {why}" for of, why in absent[name])
        out += f"| {name} | {' '.join(STATS_OF[name])} | {' '.join(stats_here(name, members))} | {gone} |\n"
    return out


def test_is_there(test):
    where, _, name = test.partition(":")
    folder, _, program = where.rpartition("/")
    path = ROOT / "tests" / folder / f"test_{program}.c"
    return path.exists() and re.search(rf"^static void {name}\(", path.read_text(), re.M)


def check_idl(rows, problems):
    listed = [(row.interface, m) for row in rows for m in row.members]
    for twice in sorted({m for m in listed if listed.count(m) > 1}):
        problems.append(f"{'.'.join(twice)} comes twice")
    if not IDL.exists():
        return "the IDL is not at hand"
    there = idl_members(IDL.read_text())
    for name in sorted(there - set(listed)):
        problems.append(f"{'.'.join(name)} is in the IDL and in no row")
    for name in sorted(set(listed) - there):
        problems.append(f"{'.'.join(name)} is not in the IDL")
    return "as the IDL has them"


def page(rows, own):
    count = sum(len(r.members) for r in rows)
    here = sum(len(r.members) for r in rows if r.names)
    gone = sum(len(r.members) for r in rows if r.why)
    out = HEAD + f"Of {count} members {here} are here, {gone} do not apply, {count - here - gone} are missing.\n"
    for interface in dict.fromkeys(r.interface for r in rows):
        out += f"\n## {interface}\n\n| member | C | test, or why not |\n|---|---|---|\n"
        out += "".join(r.cells() + "\n" for r in rows if r.interface == interface)
    out += stats_page() + "\n## What taut has beside it\n\n"
    out += " ".join(f"`{name}`" for name in sorted(own)) + "\n"
    return out + api_functions.page()


def show(rows, options):
    if "--json" in options:
        for r in rows:
            print(json.dumps({"interface": r.interface, "members": r.members, "c": r.names,
                              "test": r.test, "missing": r.missing, "why": r.why}))
    elif "--missing" in options:
        print("\n".join(f"{r.interface}: {' '.join(r.members)}" for r in rows if r.missing))
    else:
        chosen = options[options.index("--list") + 1:]
        print("\n".join(f"{r.interface}: {r.cells()}" for r in rows
                        if not chosen or r.interface in chosen))


def main(options):
    problems = []
    rows, own = read_facts(problems)
    if {"--list", "--missing", "--json"} & set(options):
        return show(rows, options)
    if "--help" in options or "-h" in options:
        return print(__doc__)
    check_names(rows, own, problems)
    idl = check_idl(rows, problems)
    check_stats(problems)
    api_functions.check(problems)
    made = page(rows, own)
    if "--write" in options:
        PAGE.write_text(made)
    elif not PAGE.exists() or PAGE.read_text() != made:
        problems.append("docs/API.md is not what tools/w3c_api.txt, the headers and examples/ give; see --write")
    return finish(problems, f"{sum(len(r.members) for r in rows)} members, {idl}; "
                  f"{len(api_functions.functions())} functions")


main(sys.argv[1:])
