"""Evidence on each rater's care: with intervals, never a deletion. Rules of exclusion are declared beforehand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from judgekit import seeds
from judgekit.humans.labels.care import RestAgreement, chance_of_run, longest_run
from judgekit.humans.labels.design import Design
from judgekit.humans.labels.settings import Exclusion

#: Every kind of evidence, and what it says.
EVIDENCE = {
    "gold": "share of answers to gold items that are accepted ones",
    "attention": "share of answers to attention items that are accepted ones",
    "fast": "share of items answered faster than they can be read",
    "straight": "longest run of equal answers to one criterion, in the order shown",
    "consistency": "share of answers to repeated items that are the same as the first time",
    "agreement": "agreement beyond chance with the pool's other raters (weighted kappa, mean over criteria)",
}
COLUMNS = ["rater", "pool", "arm", "kind", "evidence", "value", "low", "high", "n", "cards", "rule", "flagged",
           "verdict", "method", "note"]  # fmt: skip
#: Characters of scripts without spaces that are read like one word.
CHARACTERS = 1.7
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_WORD = re.compile(r"\w+")
#: Own answers that are looked at: training and qualification come before the study proper.
PROPER = ("item", "gold", "repeat", "attention", "adjudication")
WILSON = "Wilson interval, a card counted once"
RUN = "count; 500 random orders"
REST = "1 - observed / expected disagreement with another rater of the pool; jackknife over items, t"


@dataclass(frozen=True)
class Share:
    """So many of n answers, given on so many cards."""

    value: float
    n: int
    cards: int

    def interval(self, conf_level: float) -> tuple[float, float]:
        """Return Wilson's interval with the number of cards: a card's answers are not independent."""
        from statsmodels.stats.proportion import proportion_confint

        low, high = proportion_confint(self.value * self.cards, self.cards, alpha=1 - conf_level, method="wilson")
        return float(low), float(high)


def evidence(
    design: Design, ratings: pd.DataFrame, raters: pd.DataFrame, *, conf_level: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """Return one row a rater and kind of evidence (see ``EVIDENCE``); columns ``COLUMNS``.

    ``ratings`` and ``raters`` are a desk's. ``value`` has its interval in ``low`` and ``high``; ``n`` counts answers on
    ``cards`` cards. ``rule`` is the declared bound (``Exclusion``), ``flagged`` whether the value lies beyond it, and
    ``verdict`` whether the whole interval does: yes, no, or undecided (too few answers to tell). No row where there is
    no such evidence. Agreement has no rule: to differ from others is no fault.
    """
    if ratings.empty:
        return pd.DataFrame(columns=COLUMNS)
    settings = design.settings
    rows = ratings[ratings["purpose"].isin(PROPER)]
    ok = rows[rows["status"] == "ok"]
    shares = {
        "gold": _accepted(ok, "gold"),
        "attention": _accepted(ok, "attention"),
        "fast": _fast(ok, design),
        "consistency": _consistent(ok),
    }
    runs, rest = _runs(ok), RestAgreement.of(design.task, rows)
    known = raters.set_index("rater")
    made: list[dict[str, Any]] = []
    for rater in sorted(rows["rater"].astype(str).unique()):
        about = {"rater": rater, **{name: _text(known, rater, name) for name in ("pool", "arm", "kind")}}
        for name, found in shares.items():
            if rater in found:
                low, high = found[rater].interval(conf_level)
                numbers = found[rater].value, low, high, found[rater].n, found[rater].cards
                made.append({**about, **_row(name, *numbers, settings.exclusion, WILSON)})
        if rater in runs:
            length, key, values = runs[rater]
            share = chance_of_run(values, length, seeds.rng(seed, "straight", rater))
            note = f"on '{key}'; a run this long in {share:.0%} of random orders of the same answers"
            if length >= settings.checks.straight:
                note += f"; {settings.checks.straight} or more in a row were declared to be evidence"
            numbers = float(length), np.nan, np.nan, len(values), len(values)
            made.append({**about, **_row("straight", *numbers, settings.exclusion, RUN, note)})
        agreed = rest.of_rater(rater, conf_level)
        if agreed is not None:
            made.append({**about, **_row("agreement", *agreed.numbers, settings.exclusion, REST, agreed.note)})
    return pd.DataFrame(made, columns=COLUMNS)


def excluded(evidence: pd.DataFrame) -> dict[str, str]:
    """Return whom the declared rules exclude, each with the reasons in words. Nobody where no rule is declared."""
    flagged = evidence[evidence["flagged"].astype(bool)] if len(evidence) else evidence
    told: dict[str, list[str]] = {}
    for row in flagged.itertuples(index=False):
        sign = "under" if row.evidence in ("gold", "attention", "consistency") else "over"
        told.setdefault(str(row.rater), []).append(f"{row.evidence} {row.value:.3g} {sign} {row.rule:g}")
    return {rater: "; ".join(reasons) for rater, reasons in told.items()}


def _row(
    name: str, value: float, low: float, high: float, n: int, cards: int, rules: Exclusion, method: str, note: str = ""
) -> dict[str, Any]:
    rule = getattr(rules, name, None)
    below = name in ("gold", "attention", "consistency")
    flagged, verdict = False, ""
    if rule is not None:
        flagged = value < rule if below else value > rule
        if not np.isfinite(low):
            verdict = "yes" if flagged else "no"
        elif below:
            verdict = "yes" if high < rule else "no" if low >= rule else "undecided"
        else:
            verdict = "yes" if low > rule else "no" if high <= rule else "undecided"
    return {"evidence": name, "value": value, "low": low, "high": high, "n": n, "cards": cards,
            "rule": np.nan if rule is None else float(rule), "flagged": bool(flagged), "verdict": verdict,
            "method": method, "note": note}  # fmt: skip


def _accepted(ok: pd.DataFrame, purpose: str) -> dict[str, Share]:
    of = ("gold", "item") if purpose == "gold" else (purpose,)  # an item of the study may have a known answer, too
    rows = ok[ok["purpose"].isin(of) & ok["accepted"].notna()] if "accepted" in ok else ok.iloc[:0]
    right = (
        [value in _codes(codes) for value, codes in zip(rows["value"], rows["accepted"], strict=True)]
        if len(rows)
        else []
    )
    return _shares(rows, right)


def _codes(told: Any) -> list[float]:
    return [float(code) for code in (json.loads(told) if isinstance(told, str) else told)]


def _shares(rows: pd.DataFrame, right: Any) -> dict[str, Share]:
    """Return each rater's share of rows that are right, its answers and cards."""
    if rows.empty:
        return {}
    told = rows[["rater", "item", "variant", "rep"]].assign(right=np.asarray(right, dtype=float))
    by = told.groupby("rater", sort=True)["right"]
    cards = told.drop_duplicates(["rater", "item", "variant", "rep"]).groupby("rater", sort=True).size()
    values, sizes = by.mean().to_numpy(dtype=float), by.size().to_numpy(dtype=np.int64)
    return {
        str(rater): Share(float(value), int(n), int(seen))
        for rater, value, n, seen in zip(cards.index, values, sizes, cards.to_numpy(dtype=np.int64), strict=True)
    }


