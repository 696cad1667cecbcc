"""Raters and judges with known truth: a rater model on a logit scale, and the compact simulator of statistical tests.

The rater model. Item i has on criterion c a trait theta in logits, with standard deviation sigma over items. Rater r
responds with

    u = b_r theta - d_r + shift_ri + phi_r (1 + fatigue_r t_ri) e_ir,    e standard logistic,

and answers level k where tau_(k-1) < u <= tau_k: severity d, discrimination b (below 1: compression), noise phi,
t the share of the rater's own sequence already done. Central tendency draws the whole of u to the middle threshold.
``shift`` adds up what is planted: slices ("stratum=level"), length, self-preference, position. Levels without an order
have a utility each, and the greatest is answered; numbers without levels are u itself (interval) or exp u (ratio).
A share of the noise may be common to an item's criteria (halo), and answers may drift from rep to rep.
Every draw is a function of the seed and of names (rater, criterion, item, variant, rep) alone, so that a further
rater, criterion or item moves nobody's ratings.
"""

from judgekit.simulate.compact import StudyJudge, cells, study
from judgekit.simulate.model import Draw, draw, refuses, respond
from judgekit.simulate.raters import Panel, SimulatedJudge, SimulatedRater, Slice
from judgekit.simulate.scene import Scene
from judgekit.simulate.traits import Latent, Traits, knows, latent

__all__ = [
    "Draw",
    "Latent",
    "Panel",
    "Scene",
    "SimulatedJudge",
    "SimulatedRater",
    "Slice",
    "StudyJudge",
    "Traits",
    "cells",
    "draw",
    "knows",
    "latent",
    "refuses",
    "respond",
    "study",
]
