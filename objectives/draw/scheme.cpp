#include "objectives/draw/scheme.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "autodiff/error.hpp"
#include "autodiff/nearest_name.hpp"

namespace nelbo {

const std::vector<Scheme>& all_schemes() {
  static const std::vector<Scheme> all{Scheme::full, Scheme::naive, Scheme::loo,    Scheme::strat,
                                       Scheme::mss,  Scheme::mws,   Scheme::average};
  return all;
}

const std::vector<std::string>& scheme_names() {
  static const std::vector<std::string> names{"full", "naive", "loo",    "strat",
                                              "mss",  "mws",   "average"};
  return names;
}

std::string name(Scheme scheme) { return scheme_names()[std::size_t(scheme)]; }

Scheme parse_scheme(const std::string& name) {
  const auto& names = scheme_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    throw Error("scheme '" + name + "' is unknown; " + suggest(name, names));
  }
  return all_schemes()[std::size_t(found - names.begin())];
}

bool needs_data_size(Scheme scheme) {
  return scheme == Scheme::full || scheme == Scheme::strat || scheme == Scheme::mss ||
         scheme == Scheme::mws;
}

SchemeWeights weights(Scheme scheme, std::int64_t data_size, std::int64_t batch) {
  const double n = double(data_size), b = double(batch);
  const std::string what = "scheme " + name(scheme) + ": ";
  if (needs_data_size(scheme) && data_size < 1) {
    throw Error(what + "needs the number N of data, which is not known here");
  }
  if (scheme != Scheme::full && batch < 2) {
    throw Error(what + "compares the posteriors of a batch, and a batch of " +
                std::to_string(batch) + " has no other; use at least 2");
  }
  if (scheme != Scheme::full && data_size > 0 && batch > data_size) {
    throw Error(what + "a batch of " + std::to_string(batch) + " without replacement of " +
                std::to_string(data_size) + " data");
  }
  const auto equal = [](double weight) {
    return SchemeWeights{std::log(weight), std::log(weight), std::log(weight)};
  };
  switch (scheme) {
    case Scheme::full:
      return equal(1 / n);
    case Scheme::naive:
      return equal(1 / b);
    case Scheme::mws:
      return equal(1 / (n * b));
    case Scheme::loo: {
      const double other = -std::log(b - 1);
      return {-std::numeric_limits<double>::infinity(), other, other};
    }
    case Scheme::strat: {
      const double other = std::log((n - 1) / (n * (b - 1)));
      return {-std::log(n), other, other};
    }
    case Scheme::mss:
      return {-std::log(n), -std::log(b - 1), std::log((n - b + 1) / (n * (b - 1)))};
    case Scheme::average:
      break;
  }
  throw Error(what + "is a mean of naive's and loo's logarithms and has no weights of its own");
}

Bias entropy_bias(Scheme scheme, std::int64_t data_size, std::int64_t batch) {
  const bool all = data_size > 0 && batch == data_size;
  switch (scheme) {
    case Scheme::full:
      return Bias::none;
    case Scheme::naive:
      return all ? Bias::none : Bias::under;
    case Scheme::strat:
      return all ? Bias::none : Bias::over;
    case Scheme::loo:
    case Scheme::mss:
    case Scheme::mws:
      return Bias::over;
    case Scheme::average:
      break;
  }
  return Bias::undetermined;
}

}  // namespace nelbo
