#include "apps/reports/pictures.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "lab/data/picture_range.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/files/png.hpp"

namespace nelbo {
namespace {

constexpr std::size_t reconstruction_columns = 10;
constexpr std::size_t reconstruction_rows = 3;
constexpr std::size_t sample_columns = 8;
constexpr std::size_t traversal_columns = 11;
constexpr std::size_t traversal_variables = 10;
constexpr float traversal_range = 3;
constexpr std::size_t examples_for_kl = 500;

/// `wanted` examples, evenly spread: data are often sorted by label.
std::vector<std::uint32_t> spread(std::size_t count, std::size_t wanted) {
  std::vector<std::uint32_t> rows(std::min(count, wanted));
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = std::uint32_t(i * count / rows.size());
  return rows;
}

Tensor examples_at(const Examples& examples, const std::vector<std::uint32_t>& rows) {
  Tensor x({std::int64_t(rows.size()), std::int64_t(examples.features())});
  examples.fill(x.data_as<float>(), rows, 0);
  return x;
}

/// Latent variables by decreasing mean of their part of Zheng eq. (16).
std::vector<std::int64_t> by_divergence(const Model& model, const Encoded& q) {
  const std::vector<double> kl = mean_divergences(model.codes(), q);
  std::vector<std::int64_t> order(kl.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return kl[std::size_t(a)] > kl[std::size_t(b)]; });
  return order;
}

/// Pictures of one latent variable: all its values, if they are few.
std::size_t columns_of(const CodeSpace& codes) {
  if (!codes.discrete()) return traversal_columns;
  return std::min(traversal_columns, std::size_t(codes.values()));
}

/// Takes the numbers of one latent variable to the place `column` of its traversal.
void set_variable(float* numbers, std::size_t column, const CodeSpace& codes) {
  switch (codes.kind) {
    case CodeSpace::Kind::binary:
      *numbers = float(column);
      return;
    case CodeSpace::Kind::one_hot:
      std::fill_n(numbers, codes.classes, 0.0f);
      numbers[column] = 1;
      return;
    case CodeSpace::Kind::continuous:
      *numbers = traversal_range * (2 * float(column) / float(traversal_columns - 1) - 1);
  }
}

}  // namespace

std::string why_no_pictures(const Model& model, const std::vector<std::int64_t>& example) {
  if (!picture_shape(example)) return no_pictures(example);
  return model.likelihood() == nullptr ? "the model has no likelihood, whose mean they would be"
                                       : "";
}

void write_pictures(const std::string& path, const Tensor& pictures, const PictureShape& shape,
                    std::size_t columns, const data::Scaling& scaling,
                    std::pair<double, double> range) {
  const auto [low, high] = range;
  const auto count = std::size_t(pictures.shape()[0]), size = std::size_t(pictures.shape()[1]);
  std::vector<float> tiles(count * size), x(size);
  float* pixel = tiles.data();
  for (std::size_t i = 0; i < count; ++i) {
    std::copy_n(pictures.data_as<float>() + i * size, size, x.data());
    scaling.restore(x.data());
    for (std::size_t row = 0; row < shape.height; ++row)
      for (std::size_t column = 0; column < shape.width; ++column)
        for (std::size_t channel = 0; channel < shape.channels; ++channel)
          *pixel++ = float((x[shape.at(row, column, channel)] - low) / (high - low));
  }
  write_png_grid(path, {tiles.data(), count, shape.height, shape.width, shape.channels}, columns);
}

Pictures::Pictures(const Model& model, const Examples& held_out, std::uint64_t seed)
    : model_(model),
      held_out_(held_out),
      seed_(seed),
      shape_(picture_shape(held_out.split().images.shape())) {
  if (!why_no_pictures(model, held_out.split().images.shape()).empty()) shape_.reset();
  if (shape_) range_ = picture_range(held_out);
}

void Pictures::write(const RunFolder& folder) const {
  if (!shape_) return;
  write_pictures(folder.image("reconstructions"), reconstructions(), *shape_,
                 reconstruction_columns, held_out_.scaling(), range_);
  write_pictures(folder.image("samples"), samples(), *shape_, sample_columns, held_out_.scaling(),
                 range_);
  write_pictures(folder.image("traversals"), traversals(), *shape_, columns_of(model_.codes()),
                 held_out_.scaling(), range_);
}

Tensor Pictures::reconstructions() const {
  const Tensor x = examples_at(
      held_out_, spread(held_out_.count(), reconstruction_columns * reconstruction_rows));
  const Tensor again = decode_means(model_, most_probable_codes(model_, x));
  const std::int64_t n = x.shape()[0], width = x.shape()[1];
  const auto columns = std::min(n, std::int64_t(reconstruction_columns));
  // Whole rows only: a row of examples, then the row of their reconstructions.
  const std::int64_t rows = n / columns;
  Tensor both({2 * rows * columns, width});
  const std::size_t row_bytes = std::size_t(columns * width) * sizeof(float);
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t from = row * columns * width;
    std::memcpy(both.data_as<float>() + 2 * from, x.data_as<float>() + from, row_bytes);
    std::memcpy(both.data_as<float>() + 2 * from + columns * width, again.data_as<float>() + from,
                row_bytes);
  }
  return both;
}

Tensor Pictures::samples() const {
  return decode_means(model_, sample_prior(model_, sample_columns * sample_columns, seed_));
}

Tensor Pictures::traversals() const {
  const Tensor x = examples_at(held_out_, spread(held_out_.count(), examples_for_kl));
  std::vector<std::int64_t> variables = by_divergence(model_, encode(model_, x));
  variables.resize(std::min(variables.size(), traversal_variables));
  const CodeSpace codes = model_.codes();
  const std::int64_t dimensions = codes.dimensions();
  const std::size_t columns = columns_of(codes);
  // The other variables stay where the encoder puts the first example.
  const Tensor first = most_probable_codes(model_, x.slice(0, 0, 1));
  Tensor z({std::int64_t(variables.size() * columns), dimensions});
  float* row = z.data_as<float>();
  for (const std::int64_t variable : variables) {
    for (std::size_t column = 0; column < columns; ++column, row += dimensions) {
      std::copy_n(first.data_as<float>(), dimensions, row);
      set_variable(row + variable * codes.width(), column, codes);
    }
  }
  return decode_means(model_, z);
}

}  // namespace nelbo
