#include "apps/reports/pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "apps/reports/mean_text.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/training/run_data.hpp"

namespace nelbo {
namespace {

constexpr std::int64_t reconstruction_columns = 10;
constexpr std::size_t reconstruction_rows = 3;
constexpr std::size_t sample_count = 64;
constexpr std::size_t traversal_columns = 11;
constexpr std::size_t examples_for_kl = 500;

}  // namespace

std::string why_no_pictures(const Model& model, const std::vector<std::int64_t>& example) {
  if (!picture_shape(example)) return no_pictures(example);
  return model.likelihood() == nullptr ? "the model has no likelihood, whose mean they would be"
                                       : "";
}

PictureView picture_view(const TrainConfig& config) {
  return {*picture_shape(config.example), scaling_of(config), config.picture_range};
}

PictureGrid reconstruction_grid(const Tensor& x, const Tensor& reconstructions) {
  const std::int64_t n = x.shape()[0], width = x.shape()[1];
  const std::int64_t columns = std::min(n, reconstruction_columns), rows = n / columns;
  PictureGrid grid{Tensor({2 * rows * columns, width}), std::size_t(columns)};
  const std::int64_t row_size = columns * width;
  float* to = grid.x.data_as<float>();
  // An entry that is missing is shown as the encoder sees it.
  const auto shown = [](float value) { return std::isnan(value) ? 0 : value; };
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* const from = x.data_as<float>() + row * row_size;
    to = std::transform(from, from + row_size, to, shown);
    to = std::copy_n(reconstructions.data_as<float>() + row * row_size, row_size, to);
    grid.rows.insert(grid.rows.end(), {"data", "model"});
  }
  return grid;
}

PictureGrid square_grid(const Tensor& x) {
  return {x, std::size_t(std::ceil(std::sqrt(double(x.shape()[0]))))};
}

PictureGrid traversal_grid(const Traversal& traversal, const std::vector<double>& kl,
                           const Tensor& pictures) {
  PictureGrid grid{pictures, traversal.values.size()};
  for (const std::int64_t variable : traversal.variables) {
    const double nats = kl[std::size_t(variable)];
    grid.rows.push_back(fmt::format("z{}\nKL {}", variable, fixed_text(nats, 2)));
  }
  for (const double value : traversal.values) grid.heads.push_back(fmt::format("{:.3g}", value));
  grid.corner = "KL in nats";
  return grid;
}

std::vector<double> divergences(const Model& model, const Examples& examples) {
  const Tensor x = examples_at(examples, spread_rows(examples.count(), examples_for_kl));
  return mean_divergences(model.codes(), encode(model, x));
}

Pictures::Pictures(const Model& model, const Examples& held_out, const TrainConfig& config,
                   std::uint64_t seed)
    : model_(model), held_out_(held_out), seed_(seed) {
  if (why_no_pictures(model, config.example).empty()) view_ = picture_view(config);
}

std::optional<std::string> Pictures::write(const std::filesystem::path& folder) const {
  if (!view_) return std::nullopt;
  const std::pair<const char*, PictureGrid> all[] = {
      {"reconstructions", reconstructions()}, {"samples", samples()}, {"traversals", traversals()}};
  for (const auto& [name, grid] : all) {
    if (const auto row = row_not_finite(grid.x)) {
      return fmt::format("picture {} of {}", *row, name);
    }
  }
  for (const auto& [name, grid] : all) {
    write_pictures((folder / name).string() + ".png", grid, *view_);
  }
  return std::nullopt;
}

PictureGrid Pictures::reconstructions() const {
  const Tensor shown = examples_at(
      held_out_,
      spread_rows(held_out_.count(), std::size_t(reconstruction_columns) * reconstruction_rows));
  return reconstruction_grid(
      x_of(model_, shown),
      decode_means(model_, most_probable_codes(model_, shown), conditions_of(model_, shown)));
}

Tensor Pictures::held_out_conditions(std::size_t count) const {
  if (model_.conditions() == 0) return Tensor(Shape{0});
  std::vector<std::uint32_t> rows(count);
  for (std::size_t i = 0; i < count; ++i) rows[i] = std::uint32_t(i % held_out_.count());
  return conditions_of(model_, examples_at(held_out_, rows));
}

PictureGrid Pictures::samples() const {
  const Tensor conditions = held_out_conditions(sample_count);
  return square_grid(
      decode_means(model_, sample_prior(model_, sample_count, seed_, conditions), conditions));
}

PictureGrid Pictures::traversals() const {
  const std::vector<double> kl = divergences(model_, held_out_);
  const CodeSpace codes = model_.codes();
  std::vector<std::int64_t> variables = alike(codes, by_divergence(kl));
  variables.resize(std::min(variables.size(), traversed_variables));
  const CodeSpace& own = codes.of(variables.front());
  const auto [least, most] = usual_range(own);
  // The other variables stay where the encoder puts the first example.
  const std::uint32_t first[] = {0};
  const Tensor shown = examples_at(held_out_, first);
  const Traversal all = traverse(codes, most_probable_codes(model_, shown), variables,
                                 own.discrete() ? classes_of(own, traversal_columns)
                                                : evenly_spaced(least, most, traversal_columns));
  return traversal_grid(
      all, kl,
      decode_means(model_, all.z, repeated(conditions_of(model_, shown), all.z.shape()[0])));
}

}  // namespace nelbo
