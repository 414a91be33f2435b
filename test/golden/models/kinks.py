import math
import torch
from torch import nn
import torch.nn.functional as F

inf = math.inf
inputs = {
    "x": torch.tensor([[0.0, 0, 0], [1, 0, -3], [2, 2, 2], [1e-3, -1e-6, 0]]),
    "e": torch.tensor([0.0, -0.0, 0.5, -0.5, 1, -1, 3, -3, 50, -50, 80, -80, 1e-3, 2, -2, 5, 6, 1e10, -1e10]),
    "s": torch.tensor([[0.0, 0, 0], [-inf, 1, 2], [-inf, -inf, -inf], [200, -200, 104], [inf, 1, 2], [inf, inf, -inf]]),
    "p": torch.stack(
        [
            torch.tensor([0.0, 1, 1, inf, -inf, 3, 2, -inf, 1e10]),
            torch.tensor([0.0, 1, 2, 1, 1, -3, inf, inf, -1e10]),
        ]
    ),
}


class Kinks(nn.Module):
    def forward(self, x, e, s, p):
        zero = torch.tensor(0.0)
        norms = [torch.linalg.vector_norm(x, q, 1) for q in (2, 1, 0.5, 1.5, 3, inf, -inf)]
        norms += [x.norm(2, 0), x.norm(3, 0), x.norm(), x.norm(3)]
        spread = x.var(1), x.std(1), x.std(0, correction=0), x.std()
        order = x.amax(1), x.amin(0), x.max(), x.min(1)[0], x.max(0)[0], torch.maximum(x, zero), torch.minimum(x, x[1])
        clamped = e.clamp(-1, 3), e.clamp(min=0), e.clamp(max=-1), e.clamp(e, e), abs(e), e.relu()
        powers = e**2, e**0, e**3, (x * x + 1) ** x[1], abs(x) ** abs(x[2]), 0 ** abs(x), x.prod(1), x.prod()
        sums = s.logsumexp(1), s[:2].logsumexp([0, 1]), s[:2].softmax(1), s[:2].log_softmax(1)
        sums += torch.logaddexp(p[0], p[1]), x.cumsum(0)
        units = F.normalize(x), F.normalize(x, 1.0, 0, 0.5), F.layer_norm(x, [3]), F.rms_norm(x, [3])
        hyperbolic = e[:-4].sinh(), e[:-4].cosh(), torch.where(e > 0, 1, e), e.masked_fill(e > 3, 0), e.square()
        return norms, spread, order, clamped, powers, sums, units, hyperbolic


make = Kinks
