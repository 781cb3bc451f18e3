"""The picture beside the table of whole commands: horizontal bars, as plain SVG."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log10
from typing import Any

from results import seconds

LEAST = 0.001  # seconds, where the scale begins
LEFT, WIDTH, TOP = 70, 540, 56  # of the plot, in pixels
BAR, STEP = 14, 19

HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" \
font-family="sans-serif" font-size="12" role="img" aria-label="{title}">
<style>text{{fill:#222}}.question{{font-weight:bold}}.scale{{fill:#666}}line{{stroke:#ddd}}\
.ours{{fill:#d9480f}}.other{{fill:#8d99ae}}.floor{{fill:#ced4da}}</style>
<rect width="100%" height="100%" fill="#fff"/>
<text x="8" y="18">{title}; each line to the right is ten times slower</text>"""


def draw(size: int, questions: Sequence[dict[str, Any]]) -> str:
    """Bars of every tool that gave the right answer, on a logarithmic scale."""
    bars, marks, y = [], [], TOP
    slowest = max(
        [result.get("seconds", 0.0) for question in questions for result in question["results"]]
    )
    decades = max(1, ceil(log10(max(slowest, 10 * LEAST) / LEAST)))

    def bar(name: str, kind: str, value: float) -> None:
        length = WIDTH * max(0.0, log10(value / LEAST)) / decades
        bars.append(
            f'<text x="{LEFT - 6}" y="{y + 11}" text-anchor="end">{name}</text>'
            f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" class="{kind}"/>'
            f'<text x="{LEFT + length + 5:.1f}" y="{y + 11}">{seconds(value)}</text>'
        )

    for question in questions:
        title = f"{question['question']}: {question['rows']:,} rows"
        bars.append(f'<text x="8" y="{y}" class="question">{title}</text>')
        y += 8
        for result in question["results"]:
            if "seconds" in result and "asked" not in result:  # asked the same
                kind = "ours" if result["tool"] == "fastsock" else "other"
                bar(result["tool"], kind, result["seconds"])
                y += STEP
        bar("bare calls", "floor", question["floor"])
        y += STEP + 22
    for n in range(decades + 1):
        x = LEFT + WIDTH * n / decades
        label = f"{LEAST * 10**n:g} s" if n >= 3 else f"{LEAST * 10 ** (n + 3):g} ms"
        marks.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="40" y2="{y - 26}"/>'
            f'<text x="{x:.1f}" y="36" text-anchor="middle" class="scale">{label}</text>'
        )
    head = HEAD.format(
        width=LEFT + WIDTH + 70, height=y - 12, title=f"Whole commands with {size:,} sockets"
    )
    return "\n".join([head, *marks, *bars, "</svg>", ""])
