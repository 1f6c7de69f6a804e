#include "lab/data/preprocess.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "autodiff/setting_error.hpp"
#include "autodiff/threads.hpp"
#include "lab/data/area_resize.hpp"
#include "lab/data/choose_scaling.hpp"
#include "lab/data/picture_shape.hpp"
#include "lab/data/statistics.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo::data {
namespace {

constexpr std::size_t most_in_memory = std::size_t{1} << 30;

[[noreturn]] void refuse(const char* step, const std::string& spec, const std::string& why) {
  throw SettingError(step, one_line(spec + ": " + why));
}

/// What the steps make of pictures of one shape.
struct Plan {
  PictureShape from;                  // what is stored
  std::size_t top = 0, left = 0;      // of the part that is taken,
  std::size_t height = 0, width = 0;  // and its size
  std::optional<AreaResize> resize;
  PictureShape to;
  bool reshapes = false;            // whether the result has another size or other channels
  std::vector<std::int64_t> shape;  // of an example of the result
  std::optional<double> greatest;   // to invert from
  StoredType type = StoredType::float32;

  bool averages() const { return resize || to.channels < from.channels; }
  bool changes() const { return reshapes || greatest; }
};

/// The axes of a result: as they were, but grey that was colour has no channels.
std::vector<std::int64_t> axes_of(const PictureShape& to, bool has_channels) {
  const auto height = std::int64_t(to.height), width = std::int64_t(to.width),
             channels = std::int64_t(to.channels);
  if (!has_channels) return {height, width};
  return to.channels_first ? std::vector{channels, height, width}
                           : std::vector{height, width, channels};
}

/// The type that holds the results: the stored one where it can.
StoredType type_of(const Plan& plan, StoredType stored) {
  if (plan.averages()) return StoredType::float32;
  const bool fits = !plan.greatest || (stored == StoredType::boolean && plan.greatest == 1) ||
                    (stored == StoredType::uint8 && plan.greatest == 255);
  if (fits) return stored;
  return item_size(stored) == 1 || stored == StoredType::float32 ? StoredType::float32
                                                                 : StoredType::float64;
}

void plan_crop(Plan& plan, const PixelSize& size, const std::string& spec) {
  const auto height = std::size_t(size.height), width = std::size_t(size.width);
  if (height > plan.height || width > plan.width) {
    refuse("crop", spec,
           fmt::format("{} does not fit into pictures of {}x{}", size.text(), plan.height,
                       plan.width));
  }
  plan.top = (plan.height - height) / 2;
  plan.left = (plan.width - width) / 2;
  plan.height = height;
  plan.width = width;
}

Plan plan_of(const Images& images, const Preprocessing& steps, const std::string& spec) {
  Plan plan;
  if (steps.invert) plan.greatest = steps.greatest;
  const char* const step = steps.crop ? "crop" : steps.resize ? "resize" : "channels";
  if (steps.crop || steps.resize || steps.channels != 0) {
    const auto picture = picture_shape(images.shape());
    if (!picture) refuse(step, spec, no_pictures(images.shape()));
    plan.from = *picture;
  } else {  // values in any order
    plan.from = {.height = 1, .width = std::size_t(images.features())};
  }
  plan.height = plan.from.height;
  plan.width = plan.from.width;
  if (steps.crop) plan_crop(plan, *steps.crop, spec);
  plan.to = plan.from;
  plan.to.height = plan.height;
  plan.to.width = plan.width;
  if (steps.resize) {
    plan.to.height = std::size_t(steps.resize->height);
    plan.to.width = std::size_t(steps.resize->width);
    if (plan.to.height != plan.height || plan.to.width != plan.width)
      plan.resize.emplace(plan.height, plan.width, plan.to.height, plan.to.width);
  }
  bool has_channels = images.shape().size() == 3;
  if (steps.channels != 0 && std::size_t(steps.channels) != plan.from.channels) {
    plan.to.channels = std::size_t(steps.channels);
    plan.to.channels_first = false;
    has_channels = plan.to.channels > 1;
  }
  plan.reshapes = plan.to != plan.from;
  plan.shape = plan.reshapes ? axes_of(plan.to, has_channels) : images.shape();
  plan.type = type_of(plan, images.type());
  return plan;
}

/// Pictures that are made from others when they are asked for.
class Preprocessed final : public ImageSource {
 public:
  Preprocessed(Images images, Plan plan) : images_(std::move(images)), plan_(std::move(plan)) {}
  std::int64_t count() const override { return images_.count(); }
  StoredType type() const override { return plan_.type; }
  const std::vector<std::int64_t>& shape() const override { return plan_.shape; }
  const std::byte* example(std::int64_t i, std::byte* scratch) const override {
    thread_local std::vector<double> stored, plane, planes;
    read(i, stored);
    const std::size_t area = plan_.to.height * plan_.to.width;
    planes.resize(area * plan_.from.channels);
    for (std::size_t channel = 0; channel < plan_.from.channels; ++channel)
      make_plane(stored, channel, plane, &planes[channel * area]);
    of_type(plan_.type, [&]<class T>(T) {
      for (std::size_t pixel = 0; pixel < area; ++pixel) {
        for (std::size_t channel = 0; channel < plan_.to.channels; ++channel) {
          const T value = T(value_of(planes, pixel, channel));
          const std::size_t at =
              plan_.to.at(pixel / plan_.to.width, pixel % plan_.to.width, channel);
          std::memcpy(scratch + at * sizeof(T), &value, sizeof(T));
        }
      }
    });
    return scratch;
  }

