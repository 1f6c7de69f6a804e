# Writes the numbers of worlds_banana_test.cpp: log P(x) by quadrature over both dimensions, and what the best
# normal leaves of it, by scipy's BFGS from twenty starts. python3 -m pip install numpy scipy
import numpy as np
from scipy.optimize import minimize

BEND = DEVIATION = 0.5


def log_evidence(x):
    z = np.linspace(-10, 10, 4001)
    step = z[1] - z[0]
    z1, z2 = z[:, None], z[None, :]
    residual = x - z2 - BEND * (z1**2 - 1)
    density = np.exp(-(z1**2 + z2**2) / 2 - residual**2 / (2 * DEVIATION**2))
    return np.log(density.sum() * step**2 / (2 * np.pi) ** 1.5 / DEVIATION)


def elbo(p, x):
    nodes, weights = np.polynomial.hermite_e.hermegauss(12)
    weights = weights / np.sqrt(2 * np.pi)
    e1, e2 = nodes[:, None], nodes[None, :]
    below = p[4] if len(p) > 4 else 0
    z1 = p[0] + np.exp(p[2]) * e1 + 0 * e2
    z2 = p[1] + below * e1 + np.exp(p[3]) * e2
    residual = x - z2 - BEND * (z1**2 - 1)
    log_joint = -1.5 * np.log(2 * np.pi) - np.log(DEVIATION) - (z1**2 + z2**2) / 2 - residual**2 / (2 * DEVIATION**2)
    return (weights[:, None] * weights[None, :] * log_joint).sum() + 1 + np.log(2 * np.pi) + p[2] + p[3]


random = np.random.default_rng(0)
for x in (-1.0, -0.5, 0.0, 2.0):
    gaps = []
    for size in (4, 5):
        starts = [random.normal(size=size) for _ in range(20)]
        best = max(-minimize(lambda p: -elbo(p, x), start, method="BFGS").fun for start in starts)
        gaps.append(log_evidence(x) - best)
    print(f"{{{x}, {log_evidence(x):.10f}, {gaps[0]:.8f}, {gaps[1]:.8f}}},")
