"""The table of calls, ops_calls.txt, and the language of its cases (graph/case/case.h)."""
import math
import re
from pathlib import Path

TABLE = Path(__file__).with_name("ops_calls.txt")
SIZES = {"1e3": 1000, "1e5": 100000, "1e6": 1000000, "1e7": 10000000}
REAL_PART = {"c64": "f32", "c128": "f64"}
CLOSING = {"[": "]", "{": "}", "(": ")"}


class Call:
    """One op on one case: `op`, `family`, `dtype` ("" when the case says it all), `size` ("1e3") and the case's `text`."""

    def __init__(self, op, family, dtype, size, text):
        self.op, self.family, self.dtype, self.size, self.text = op, family, dtype, size, text

    @property
    def line(self):
        return f"{self.op} {self.text}"


def expand(text, dtype, n):
    """Replaces T and the expressions in <> of a row of the table."""
    names = {"n": n, "r": math.isqrt(n), "q": round(n ** (1 / 3)), "min": min, "max": max}

    def value(match):
        if match[1] == "real":
            return REAL_PART[dtype]
        return str(int(eval(match[1].replace("/", "//"), {"__builtins__": {}}, names)))

    text = re.sub(r"<([^<>]*)>", value, text)
    return re.sub(r"=T\b(?=[\[\{\( ]|$)", "=" + dtype, text) if dtype else text


def read(sizes):
    """Every call of the table at the sizes (names of SIZES)."""
    calls, family = [], ""
    for row in TABLE.read_text().splitlines():
        if row.startswith("## "):
            family = row[3:]
        if not row or row.startswith("#"):
            continue
        op, dtypes, text = row.split(" ", 2)
        dtypes, _, most = dtypes.partition("@")
        for dtype in dtypes.split(","):
            for size in sizes:
                if not most or SIZES[size] <= SIZES[most]:
                    t = "" if dtype == "-" else dtype
                    calls.append(Call(op, family, t, size, expand(text, t, SIZES[size])))
    return calls


def words(text):
    """The (name, value) pairs of a case: split at blanks outside brackets and quotes."""
    pairs, word, open_, quote = [], "", [], ""
    for c in text + " ":
        if c == " " and not open_ and not quote:
            if word:
                pairs.append(tuple(word.split("=", 1)))
            word = ""
            continue
        word += c
        if quote:
            quote = "" if c == quote else quote
        elif c in "'\"":
            quote = c
        elif c in CLOSING:
            open_.append(CLOSING[c])
        elif open_ and c == open_[-1]:
            open_.pop()
    return pairs


class Input:
    """An input's text: `dtype`, `shape`, and `kind`: given (`values`), steps (`low`, `step`, `run`), range (`low`, `high`),
    dominant or random."""

    def __init__(self, text):
        match = re.fullmatch(r"(\w+?)(\[[\dx]*\])?(\((.*)\)|\{(.*)\}|:(.*))?", text)
        if not match:
            raise ValueError(f"not an input: {text}")
        self.dtype, dims, _, scalar, listed, formula = match.groups()
        self.shape = [int(d) for d in dims[1:-1].split("x") if d] if dims else None
        self.kind = "random"
        if scalar is not None or listed is not None:
            self.kind = "given"
            items = [scalar] if scalar is not None else [v for v in listed.split(",") if v]
            self.values = [self._value(v) for v in items]
            if self.shape is None:
                self.shape = [] if scalar is not None else [len(items)]
        elif formula == "dominant":
            self.kind = "dominant"
        elif formula and "+" in formula:
            self.kind = "steps"
            low, rest = formula.split("+", 1)
            step, run = rest.split("/")
            self.low, self.step, self.run = int(low), int(step), int(run)
        elif formula:
            self.kind = "range"
            self.low, self.high = (float(v) for v in formula.split(".."))

    def _value(self, text):
        if text[0] in "'\"":
            return text[1:-1]
        if text in ("true", "false"):
            return text == "true"
        return float(text) if self.dtype[0] in "fbc" else int(text)
