"""api_functions.py - the public functions: what their headers say of them, and where examples/ call them.

For check_api.py. A function's docstring is the comment directly above it (or above the struct that it
comes with), its example the shortest whole statement of examples/*.c that calls it and looks at what it gets, of
at most four lines."""
import functools
import re

from tree import ROOT

LONGEST = 4
PROTOTYPE = re.compile(r"^(?!typedef|static|struct \w+ \{)[a-z][\w \*]*?\b(taut_\w+)\([^;{}]*\)[^;{}]*;", re.M)
COMMENT = re.compile(r"^/\*(.*?)\*/", re.M | re.S)
LITERAL = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
BEFORE = re.compile(r"\s*(?:else\b\s*)?")
INITIALIZER = re.compile(r"(=|[=,(]\s*\([\w \*]+\)|\breturn\s*\([\w \*]+\))\s*$")


class Function:
    def __init__(self, header, match, above):
        self.header, self.name = header, match[1]
        self.prototype = tidy(match[0])
        self.text = first_sentence(above) if above else ""


def tidy(code):
    """As wide as it is at its place, with spaces for tabs and without the indentation of its first line."""
    lines = code.expandtabs().split("\n")
    margin = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[margin:] if not line[:margin].strip() else line for line in lines).rstrip()


def first_sentence(comment):
    text = " ".join(re.sub(r"\n \*", " ", comment).split())
    return re.match(r".*?[.](?= |$)|.*", text)[0]


def comment_above(text, at):
    """The last one of its paragraph, unless another function stands between."""
    paragraph = text[:at].rsplit("\n\n", 1)[-1]
    found = list(COMMENT.finditer(paragraph))
    if not found or PROTOTYPE.search(paragraph, found[-1].end()):
        return None
    return found[-1][1]


@functools.cache
def functions():
    """In the order of the headers, each once."""
    found = {}
    for path in sorted((ROOT / "include/taut").glob("*.h")):
        text = path.read_text()
        for m in PROTOTYPE.finditer(text):
            found.setdefault(m[1], Function(path.name, m, comment_above(text, m.start())))
    return list(found.values())


def blank(text):
    """Of the same length, with nothing in comments and literals that looks like code."""
    def hidden(m):
        return re.sub(r"[^\n]", " " if m[0].startswith("/*") else "x", m[0])
    text = LITERAL.sub(hidden, text)
    return re.sub(r"^#.*$", lambda m: " " * len(m[0]), text, flags=re.M)


def statements(text):
    """(start, end) of each that ends in a semicolon; braces of initializers are inside."""
    code, start, depth, braces = blank(text), 0, 0, 0
    for at, c in enumerate(code):
        depth += {"(": 1, ")": -1}.get(c, 0)
        if c == "{" and (braces or INITIALIZER.search(code[start:at])):
            braces += 1
        elif c == "}" and braces:
            braces -= 1
        elif c in ";{}" and not depth and not braces:
            if c == ";":
                yield BEFORE.match(code, start).end(), at + 1
            start = at + 1


def program(path):
    """What the first comment of an example says of it; None: it does not begin with its name."""
    m = re.match(rf"/\* {re.escape(path.name)} - (.*?)(?:\n|\*/)", path.read_text())
    return m and m[1].strip().rstrip(".")


def programs():
    return [p for p in sorted((ROOT / "examples").glob("*.c")) if re.search(r"^int main\(", p.read_text(), re.M)]


def is_blind(name, statement):
    """It does not look at what it gets, which is not for copying where there is one that does."""
    return re.search(rf"^\s*{name}\(", statement, re.M) is not None


@functools.cache
def calls():
    """Name -> [(statement, file)], the one to show first."""
    found = {}
    for path in sorted((ROOT / "examples").glob("*.c")):
        text = path.read_text()
        code = blank(text)
        for start, end in statements(text):
            line = text.rfind("\n", 0, start) + 1
            statement = tidy(re.sub(r"\S", " ", text[line:start]) + text[start:end])
            for name in set(re.findall(r"\b(taut_\w+)\s*\(", code[start:end])):
                found.setdefault(name, []).append((statement, path.name))
    for name in found:
        found[name].sort(key=lambda s: (s[0].count("\n") >= LONGEST, is_blind(name, s[0]), len(s[0]), s))
    return found


def check(problems):
    for f in functions():
        if not f.text:
            problems.append(f"{f.header}: {f.name} has no comment of its own directly above it")
        if f.name not in calls():
            problems.append(f"{f.header}: no program of examples/ calls {f.name}")
        elif calls()[f.name][0][0].count("\n") >= LONGEST:
            problems.append(f"{f.header}: each statement of examples/ with {f.name} has more than {LONGEST} lines")
    started = (ROOT / "tests/cli/test_examples.py").read_text()
    for p in programs():
        if not program(p):
            problems.append(f"examples/{p.name} does not begin with its name and what it is")
        if not re.search(rf'(example|plays)\("{p.stem}"', started):
            problems.append(f"tests/cli/test_examples.py does not start examples/{p.name}")


def page():
    out = "\n## Functions\n\nEach public function, what it does, and how a program of [examples/](../examples) calls it; the\n"
    out += "header says the rest: units, ownership, errors, threads. The programs are\n\n"
    out += "".join(f"- [{p.name}](../examples/{p.name}): {program(p)}\n" for p in programs())
    for header in dict.fromkeys(f.header for f in functions()):
        out += f"\n### taut/{header}\n"
        for f in functions():
            if f.header == header and f.name in calls():
                statement, name = calls()[f.name][0]
                out += f"\n`{f.name}`: {f.text}\n\n```c\n{f.prototype}\n\n/* {name} */\n{statement}\n```\n"
    return out
