#include "lab/data/examples.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/random.hpp"
#include "autodiff/random_variables.hpp"
#include "autodiff/setting_error.hpp"
#include "autodiff/threads.hpp"
#include "lab/files/one_line.hpp"
#include "models/likelihoods/fitting.hpp"

namespace nelbo {
namespace {

/// Rows that one task converts: about 32k values. Follows from X alone.
std::size_t rows_per_chunk(std::size_t features) {
  return std::max<std::size_t>(1, (std::size_t{1} << 15) / features);
}

constexpr Extent zeros_and_ones{.least = 0, .greatest = 1, .whole = true, .levels = true};

std::size_t chunks_of(std::size_t count, std::size_t size) { return (count + size - 1) / size; }

}  // namespace

Examples::Examples(const data::Dataset& data, const data::Split& split, data::Binarize how,
                   Role role, std::uint64_t seed)
    : split_(&split),
      spec_(data.spec),
      scaling_(data.scale),
      bytes_(scaling_ == data::Scaling(255) ? split.images.uint8_block() : nullptr),
      how_(how),
      role_(role),
      seed_(seed),
      condition_(data.condition) {
  if (count() == 0) throw Error(data.spec + ": split '" + split.name + "' has no examples");
  if (count() > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(data.spec + ": split '" + split.name + "' has more than 2^32 - 1 examples");
  }
  condition_.check(split, data.spec);
  const data::StoredType type = split.images.type();
  if (type == data::StoredType::boolean) how_ = data::Binarize::none;
  const bool grey_bytes = type == data::StoredType::uint8 && scaling_ == data::Scaling(255);
  if (how_ == data::Binarize::none || grey_bytes) return;
  const Extent grey = grey_extent();
  if (!Support{.least = 0, .greatest = 1}.holds(grey)) {
    throw SettingError("binarize", data.spec + " must hold values in [0, 1], and split '" +
                                       split.name + "' goes " + grey.text());
  }
  if (grey.whole) how_ = data::Binarize::none;
}

Examples::Role Examples::role_of(const std::string& split) {
  return split == "train" ? Role::train : split == "valid" ? Role::valid : Role::test;
}

void Examples::fill_grey(float* x, std::span<const std::uint32_t> rows) const {
  const std::size_t width = features();
  const std::size_t size = rows_per_chunk(width);
  parallel_for(chunks_of(rows.size(), size), [&](std::size_t chunk) {
    const std::size_t end = std::min(rows.size(), (chunk + 1) * size);
    for (std::size_t b = chunk * size; b < end; ++b) {
      split_->images.write(rows[b], scaling_, x + b * width);
    }
  });
}

void Examples::fill(float* x, std::span<const std::uint32_t> rows, std::uint64_t step) const {
  if (!condition_.any()) return fill_features(x, rows, step);
  thread_local std::vector<float> features;
  features.resize(rows.size() * this->features());
  fill_features(features.data(), rows, step);
  const float* from = features.data();
  for (const std::uint32_t row : rows) {
    x = std::copy_n(from, this->features(), x);
    from += this->features();
    fill_condition(x, row);
    x += condition_.size();
  }
}

void Examples::fill_condition(float* c, std::uint32_t row) const {
  const bool unknown = condition_.inferred && split_->labels.empty();
  if (!unknown) condition_.code(*split_, row, c);
  if (!condition_.inferred) return;
  const auto& told = condition_.told;
  const bool is_told = tells_labels_ && std::binary_search(told.begin(), told.end(), row);
  if (is_told) return;
  // Withheld, or not there at all.
  for (std::size_t k = 0; k < condition_.size(); ++k) c[k] = unknown || tells_labels_ ? 0 : -c[k];
}

void Examples::tell_labels() {
  const auto& told = condition_.told;
  const bool fits = !told.empty() && std::is_sorted(told.begin(), told.end()) &&
                    std::adjacent_find(told.begin(), told.end()) == told.end() &&
                    told.front() >= 0 && std::size_t(told.back()) < count();
  if (!fits || split_->labels.empty()) {
    throw Error(data::one_line(spec_ + ": the labels that are told are not those of split '" +
                               split().name + "'"));
  }
  tells_labels_ = true;
}

void Examples::hide(double share, std::uint64_t seed) {
  hidden_ = share;
  hiding_seed_ = seed;
}

void Examples::fill_features(float* x, std::span<const std::uint32_t> rows,
                             std::uint64_t step) const {
  fill_all(x, rows, step);
  if (hidden_ == 0) return;
  thread_local std::vector<float> uniform;
  uniform.resize(rows.size() * features());
  fill_uniform(uniform.data(), {.stream = random_variables::held_back.of(hiding_seed_),
                                .batch = rows.size(),
                                .dimensions = features(),
                                .datum = rows.data()});
  for (std::size_t i = 0; i < uniform.size(); ++i) {
    if (uniform[i] < hidden_) x[i] = std::numeric_limits<float>::quiet_NaN();
  }
}

void Examples::fill_all(float* x, std::span<const std::uint32_t> rows, std::uint64_t step) const {
  const std::size_t n = rows.size() * features();
  if (how_ == data::Binarize::none) return fill_grey(x, rows);
  if (how_ == data::Binarize::threshold) {
    fill_grey(x, rows);
    for (std::size_t i = 0; i < n; ++i) {
      if (!std::isnan(x[i])) x[i] = x[i] > 0.5f ? 1.0f : 0.0f;
    }
    return;
  }
  const bool anew = how_ == data::Binarize::dynamic && role_ == Role::train;
  const RandomVariable& variable = anew                   ? random_variables::binary_anew
                                   : role_ == Role::train ? random_variables::binary_train
                                   : role_ == Role::valid ? random_variables::binary_valid
                                                          : random_variables::binary_test;
  const RandomBlock block{.stream = variable.of(seed_),
                          .step = anew ? step : 0,
                          .batch = rows.size(),
                          .dimensions = features(),
                          .datum = rows.data()};
  if (bytes_ != nullptr) {
    fill_binarized(x, bytes_, rows.data(), block);
  } else {
    fill_bernoulli_rows(x, rows, block);
  }
}

Tensor Examples::some(std::size_t batch, std::uint64_t seed) const {
  if (batch > count()) {
    throw Error(std::to_string(batch) + " examples of a split of " + std::to_string(count()));
  }
  const Tensor x({std::int64_t(batch), std::int64_t(shown())}, DType::f32);
  fill_some(x, random_variables::some_examples, seed, 0);
  return x;
}

void Examples::some_anew(const Tensor& x, std::uint64_t seed, std::uint64_t replicate) const {
  fill_some(x, random_variables::replicate_examples, seed, replicate);
}

void Examples::fill_some(const Tensor& x, const RandomVariable& variable, std::uint64_t seed,
                         std::uint64_t step) const {
  std::vector<std::uint32_t> rows(count());
  fill_permutation(rows.data(), rows.size(), variable.of(seed), step);
  rows.resize(std::size_t(x.shape()[0]));
  fill(x.data_as<float>(), rows, step);
}

void Examples::fill_bernoulli_rows(float* x, std::span<const std::uint32_t> rows,
                                   const RandomBlock& block) const {
  const std::size_t width = features();
  const std::size_t size = rows_per_chunk(width);
  parallel_for(chunks_of(rows.size(), size), [&](std::size_t chunk) {
    thread_local std::vector<float> grey;
    grey.resize(width);
    RandomBlock row = block;
    row.batch = 1;
    const std::size_t end = std::min(rows.size(), (chunk + 1) * size);
    for (std::size_t b = chunk * size; b < end; ++b) {
      split_->images.write(rows[b], scaling_, grey.data());
      row.datum = &rows[b];
      fill_bernoulli(x + b * width, grey.data(), row);
      for (std::size_t d = 0; d < width; ++d) {
        if (std::isnan(grey[d])) x[b * width + d] = grey[d];  // stays missing
      }
    }
  });
}

namespace {

/// Sums over examples of the differences from an origin, feature by feature, and of their squares.
struct FeatureSums {
  std::vector<double> first, second;
  std::vector<std::size_t> counts;  // of examples that have the feature
  Extent extent;                    // where it is wanted

