#pragma once
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "apps/reports/run_history.hpp"

namespace nelbo {

/// A latent variable whose mean KL(Q(Z_j|x) || P0(Z_j)) is below this has collapsed onto its prior:
/// it tells less than this of a datum, nats (Lucas et al. 2019, with the mean in place of a quantile).
inline constexpr double collapsed_below = 0.01;

/// One latent variable of a run, as it was last measured.
struct LatentUnit {
  std::size_t index = 0;
  double kl = std::numeric_limits<double>::quiet_NaN();  // nats per datum
  bool collapsed = false;
  /// The first epoch measured from which on it was, and whether it had been measured otherwise before.
  double since = std::numeric_limits<double>::quiet_NaN();
  bool was_active = false;
};

/// The variables by their index, from the KL that every epoch's line lists ("unit_kl"), or that the
/// ledgers of older runs do. Nothing where none was measured, as with priors without closed form.
std::vector<LatentUnit> latent_units(const RunHistory& run);

/// "unit 7: KL 0.0031, collapsed at epoch 12", or "..., never active".
std::string verdict(const LatentUnit& unit);

}  // namespace nelbo
