#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lab/statistics/summary.hpp"

// What a gradient-variance study found. Gradients are of the bound, or of the objective as it is
// written (a cost's are the cost's, a gain's the gain's), in nats per datum.
namespace nelbo::gradvar {

/// What theory says of a combination: exactly, or to leading order in 1/m. NaN where it says
/// nothing.
struct Theory {
  double mean_norm = not_estimated.mean;
  double variance = not_estimated.mean;
  double snr = not_estimated.mean;
};

/// One combination of bound, estimator, m and k, for one group of parameters.
struct Row {
  std::string bound;  // or objective
  std::string estimator;
  std::int64_t m = 1;
  std::int64_t k = 1;
  std::string group;  // theta, phi, psi, or a layer's name, which has a dot

  MeanAndError mean_norm = not_estimated;        // |E g|
  MeanAndError variance = not_estimated;         // tr V
  MeanAndError snr = not_estimated;              // debiased, averaged over the parameters
  MeanAndError snr_norm = not_estimated;         // debiased, |E g| / sqrt(tr V)
  MeanAndError dsnr = not_estimated;             // directional, Rainforth et al. (2018) eq. (12)
  MeanAndError cosine = not_estimated;           // to the reference's mean
  MeanAndError us_per_gradient = not_estimated;  // wall time of all threads / replicates
  MeanAndError work = not_estimated;             // variance x microseconds
  double snr_floor = not_estimated.mean;         // 1 / sqrt(R)
  std::string reference = {};                    // estimator that it is compared with
  double bias_t = not_estimated.mean;            // against the reference, on common random numbers
  double bias_p = not_estimated.mean;
  bool biased = false;  // declared by the estimator, whatever the test says

  std::optional<Theory> exact;
  std::optional<Theory> asymptote;  // where only the leading order is known
  std::string undefined = {};       // why there is no such estimator; empty where there is

  bool defined() const { return undefined.empty(); }
};

/// Numbers of samples that a signal-to-noise ratio is drawn and fitted against.
enum class Axis { m, k };
inline const char* name_of(Axis axis) { return axis == Axis::m ? "m" : "k"; }
inline Axis other(Axis axis) { return axis == Axis::m ? Axis::k : Axis::m; }
inline double along(const Row& row, Axis axis) { return double(axis == Axis::m ? row.m : row.k); }

/// d log SNR / d log m or k.
struct Slope {
  std::string bound;
  std::string estimator;
  std::string group;
  Axis axis = Axis::m;
  double slope = 0;
  double se = 0;             // NaN where it is not known
  double low = 0, high = 0;  // 95 % confidence interval
  int points = 0;            // above the floor
  std::optional<double> theory = {};
};

struct Study {
  std::string subject;         // "world rainforth" or "run runs/NAME"
  std::string objective = {};  // as it was written; empty: bounds were studied
  std::string reference;       // estimator that was asked for; rows say theirs
  std::uint64_t replicates = 0;
  std::uint64_t batch = 1;  // data
  bool resample = false;    // whether each replicate had data of its own
  std::uint64_t seed = 0;
  std::string isa;
  std::size_t threads = 1;
  double seconds = 0;
  std::vector<Row> rows;
  std::vector<Slope> slopes;
};

}  // namespace nelbo::gradvar