  void add(std::span<const float> x, std::span<const float> origin, bool with_extent) {
    if (with_extent) extent.add(x);
    for (std::size_t row = 0; row < x.size(); row += origin.size()) {
      for (std::size_t d = 0; d < origin.size(); ++d) {
        if (std::isnan(x[row + d])) continue;
        ++counts[d];
        const double difference = double(x[row + d]) - double(origin[d]);
        first[d] += difference;
        second[d] += difference * difference;
      }
    }
  }
};

}  // namespace

DataMoments Examples::moments(const Likelihood* of) const {
  const bool dynamic = how_ == data::Binarize::dynamic && role_ == Role::train;
  const std::size_t width = features();
  // Sums of differences from the first example: without them the variance of values far from 0
  // cancels.
  std::vector<float> origin(width);
  const std::uint32_t first = 0;
  const auto values = [&](float* x, std::span<const std::uint32_t> rows) {
    return dynamic ? fill_grey(x, rows) : fill_features(x, rows, 0);
  };
  values(origin.data(), {&first, 1});
  for (float& one : origin) one = std::isnan(one) ? 0 : one;

  // Known without looking at every value: of what is drawn, and of bytes of which none is hidden.
  const bool bytes = bytes_ != nullptr && how_ == data::Binarize::none && hidden_ == 0;

  constexpr std::size_t chunks = 16;  // a fixed partition: the same sums for any number of threads
  const std::size_t size = chunks_of(count(), chunks);
  std::array<FeatureSums, chunks> partial;
  parallel_for(chunks, [&](std::size_t chunk) {
    FeatureSums& sums = partial[chunk];
    sums.first.assign(width, 0);
    sums.second.assign(width, 0);
    sums.counts.assign(width, 0);
    const std::size_t block = rows_per_chunk(width);
    std::vector<float> x(block * width);
    std::vector<std::uint32_t> rows;
    const std::size_t end = std::min(count(), (chunk + 1) * size);
    for (std::size_t start = chunk * size; start < end; start += block) {
      rows.resize(std::min(block, end - start));
      std::iota(rows.begin(), rows.end(), std::uint32_t(start));
      values(x.data(), rows);
      sums.add({x.data(), rows.size() * width}, origin, !dynamic && !bytes);
    }
  });

  const Shape shape{std::int64_t(width)};
  DataMoments moments{.mean = Tensor(shape, DType::f64), .variance = Tensor(shape, DType::f64)};
  for (std::size_t d = 0; d < width; ++d) {
    double sum = 0, squares = 0, n = 0;
    for (const FeatureSums& sums : partial) {
      sum += sums.first[d];
      squares += sums.second[d];
      n += double(sums.counts[d]);
    }
    if (n == 0) {
      throw Error(data::one_line(spec_ + ": feature " + std::to_string(d + 1) +
                                 " is missing in all examples of split '" + split().name +
                                 "'; leave it out"));
    }
    const double shift = sum / n, mean = double(origin[d]) + shift;
    moments.mean.data_as<double>()[d] = mean;
    moments.variance.data_as<double>()[d] =
        dynamic ? mean * (1 - mean) : std::max(0.0, squares / n - shift * shift);
  }
  moments.extent = dynamic ? zeros_and_ones : bytes ? byte_extent() : Extent();
  for (const FeatureSums& sums : partial) moments.extent.add(sums.extent);
  if (of != nullptr && of->statistics() > 0) moments.statistics = statistics(*of, moments.mean);
  return moments;
}

/// [X, K]. Of dynamic binarisation those of a 0 and a 1 with the probabilities of both.
Tensor Examples::statistics(const Likelihood& of, const Tensor& mean) const {
  const std::size_t width = features(), k = std::size_t(of.statistics());
  Tensor all({std::int64_t(width), std::int64_t(k)}, DType::f64);
  double* const sums = all.data_as<double>();
  if (how_ == data::Binarize::dynamic && role_ == Role::train) {
    std::vector<double> zero(k, 0.0), one(k, 0.0);
    of.add_statistics(0, zero.data());
    of.add_statistics(1, one.data());
    for (std::size_t i = 0; i < width * k; ++i) {
      const double p = mean.at({std::int64_t(i / k)});
      sums[i] = (1 - p) * zero[i % k] + p * one[i % k];
    }
    return all;
  }
  // A feature's numbers are added by one thread, example by example: the same sums for any number.
  const std::size_t rows_at_a_time = std::max<std::size_t>(1, (std::size_t{1} << 20) / width);
  std::vector<double> counts(width, 0.0);
  std::vector<float> x;
  for (std::size_t first = 0; first < count(); first += rows_at_a_time) {
    std::vector<std::uint32_t> rows(std::min(rows_at_a_time, count() - first));
    std::iota(rows.begin(), rows.end(), std::uint32_t(first));
    x.resize(rows.size() * width);
    fill_features(x.data(), rows, 0);
    parallel_for(width, [&](std::size_t d) {
      for (std::size_t row = 0; row < rows.size(); ++row) {
        const float value = x[row * width + d];
        if (std::isnan(value)) continue;  // missing
        of.add_statistics(value, sums + d * k);
        counts[d] += 1;
      }
    });
  }
  for (std::size_t i = 0; i < width * k; ++i) sums[i] /= counts[i / k];
  return all;
}

Extent Examples::extent() const {
  return how_ == data::Binarize::none ? grey_extent() : zeros_and_ones;
}

Extent Examples::grey_extent() const {
  if (bytes_ != nullptr) return byte_extent();
  const std::size_t size = rows_per_chunk(features());
  std::vector<Extent> partial(chunks_of(count(), size));
  parallel_for(partial.size(), [&](std::size_t chunk) {
    thread_local std::vector<float> x;
    x.resize(features());
    for (std::size_t i = chunk * size; i < std::min(count(), (chunk + 1) * size); ++i) {
      split_->images.write(std::int64_t(i), scaling_, x.data());
      partial[chunk].add(x);
    }
  });
  Extent extent;
  for (const Extent& one : partial) extent.add(one);
  return extent;
}

/// Of bytes it is enough to know which of the 256 there are.
Extent Examples::byte_extent() const {
  const std::size_t size = rows_per_chunk(features());
  std::vector<std::array<bool, 256>> seen(chunks_of(count(), size));
  parallel_for(seen.size(), [&](std::size_t chunk) {
    const std::size_t end = std::min(count(), (chunk + 1) * size) * features();
    for (std::size_t i = chunk * size * features(); i < end; ++i) seen[chunk][bytes_[i]] = true;
  });
  std::vector<float> values;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const bool any =
        std::any_of(seen.begin(), seen.end(), [&](const auto& one) { return one[byte]; });
    if (any) values.push_back(float(byte) / float(scaling_.divisor));
  }
  Extent extent;
  extent.add(values);
  return extent;
}

std::string Examples::unfit(const Likelihood* likelihood, const Extent& extent) const {
  const std::string why = nelbo::unfit(likelihood, extent);
  if (why.empty()) return "";
  const std::string scale = scaling_ == data::Scaling(1) ? "" : ", scaled by " + scaling_.text();
  return data::one_line(spec_ + ": split '" + split().name + "' goes " + extent.text() + scale +
                        "; " + why);
}

}  // namespace nelbo
