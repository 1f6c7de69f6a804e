"""Prints the tables of log_mass_tables.hpp (mpmath 1.3, 50 digits): python3 log_mass_tables.py > log_mass_tables.hpp

Counts: x, log-mean, log of the inverse dispersion (Poisson: none), log P(x) and its derivatives by these. The logit of
a continuous Bernoulli density, log((exp(l) - 1) / l) and its first two derivatives. Arguments are exact in double.
"""
import mpmath as mp

mp.mp.dps = 80


def negative_binomial(x, log_mean, log_r):
    m, r = mp.exp(log_mean), mp.exp(log_r)
    value = (mp.loggamma(x + r) - mp.loggamma(r) - mp.loggamma(x + 1)
             + x * mp.log(m / (r + m)) + r * mp.log(r / (r + m)))
    by_mean = (x - m) * r / (r + m)
    by_r = r * (mp.digamma(x + r) - mp.digamma(r) + mp.log(r / (r + m)) + 1 - (r + x) / (r + m))
    return [value, by_mean, by_r]


def poisson(x, log_rate):
    return [x * log_rate - mp.exp(log_rate) - mp.loggamma(x + 1), x - mp.exp(log_rate)]


def log_expm1_ratio(l):
    if l == 0:
        return [mp.mpf(0), mp.mpf("0.5"), mp.mpf(1) / 12]
    e = mp.expm1(l)
    return [mp.log(e / l), (e + 1) / e - 1 / l, 1 / l ** 2 - (e + 1) / e ** 2]


def show(name, rows, f):
    print(f"inline const std::vector<std::vector<double>> {name}{{")
    for row in rows:
        numbers = [mp.mpf(x) for x in row]
        print("    {" + ", ".join([repr(float(x)) for x in row] + [mp.nstr(v, 17) for v in f(*numbers)]) + "},")
    print("};")


counts = [0, 1, 2, 7, 40, 1000, 1000000]
log_r_of = [-6.9077552789821371, -1.0, 0.0, 2.0, 4.605170185988092, 9.2103403719761836, 18.420680743952367]
negative = []
for x in counts:
    around = mp.log(max(x, mp.mpf("0.25")))
    for shift in ["-3", "-0.01", "0", "0.4", "5"]:
        for log_r in log_r_of:
            negative.append([x, float(around + mp.mpf(shift)), log_r])
rates = [[x, float(mp.log(max(x, mp.mpf("0.25"))) + mp.mpf(shift))] for x in counts + [100000000]
         for shift in ["-3", "-0.01", "-0.0001", "0", "0.4", "3"]]
logits = [0.0] + [s * l for l in [1e-9, 1e-4, 0.01, 0.3, 1.0, 1.4999, 1.5001, 2.0, 5.0, 20.0, 80.0] for s in (1, -1)]

print("#pragma once")
print("// Log-masses of counts and the continuous Bernoulli's constant, printed by log_mass_tables.py.")
print("#include <vector>\n\nnamespace nelbo::tests {\n\n// clang-format off")
show("negative_binomial_table", negative, negative_binomial)
show("poisson_table", rates, poisson)
show("log_expm1_ratio_table", [[l] for l in logits], log_expm1_ratio)
print("// clang-format on\n\n}  // namespace nelbo::tests")
