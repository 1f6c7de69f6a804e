"""Prints the tables of quantile_tables.hpp (mpmath 1.3, 50 digits): python3 quantile_tables.py > quantile_tables.hpp

A row holds parameters, u, the quantile's value and its derivatives by the parameters. Parameters and u are exact in
double. Distribution functions are hypergeometric series and integrals; derivatives are differences of quantiles.
"""
import mpmath as mp

mp.mp.dps = 50


def bisect(cdf, u, low, high):
    while cdf(low) > u:
        low *= 2
    while cdf(high) < u:
        high *= 2
    for _ in range(30):
        middle = (low + high) / 2
        if cdf(middle) < u:
            low = middle
        else:
            high = middle
    return mp.findroot(lambda y: cdf(y) - u, (low, high), solver="anderson", tol=1e-85, maxsteps=100, verify=False)


def gamma(p, u):
    """log z with P(c, z) = u, by Kummer's series of positive terms."""
    c = p[0]

    def cdf(y):
        return mp.exp(c * y - mp.exp(y) - mp.loggamma(c + 1)) * mp.hyp1f1(1, c + 1, mp.exp(y))

    return bisect(cdf, u, mp.mpf(-1), mp.mpf(1))


def beta_cdf(a, b, y):
    if y > mp.log(a / b):
        return 1 - beta_cdf(b, a, -y)
    x = 1 / (1 + mp.exp(-y))
    log_mass = a * mp.log(x) + b * mp.log(1 - x) - mp.loggamma(a) - mp.loggamma(b) + mp.loggamma(a + b)
    return mp.exp(log_mass) / a * mp.hyp2f1(1, a + b, a + 1, x)


def beta(p, u):
    return bisect(lambda y: beta_cdf(p[0], p[1], y), u, mp.mpf(-1), mp.mpf(1))


def student_t(p, u):
    nu = p[0]

    def cdf(t):
        upper = beta_cdf(nu / 2, mp.mpf("0.5"), mp.log(nu / (t * t))) / 2
        return upper if t < 0 else 1 - upper

    return bisect(cdf, u, mp.mpf(-1), mp.mpf("1e-3")) if u < 0.5 else bisect(cdf, u, mp.mpf("1e-3"), mp.mpf(1))


def von_mises(p, u):
    kappa = p[0]
    norm = 2 * mp.pi * mp.besseli(0, kappa)

    def cdf(x):
        points = [0] + [x * s / 4 for s in range(1, 5)]
        return mp.mpf("0.5") + mp.quad(lambda t: mp.exp(kappa * mp.cos(t)), points) / norm

    x = mp.mpf(-1) / (1 + kappa / 4) ** mp.mpf("0.5") * (1 if u < 0.5 else -1)
    low, high = (-mp.pi, mp.mpf(0)) if u < 0.5 else (mp.mpf(0), mp.pi)
    for _ in range(200):
        error = cdf(x) - u
        if error < 0:
            low = x
        else:
            high = x
        step = error / (mp.exp(kappa * mp.cos(x)) / norm)
        if abs(step) < mp.mpf(10) ** -40:
            return x - step
        x = x - step if low < x - step < high else (low + high) / 2
    raise ArithmeticError


def row(quantile, p, u):
    p, u = [mp.mpf(float(x)) for x in p], mp.mpf(float(u))
    numbers = p + [u, quantile(p, u)]
    for i in range(len(p)):
        h = p[i] * mp.mpf(10) ** -9
        moved = [quantile([x + (j == i) * s * h for j, x in enumerate(p)], u) for s in (1, -1)]
        numbers.append((moved[0] - moved[1]) / (2 * h))
    return "{" + ", ".join(mp.nstr(x, 17) for x in numbers) + "}"


TABLES = {
    "log_gamma": (gamma, [(c,) for c in (1e-3, 0.0625, 0.5, 1, 3.25, 40, 1e3, 1e4)]),
    "logit_beta": (beta, [(1e-3, 1e-3), (1e-3, 2), (0.25, 0.5), (1, 1e4), (0.5, 300), (2.5, 1.25), (60, 1e-3),
                          (70, 40), (1e4, 3), (1e4, 1e4)]),
    "student_t": (student_t, [(nu,) for nu in (0.125, 0.5, 1, 2.75, 30, 1e3, 1e4)]),
    "von_mises": (von_mises, [(kappa,) for kappa in (1e-3, 0.25, 1, 5, 19.5, 20.5, 150, 1e3)]),
}

if __name__ == "__main__":
    print("#pragma once")
    print("// Quantiles and their derivatives by the parameters, printed by quantile_tables.py.")
    print("#include <vector>\n\nnamespace nelbo::tests {\n\n// clang-format off")
    for name, (quantile, parameters) in TABLES.items():
        print(f"inline const std::vector<std::vector<double>> {name}_table{{")
        print(",\n".join("    " + row(quantile, p, u) for p in parameters for u in (2.0**-20, 0.0625, 0.375, 0.75, 0.9990234375)))
        print("};")
    print("// clang-format on\n\n}  // namespace nelbo::tests")
