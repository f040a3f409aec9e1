"""The figures: one row each, as a table for people and as JSON."""
import json, os


def number(value):
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


class Report:
    def __init__(self, machine, quick):
        self.machine, self.quick, self.rows, self.broken, self.seconds = machine, quick, [], [], 0

    def add(self, key, what, value, unit, budget, ok, against="", ratio=None, detail=None):
        """`ok` is None for a figure that has no budget."""
        self.rows.append({"key": key, "what": what, "value": round(value, 3), "unit": unit, "budget": budget, "against": against,
                          "ratio": None if ratio is None else round(ratio, 3), "pass": ok, "detail": detail})

    def failed(self, part, error):
        self.broken.append({"part": part, "error": str(error)})

    def all_well(self):
        return not self.broken and all(row["pass"] is not False for row in self.rows)

    def write(self, path):
        data = {"machine": self.machine, "quick": self.quick, "seconds": self.seconds, "figures": self.rows, "broken": self.broken}
        with open(path + ".new", "w") as f:
            json.dump(data, f, indent=1, ensure_ascii=False)
            f.write("\n")
        os.rename(path + ".new", path)

    def table(self):
        m = self.machine
        lines = [f"{m['at']}, commit {m['commit']}, {m['build']} build{', quick: not for quoting' if self.quick else ''}",
                 f"{m['cores']} cores ({m['processor']}), {m['memory_gib']} GiB, Linux {m['kernel']}, Docker {m['docker']}", "",
                 "| what | measured | budget | against, same run | ratio | |", "| --- | ---: | --- | --- | ---: | --- |"]
        for r in self.rows:
            ratio = "" if r["ratio"] is None else f"{r['ratio']:.2f}×" if r["ratio"] < 10 else f"{r['ratio']:.0f}×"
            verdict = {True: "ok", False: "**misses**", None: ""}[r["pass"]]
            lines.append(f"| {r['what']} | {number(r['value'])} {r['unit']} | {r['budget']} | {r['against']} | {ratio} | {verdict} |")
        lines += [f"\nFAILED {b['part']}: {b['error']}" for b in self.broken]
        missed = sum(r["pass"] is False for r in self.rows)
        lines.append(f"\n{sum(r['pass'] is True for r in self.rows)} budgets kept, {missed} missed, "
                     f"{len(self.broken)} parts failed, {self.seconds} s")
        return "\n".join(lines)
