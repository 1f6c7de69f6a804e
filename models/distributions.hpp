#pragma once
/// All distributions and the divergences between them.
#include "models/distributions/bernoulli.hpp"
#include "models/distributions/categorical.hpp"
#include "models/distributions/diag_normal.hpp"
#include "models/distributions/discretized_logistic.hpp"
#include "models/distributions/distribution.hpp"
#include "models/distributions/full_normal.hpp"
#include "models/distributions/kl.hpp"
#include "models/distributions/laplace.hpp"
#include "models/distributions/normal.hpp"
#include "models/distributions/one_hot_categorical.hpp"
#include "models/distributions/posterior.hpp"
#include "models/distributions/standard_normal.hpp"
