"""mutate_c.py - which checks a C file has, and how each can be broken. Used by mutate.py.

A site is one whole expression: the condition of an if, while or for, the value of a return or of
an assignment. Its mutants are

    boundary   a < b  ->  a <= b, and so for <=, >, >=
    limit      a < 20 ->  a < 19: the other side of a constant, number or NAME, by one
    removed    an operand of || is false, one of && is true; the one condition of an early return,
               continue, break or goto is false, that of a block is true; what chooses between two
               values is false
    clamp      tt_min(a, b) and tt_max(a, b) are a

A numeral in a constant table (a row of limits) is a site of its own, one more and one less: it
cannot be chosen at run time, so it costs a build (see mutate.py)."""
import dataclasses
import re
import sys

from tree import ROOT

RELATION = re.compile(r"(?<![-<>=])(<=|>=|<|>)(?![<>=])|(?<![=!<>])(==|!=)(?!=)")
FLIP = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
# By how much the constant on the right moves, away from where the flip of the relation moves it.
STEP = {"<": -1, "<=": 1, ">": 1, ">=": -1, "==": 1, "!=": 1}
CONSTANT = re.compile(r"\s*(\d+u?|0x[0-9a-fA-F]+u?|[A-Z][A-Z0-9_]{2,})\b(?!\s*[(\[])")
NOT_LIMITS = {"NULL", "INT64_MAX", "SIZE_MAX"}
CLAMP = re.compile(r"\btt_(?:min|max)(?:64)?\(")
COUNTED = re.compile(r"\btt_work\(") # for the fuzzing build alone: no check
LOGIC = re.compile(r"&&|\|\||\?|\btt_(?:min|max)(?:64)?\(|(?<![-<>=])(?:<=|>=|<|>)(?![<>=])|[=!]=")
EXIT = re.compile(r"\s*(return|continue|break|goto)\b")
LAST_EXIT = re.compile(r"\b(return|continue|break|goto)\b[^;]*;\s*$")
ROW_NUMBER = re.compile(r"(?<=[{,])(\s*)(\d+)(?=\s*[,}])")


@dataclasses.dataclass
class Mutant:
    start: int
    end: int
    text: str
    what: str


@dataclasses.dataclass
class Site:
    start: int
    end: int
    mutants: list
    table: bool = False


def blanked(text):
    """The same text, place by place: comments and preprocessor lines are blank, and so is what
    stands between quotes."""
    def blank(m):
        whole = m.group(0)
        if whole[0] in "'\"":
            return whole[0] + "_" * (len(whole) - 2) + whole[0]
        return re.sub(r"[^\n]", " ", whole)
    text = re.sub(r"/\*.*?\*/|'(?:\\.|[^'\\\n])+'|\"(?:\\.|[^\"\\\n])*\"", blank, text, flags=re.S)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank, text, flags=re.M)


def matching(code, at):
    """The place of the bracket that closes the one at `at`."""
    depth = 0
    for i in range(at, len(code)):
        if code[i] in "([{":
            depth += 1
        elif code[i] in ")]}":
            depth -= 1
            if depth == 0:
                return i
    raise ValueError("unbalanced")


def split(code, start, end, token):
    """[(start, end)] of the parts between token at bracket depth 0."""
    parts, depth, begin, i = [], 0, start, start
    while i < end:
        c = code[i]
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif depth == 0 and code.startswith(token, i):
            parts.append((begin, i))
            i += len(token)
            begin = i
            continue
        i += 1
    return parts + [(begin, end)]


def strip(code, start, end):
    while start < end and code[start].isspace():
        start += 1
    while start < end and code[end - 1].isspace():
        end -= 1
    return start, end