def _fast(ok: pd.DataFrame, design: Design) -> dict[str, Share]:
    key = ["rater", "item", "variant", "rep"]
    cards = ok.groupby(key, sort=False)["seconds"].max().dropna().reset_index()
    least = _seconds_needed(design)
    needed = np.array([least(str(i), str(v)) for i, v in zip(cards["item"], cards["variant"], strict=True)])
    return _shares(cards, cards["seconds"].to_numpy(dtype=float) < needed)


def _consistent(ok: pd.DataFrame) -> dict[str, Share]:
    key = ["rater", "item", "variant", "criterion"]
    again = ok.loc[ok["rep"] > 0, [*key, "rep", "value"]]
    pairs = again.merge(ok.loc[ok["rep"] == 0, [*key, "value"]], on=key, suffixes=("", "_first"))
    return _shares(pairs, (pairs["value"] == pairs["value_first"]).to_numpy())


def _runs(ok: pd.DataFrame) -> dict[str, tuple[int, str, np.ndarray]]:
    """Return each rater's longest run over criteria: its length, the criterion, and all answers in their order."""
    best: dict[str, tuple[int, str, np.ndarray]] = {}
    shown = ok.sort_values("position", kind="stable") if "position" in ok else ok
    for (rater, key), column in shown.groupby(["rater", "criterion"], sort=True)["value"]:
        values = column.to_numpy(dtype=float)
        length = int(longest_run(values[None, :])[0])
        if len(values) > 1 and length > best.get(str(rater), (0,))[0]:
            best[str(rater)] = (length, str(key), values)
    return best


def _seconds_needed(design: Design) -> Callable[[str, str], float]:
    """Return the least plausible seconds of a card, by what is read there and the number of questions."""
    checks = design.settings.checks
    asked = len(design.task.criteria) * checks.seconds_per_question
    shown = {
        (str(row["item"]), str(row["variant"])): [row.get(name) for name in ("text", "context", "candidates", "steps")]
        for row in design.items.to_dict("records")
    }
    for extra in (*checks.gold, *checks.attention):
        if extra.own:
            shown[extra.item, "original"] = [extra.text, extra.context, *extra.candidates, *extra.steps]
    seconds = {
        key: 60 * sum(words(text) for text in texts if isinstance(text, str)) / checks.words_per_minute
        for key, texts in shown.items()
    }
    originals = {item: value for (item, variant), value in seconds.items() if variant == "original"}
    return lambda item, variant: asked + seconds.get((item, variant), originals.get(item, 0.0))


def words(text: str) -> float:
    """Return how many words a text is to read; ``CHARACTERS`` characters of a script without spaces are one.

    >>> words("I am so sorry."), round(words("很抱歉听到这个消息"), 1)
    (4.0, 5.3)
    """
    characters = len(_UNSPACED.findall(text))
    return float(len(_WORD.findall(_UNSPACED.sub(" ", text)))) + characters / CHARACTERS


def _text(known: pd.DataFrame, rater: str, name: str) -> str:
    if rater not in known.index or name not in known or known[name].isna()[rater]:
        return ""
    return str(known.at[rater, name])


def declared(rules: Exclusion) -> list[str]:
    """Return the declared rules of exclusion in words."""
    words_of = {
        "gold": "less than {:.0%} of gold answers accepted",
        "attention": "less than {:.0%} of attention answers accepted",
        "fast": "more than {:.0%} of items answered faster than they can be read",
        "straight": "a run of more than {:.0f} equal answers",
        "consistency": "less than {:.0%} of repeats answered alike",
    }
    told = {name: getattr(rules, name) for name in words_of}
    return [words_of[name].format(bound) for name, bound in told.items() if bound is not None]
