#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "lab/data/dataset.hpp"
#include "lab/data/load.hpp"
#include "lab/training/run_config.hpp"
#include "lab/training/run_folder.hpp"
#include "lab/training/trainer.hpp"
#include "tests/lab/data_files.hpp"

namespace nelbo::tests {

/// `count` grey images of side x side bytes: two soft blobs at random places.
inline data::Array blobs(std::int64_t count, std::int64_t side, std::uint32_t seed) {
  std::mt19937 random(seed);
  data::Array array{data::StoredType::uint8, {count, side, side}, {}};
  array.bytes.resize(std::size_t(count * side * side));
  auto* pixel = reinterpret_cast<std::uint8_t*>(array.bytes.data());
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t at = std::int64_t(random() % std::uint32_t(side));
    for (std::int64_t y = 0; y < side; ++y) {
      for (std::int64_t x = 0; x < side; ++x) {
        const std::int64_t distance = (x - at) * (x - at) + (y - at) * (y - at);
        *pixel++ = std::uint8_t(distance < 2 ? 250 - random() % 20 : distance < 6 ? 90 : 0);
      }
    }
  }
  return array;
}

/// Images of bytes as an IDX file.
inline std::string idx_of(const data::Array& images) {
  std::vector<std::uint32_t> sizes(images.shape.begin(), images.shape.end());
  return idx(sizes, {reinterpret_cast<const char*>(images.bytes.data()), images.bytes.size()});
}

/// 50 training and 23 held-out images of 4 x 4 grey bytes: neither is a multiple of the batch in
/// use.
inline data::Dataset tiny_data() {
  data::Dataset data;
  data.spec = "tiny";
  data.format = "idx";
  data.scale = 255;
  data.splits.push_back({"train", data::Images(blobs(50, 4, 1)), {}, {}});
  data.splits.push_back({"test", data::Images(blobs(23, 4, 2)), {}, {}});
  return data;
}

/// A small model on tiny_data: batches of 16 make epochs of 4 steps, the last of 2 examples.
inline TrainConfig tiny_config() {
  TrainConfig config;
  config.data = "tiny";
  config.binarize = "dynamic";
  config.model = "mlp";
  config.hidden = {7};
  config.latent = 3;
  config.batch = 16;
  config.lr = 1e-2;
  config.epochs = 1;
  return config;
}

/// The numbers of an array in a file: FILE:member.
inline std::vector<float> floats(const std::string& spec) {
  const data::Images images = data::read_dataset(spec).splits[0].images;
  std::vector<float> values(std::size_t(images.count() * images.features()));
  for (std::int64_t i = 0; i < images.count(); ++i) {
    images.write(i, 1, values.data() + i * images.features());
  }
  return values;
}

/// `steps` steps, with everything that a run does at the end of an epoch.
inline void advance(Trainer& trainer, int steps) {
  for (int i = 0; i < steps; ++i) {
    trainer.step();
    if (trainer.epoch_ended()) trainer.close_epoch(trainer.held_out().objective);
  }
}

/// The bytes of its checkpoint, written at `path`.
inline std::string bytes_of(const Trainer& trainer, const std::string& path) {
  trainer.save(path);
  return read_text(path);
}

inline std::string operator/(const TempFolder& folder, const std::string& name) {
  return folder.path() + "/" + name;
}

/// Of a group, float32.
inline std::vector<float> parameters(const ParameterStore& store, const std::string& group) {
  const Range range = store.range(group);
  const auto* first = static_cast<const float*>(store.data()) + range.offset;
  std::vector<float> values(range.length);
  std::copy_n(first, range.length, values.begin());
  return values;
}

/// The largest difference.
inline double distance(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(double(a[i]) - b[i]));
  }
  return largest;
}

}  // namespace nelbo::tests