class Expression:
    """Collects the mutants of one expression."""

    def __init__(self, text, code):
        self.text, self.code, self.found = text, code, []

    def add(self, start, end, new, what):
        self.found.append(Mutant(start, end, new, " ".join(what.split())))

    def walk(self, start, end, removed):
        """removed: what the whole is when it is taken out, or None: it is not a condition."""
        code = self.code
        start, end = strip(code, start, end)
        if start >= end:
            return
        if code[start] == "(" and matching(code, start) == end - 1:
            self.walk(start + 1, end - 1, removed)
            return
        chosen = split(code, start, end, "?")
        if len(chosen) > 1:
            self.walk(*chosen[0], "false")
            first, *others = split(code, chosen[0][1] + 1, end, ":")
            self.walk(*first, None)
            if others:
                self.walk(others[0][0], end, None)
            return
        for token, gone in (("||", "false"), ("&&", "true")):
            parts = split(code, start, end, token)
            if len(parts) > 1:
                for part in parts:
                    self.walk(*part, gone)
                return
        if code[start] == "!" and code[start + 1] == "(" and \
                matching(code, start + 1) == end - 1:
            other = {"true": "false", "false": "true", None: None}[removed]
            self.walk(start + 2, end - 1, other)
            return
        self.leaf(start, end, removed)

    def leaf(self, start, end, removed):
        if removed:
            self.add(start, end, removed, f"without {self.text[start:end]}")
        self.operators(start, end)

    def operands(self, start, end, relation):
        """The relation of a leaf as it is shown, inside its own brackets or commas."""
        left, right, depth = relation.start(), relation.end(), 0
        while left > start and (depth > 0 or self.code[left - 1] not in "([{,;?"):
            depth += {")": 1, "]": 1, "(": -1, "[": -1}.get(self.code[left - 1], 0)
            left -= 1
        depth = 0
        while right < end and (depth > 0 or self.code[right] not in ")]},;?"):
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(self.code[right], 0)
            right += 1
        return (self.text[left:relation.start()].lstrip() + "@"
                + self.text[relation.end():right].rstrip())

    def operators(self, start, end):
        for m in RELATION.finditer(self.code, start, end):
            op = m.group(0)
            shown = self.operands(start, end, m)
            if op in FLIP:
                self.add(m.start(), m.end(), FLIP[op],
                         f"{shown.replace('@', op, 1)} with {FLIP[op]}")
            c = CONSTANT.match(self.code, m.end(), end)
            if c and c.group(1) not in NOT_LIMITS and not (op in ("==", "!=") and
                                                            c.group(1) == "0"):
                step = STEP[op]
                if step < 0 and c.group(1).rstrip("u") in ("0",):
                    continue
                at = c.start(1)
                self.add(at, c.end(1), f"({c.group(1)} {step:+d})",
                         f"{shown.replace('@', op, 1)} with {c.group(1)} {step:+d}")
        for m in CLAMP.finditer(self.code, start, end):
            close = matching(self.code, m.end() - 1)
            first = split(self.code, m.end(), close, ",")[0]
            self.add(m.start(), close + 1, f"({self.text[first[0]:first[1]]})",
                     f"{self.text[m.start():close + 1]} without its bound")


def functions(code):
    """(start, end) of each body: its braces stand in the first column or on one line."""
    for m in re.finditer(r"^\{|\)[ \t]*\{(?=[^\n]*\}\n)", code, flags=re.M):
        start = m.end() - 1
        yield start, matching(code, start)


def leaves(code, at):
    """Whether what an if guards ends in return, continue, break or goto."""
    if EXIT.match(code, at):
        return True
    block = re.compile(r"\s*\{").match(code, at)
    return bool(block and LAST_EXIT.search(code, block.end(),
                                           matching(code, block.end() - 1)))


def end_of_value(code, at, limit):
    depth = 0
    for i in range(at, limit):
        if code[i] in "([{":
            depth += 1
        elif code[i] in ")]}":
            if depth == 0:
                return i
            depth -= 1
        elif code[i] in ";," and depth == 0:
            return i
    return limit


