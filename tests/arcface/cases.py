"""Small problems whose sizes differ, the loss again as loops, and what insightface's own module printed for one."""

import math

import torch

LABELS = torch.tensor([6, 0, 3, 3, 1])

# deepinsight/insightface, recognition/arcface_torch/losses.py, CombinedMarginLoss at commit 7fadd42, run in float64 on
# ``formula()`` as partial_fc_v2.py does: linear of normalised features and rows, clamp(-1, 1), module, cross-entropy.
# The right classes lie at 34, 173, 95, 130 and 36 degrees: the second lies beyond π - m.
RELEASED = {
    (64.0, 0.5, 0.0): {
        "loss": 63.742840304743424,
        "logits": [56.43726698018153, -18.066583745282255, -12.459011570706544, -35.19637523955069,
                   45.97525977573644, -61.76294040495758, 26.477807597726056],
        "features": [-1.3190978270843328, -0.8380307004704397, 2.3249004705201033],
        "rows": [-1.0461573095344079, -1.0310589701751116, 0.6998748303557747],
    },
    (64.0, 0.0, 0.4): {
        "loss": 70.70220102196835,
        "logits": [56.43726698018153, -18.06658374528225, -12.45901157070655, -30.861027888324514,
                   45.97525977573644, -61.76294040495758, 26.477807597726056],
        "features": [-1.3190978270843328, -0.8380307004704397, 2.3249004705201033],
        "rows": [-1.046153723963311, -1.0310555095984384, 0.6998725854517067],
    },
    (16.0, 0.3, 0.0): {
        "loss": 14.747411981442715,
        "logits": [14.109316745045383, -4.516645936320564, -3.114752892676636, -5.968833558447254,
                   11.49381494393411, -15.440735101239396, 6.619451899431514],
        "features": [-0.3265843063478774, -0.20957828916858978, 0.5778695879736652],
        "rows": [-0.4247404424380057, -0.2409998336899628, -0.0888562182054995],
    },
    (16.0, 0.0, 0.35): {
        "loss": 17.0792686264302,
        "logits": [14.109316745045383, -4.516645936320563, -3.1147528926766377, -6.915256972081128,
                   11.49381494393411, -15.440735101239396, 6.619451899431514],
        "features": [-0.3265843063483552, -0.2095782891688962, 0.5778695879745106],
        "rows": [-0.26623246407263546, -0.23735019084255304, 0.12552119398341466],
    },
}  # fmt: skip


def formula(batch=5, dim=3, classes=7):
    """Features and rows made by a formula, float64, ready for a gradient."""
    b, c = torch.arange(batch).double()[:, None], torch.arange(classes).double()[:, None]
    d = torch.arange(dim).double()
    features = torch.cos(3 * b + 5 * d + b * d + 0.3) * (1 + b)
    rows = torch.sin(2 * c + 7 * d + 1.3 * c * d + 0.9)
    return features.requires_grad_(), rows.requires_grad_()


def loss_by_loops(features, rows, labels, *, m1=1.0, m2=0.0, m3=0.0, s=64.0):
    """The mean cross-entropy, symbol by symbol."""
    total = 0.0
    for x, y in zip(features.tolist(), labels.tolist(), strict=True):
        logits = []
        for j, w in enumerate(rows.tolist()):
            lengths = math.hypot(*x) * math.hypot(*w)
            theta = math.acos(sum(a * b for a, b in zip(x, w, strict=True)) / lengths)
            logits.append(s * (math.cos(m1 * theta + m2) - m3) if j == y else s * math.cos(theta))
        most = max(logits)
        total += most + math.log(sum(math.exp(z - most) for z in logits)) - logits[y]
    return total / len(labels)
