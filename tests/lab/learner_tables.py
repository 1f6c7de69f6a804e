"""Prints the figures of scikit-learn that learners_test.cpp compares with (scikit-learn 1.9.1, numpy): python3 learner_tables.py"""
import numpy as np
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.svm import LinearSVC


def noise(count, first=1):
    """rational_noise of disentanglement_points.hpp."""
    n = np.arange(first, first + count, dtype=np.int64)
    return 2 * ((n * n * 7919 + n * 104729) % 10007) / 10007 - 1


def show(name, array):
    print(name, "{" + ", ".join(repr(float(x)) for x in np.ravel(array)) + "}")


x = noise(200 * 3).reshape(200, 3)
t = x @ [1.5, -1, 0.25] + 0.7 * noise(200, 5000)
y = np.digitize(t, [-0.6, 0.5])
show("noise", x[:2])
show("classes", np.bincount(y))
for c in (1, 1e4):
    m = LogisticRegression(C=c, solver="newton-cg", tol=1e-12, max_iter=10000).fit(x, y)
    show(f"multinomial coefficients C={c}", m.coef_)  # [K, D]
    show(f"multinomial intercepts C={c}", m.intercept_)
    show("multinomial probabilities of the first point", m.predict_proba(x[:1]))
for a in (0.1, 0.3):
    m = Lasso(alpha=a, tol=1e-14, max_iter=100000).fit(x, t)
    show(f"lasso {a}", np.r_[m.coef_, m.intercept_])
s = (y == 1).astype(int)
show("area", roc_auc_score(s, np.round(4 * x[:, 0]) + x[:, 1].round()))
show("area of the first coordinate", roc_auc_score(y == 2, x[:, 0]))
for k in range(3):
    m = LinearSVC(C=0.01, class_weight="balanced", tol=1e-12, max_iter=1000000).fit(x[:, :1] * 5, y == k)
    show(f"svm, class {k}", np.r_[m.coef_[0], m.intercept_])
    m = LogisticRegression(C=1, solver="liblinear", tol=1e-12, max_iter=100000).fit(x, y == k)
    show(f"liblinear, class {k}", np.r_[m.coef_[0], m.intercept_])

from sklearn.ensemble import GradientBoostingClassifier  # noqa: E402

b = noise(1500 * 4, 777).reshape(1500, 4)
v = np.digitize(b @ [1, -0.5, 0, 0.25] + 0.5 * b[:, 0] * b[:, 2] + 0.3 * noise(1500, 20000), [-0.4, 0.3])
m = GradientBoostingClassifier(random_state=0).fit(b[:1000], v[:1000])
show("trees: importances", m.feature_importances_)
show("trees: accuracy of the other 500", m.score(b[1000:], v[1000:]))

# disentanglement_lib's SAP of a perfect code of dSprites' grid, and its normalised one-vs-rest areas.
from sklearn.multiclass import OneVsRestClassifier  # noqa: E402

sizes = (3, 6, 40, 32, 32)
for seed in range(3):
    rng = np.random.default_rng(seed)
    seen, unseen = (np.stack([rng.integers(0, size, n) for size in sizes], 1) for n in (10000, 5000))
    accuracy = [[LinearSVC(C=0.01, class_weight="balanced", dual=False).fit(seen[:, [d]], seen[:, k])
                 .score(unseen[:, [d]], unseen[:, k]) for k in range(5)] for d in range(5)]
    ordered = np.sort(accuracy, 0)
    show("svm: accuracies of the factor's own code", np.diag(accuracy))
    show("svm: SAP", (ordered[-1] - ordered[-2]).mean())
scaled = [(part - seen.mean(0)) / seen.std(0) for part in (seen, unseen)]
for k in range(5):
    m = OneVsRestClassifier(LogisticRegression(solver="liblinear")).fit(scaled[0], seen[:, k])
    p = m.predict_proba(scaled[1])
    show(f"one-vs-rest: mean area, factor {k}",
         np.mean([roc_auc_score(unseen[:, k] == c, p[:, c]) for c in range(sizes[k])]))