def sites_in(text, code, begin, end):
    """Sites of one function body, in order, none inside another."""
    spans = []
    for m in re.finditer(r"\b(if|while|for)\s*\(", code[begin:end]):
        at = begin + m.end() - 1
        close = matching(code, at)
        if code.startswith("TT_NEVER(", at + 1):
            continue
        if m.group(1) == "for":
            parts = split(code, at + 1, close, ";")
            if len(parts) == 3:
                spans.append((*parts[1], None))
        elif m.group(1) == "while":
            spans.append((at + 1, close, None))
        else:
            spans.append((at + 1, close, "false" if leaves(code, close + 1) else "true"))
    for m in re.finditer(r"\breturn\b", code[begin:end]):
        at = begin + m.end()
        spans.append((at, code.index(";", at), None))
    for m in re.finditer(r"(?<![=!<>])=(?!=)", code[begin:end]):
        at = begin + m.end()
        if re.search(r"\bstatic\b[^;{}]*$", code[begin:at]):
            continue
        spans.append((at, end_of_value(code, at, end), None))
    counted = [range(m.end(), matching(code, m.end() - 1)) for m in COUNTED.finditer(code, begin, end)]
    for m in CLAMP.finditer(code, begin, end):
        if not any(m.start() in c for c in counted):
            spans.append((m.start(), matching(code, m.end() - 1) + 1, None))
    done = begin
    for start, stop, removed in sorted(spans, key=lambda s: (s[0], -s[1])):
        if start < done or "{" in code[start:stop] or not LOGIC.search(code, start, stop) and \
                not removed:
            continue
        done = stop
        e = Expression(text, code)
        e.walk(start, stop, removed)
        if e.found:
            yield Site(*strip(code, start, stop), e.found)


def tables(text, code):
    """The numerals of constant tables outside functions, each one more and one less."""
    for m in re.finditer(r"^static const [^;={]*\[[^;=]*= \{", code, flags=re.M):
        for n in ROW_NUMBER.finditer(code, m.end() - 1, matching(code, m.end() - 1) + 1):
            row = text[text.rindex("\n", 0, n.start(2)) + 1:].split("\n", 1)[0]
            old = int(n.group(2))
            yield Site(n.start(2), n.end(2), [
                Mutant(n.start(2), n.end(2), str(new), f"{old} with {new} in "
                       + " ".join(row.split())[:70])
                for new in (old + 1, old - 1) if new >= 0], table=True)


def function_name(code, begin):
    head = code[:begin].rstrip().rsplit("\n\n", 1)[-1]
    head = re.sub(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)", "", head)
    names = re.findall(r"\b([a-z_][a-z0-9_]*)\s*\(", head)
    return names[0] if names else "?"


def bodies(parser, code):
    """(name, start, end) of the functions that are asked for; one that is not there is an error."""
    all_there = [(function_name(code, b), b, e) for b, e in functions(code)]
    missing = parser.functions - {name for name, _, _ in all_there}
    if missing:
        sys.exit(f"tools/parsers.txt: {parser.path.relative_to(ROOT)} has no {', '.join(sorted(missing))}")
    return [body for body in all_there if parser.has(body[0])]


def lines_of(parser):
    """The numbers of the lines that its functions stand on, what is above them up to an empty one included."""
    code = blanked(parser.path.read_text())
    return {n for _, b, e in bodies(parser, code)
            for n in range(code.count("\n", 0, max(code.rfind("\n\n", 0, b), 0)) + 1, code.count("\n", 0, e) + 2)}


def mutants_of(parser):
    """Yields (site, [(key, line, mutant)]): a key names a mutant wherever its line moves."""
    path = parser.path
    text = path.read_text()
    code = blanked(text)
    name = str(path.relative_to(ROOT))
    seen = {}
    found = [(f, s) for f, b, e in bodies(parser, code) for s in sites_in(text, code, b, e)]
    if parser.tables:
        found += [("table", s) for s in tables(text, code)]
    for function, site in sorted(found, key=lambda f: f[1].start):
        keys = []
        for m in site.mutants:
            key = f"{name}: {function}: {m.what}"
            seen[key] = seen.get(key, 0) + 1
            if seen[key] > 1:
                key += f" ({seen[key]})"
            keys.append((key, text.count("\n", 0, m.start) + 1, m))
        yield site, keys