 private:
  void read(std::int64_t i, std::vector<double>& stored) const {
    thread_local std::vector<std::byte> bytes;
    bytes.resize(images_.example_bytes());
    const std::byte* const from = images_.raw(i, bytes.data());
    stored.resize(std::size_t(images_.features()));
    of_type(images_.type(), [&]<class T>(T) {
      for (std::size_t k = 0; k < stored.size(); ++k) {
        T value;
        std::memcpy(&value, from + k * sizeof(T), sizeof(T));
        stored[k] = double(value);
      }
    });
  }

  /// One channel, cropped and resized.
  void make_plane(const std::vector<double>& stored, std::size_t channel,
                  std::vector<double>& plane, double* to) const {
    thread_local std::vector<double> scratch;
    plane.resize(plan_.height * plan_.width);
    for (std::size_t row = 0; row < plan_.height; ++row)
      for (std::size_t column = 0; column < plan_.width; ++column)
        plane[row * plan_.width + column] =
            stored[plan_.from.at(plan_.top + row, plan_.left + column, channel)];
    if (plan_.resize) return (*plan_.resize)(plane.data(), to, scratch);
    std::copy(plane.begin(), plane.end(), to);
  }

  double value_of(const std::vector<double>& planes, std::size_t pixel, std::size_t channel) const {
    const std::size_t area = plan_.to.height * plan_.to.width;
    double value =
        planes[plan_.from.channels == plan_.to.channels ? channel * area + pixel : pixel];
    // Whole weights: equal channels give their value, exactly.
    if (plan_.to.channels < plan_.from.channels)
      value = (299 * value + 587 * planes[area + pixel] + 114 * planes[2 * area + pixel]) / 1000;
    return plan_.greatest ? *plan_.greatest - value : value;
  }

  Images images_;
  Plan plan_;
};

/// The same images in memory, where they are not too many.
Images kept(const Images& images) {
  const std::size_t size = images.example_bytes();
  if (std::size_t(images.count()) > most_in_memory / size) return images;
  Array array{images.type(), images.shape(), {}};
  array.shape.insert(array.shape.begin(), images.count());
  array.bytes.resize(std::size_t(images.count()) * size);
  parallel_for(std::size_t(images.count()),
               [&](std::size_t i) { images.raw(std::int64_t(i), array.bytes.data() + i * size); });
  return Images(std::move(array));
}

}  // namespace

double greatest_of(const Dataset& data) {
  const double greatest = statistics(data.training(), 1).max;
  if (greatest <= 1) return 1;
  return holds_pixels(data) ? 255 : greatest;
}

void preprocess(Dataset& dataset, Preprocessing steps) {
  if (!steps.any()) return;
  if (steps.invert && !steps.greatest) steps.greatest = greatest_of(dataset);
  const std::string before = fmt::format("{} {}", shape_text(dataset.example_shape()),
                                         type_name(dataset.splits.front().images.type()));
  for (Split& split : dataset.splits) {
    Plan plan = plan_of(split.images, steps, dataset.spec);
    if (!plan.changes()) continue;
    split.images =
        kept(Images(std::make_shared<Preprocessed>(std::move(split.images), std::move(plan))));
  }
  dataset.notes.push_back(fmt::format("made from {}: {}", before, steps.text()));
  dataset.steps = std::move(steps);
}

}  // namespace nelbo::data
