// Data sets of arrays: nelbo reads the array's own memory. Such a data set has a name made of its content,
// "array:3f2a...", by which a run finds it again in a process that has been given the same arrays.
#include "python/src/data.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/error.hpp"
#include "lab/data/choose_scaling.hpp"
#include "lab/data/data_words.hpp"
#include "lab/data/dataset.hpp"
#include "lab/data/factors.hpp"
#include "lab/data/load.hpp"
#include "lab/files/sha256.hpp"
#include "python/src/arrays.hpp"
#include "python/src/held.hpp"

namespace nelbo::python {
namespace {

constexpr const char* word = "array";

class PythonArray final : public data::ImageSource {
 public:
  PythonArray(AnyArray array, const std::string& what)
      : type_(stored_type_of(array, what)),
        shape_(shape_of(array)),
        array_(held<const AnyArray>(std::move(array))) {
    count_ = shape_.front();
    shape_.erase(shape_.begin());
    if (shape_.empty()) shape_.push_back(1);
    stride_ = std::accumulate(shape_.begin(), shape_.end(), data::item_size(type_),
                              [](std::size_t a, std::int64_t b) { return a * std::size_t(b); });
  }
  std::int64_t count() const override { return count_; }
  data::StoredType type() const override { return type_; }
  const std::vector<std::int64_t>& shape() const override { return shape_; }
  const std::byte* example(std::int64_t i, std::byte*) const override {
    return static_cast<const std::byte*>(array_->data()) + std::size_t(i) * stride_;
  }
  bool is_block() const override { return true; }

 private:
  data::StoredType type_;
  std::vector<std::int64_t> shape_;
  std::shared_ptr<const AnyArray> array_;
  std::int64_t count_ = 0;
  std::size_t stride_ = 0;
};

/// Whether entries are missing: NaN. Throws Error for other numbers that are no finite float32.
bool has_missing(const AnyArray& array, data::StoredType type, const std::string& what) {
  if (!data::is_floating(type)) return false;
  bool missing = false;
  data::of_type(type, [&]<class T>(T) {
    const auto* const values = static_cast<const T*>(array.data());
    for (std::size_t i = 0; i < array.size(); ++i) {
      missing |= std::isnan(values[i]);
      if (!(std::fabs(double(values[i])) > double(std::numeric_limits<float>::max()))) continue;
      throw Error(what + ": element " + std::to_string(i) + ", row by row, is " +
                  std::to_string(values[i]) + ", no finite float32");
    }
  });
  return missing;
}

struct SplitGiven {
  std::string name;
  AnyArray x;
  std::optional<AnyArray> labels, factors;
};

data::Images images_of(const SplitGiven& given, bool& missing) {
  const std::string what = "data: '" + given.name + "'";
  const AnyArray& x = given.x;
  if (x.ndim() == 0 || x.size() == 0) {
    throw Error(what + " has no examples; give an array [N, ...]");
  }
  if (x.ndim() > std::size_t(max_rank)) throw Error(what + " has too many axes");
  if (!is_row_major(x)) throw Error(what + " is not row-major; take numpy.ascontiguousarray");
  const data::StoredType type = stored_type_of(x, what);
  missing |= has_missing(x, type, what);
  return data::Images(std::make_shared<PythonArray>(x, what));
}

data::Split split_of(const SplitGiven& given, std::vector<std::string>& factor_names,
                     bool& missing) {
  const std::string what = "data: '" + given.name + "'";
  data::Split split{
      .name = given.name, .images = images_of(given, missing), .labels = {}, .factors = {}};
  const std::int64_t count = split.images.count();
  if (given.labels) {
    for (const double label : doubles_of(*given.labels)) {
      if (label != std::floor(label)) throw Error(what + ": labels are whole numbers");
      split.labels.push_back(std::int64_t(label));
    }
    if (std::int64_t(split.labels.size()) != count) {
      throw Error(what + " has " + std::to_string(count) + " examples and " +
                  std::to_string(split.labels.size()) + " labels");
    }
  }
  if (given.factors) {
    const std::vector<double> values = doubles_of(*given.factors);
    data::Array array{
        .type = data::StoredType::float64, .shape = shape_of(*given.factors), .bytes = {}};
    array.bytes.resize(values.size() * sizeof(double));
    std::memcpy(array.bytes.data(), values.data(), values.size() * sizeof(double));
    data::FactorTable table = data::factors_of(array, count);
    if (table.names.empty()) {
      throw Error(what + ": factors are numbers [N, K], a row for each of the " +
                  std::to_string(count) + " examples");
    }
    if (factor_names.empty()) factor_names = table.names;
    split.factors = std::move(table.classes);
    split.factor_values = std::move(table.values);
  }
  return split;
}

struct ArraysRead {
  data::Dataset dataset;
  bool missing = false;  // whether entries are
};

/// By the name's part after the colon, for as long as Python holds them.
std::map<std::string, std::weak_ptr<const ArraysRead>>& data_of_arrays() {
  static std::map<std::string, std::weak_ptr<const ArraysRead>> all;
  return all;
}

/// What Python holds of a data set of arrays.
struct ArraysHeld {
  std::shared_ptr<const ArraysRead> read;
};

std::shared_ptr<const ArraysRead> find(const Choice& choice) {
  const auto found = data_of_arrays().find(choice.argument);
  if (found != data_of_arrays().end()) {
    if (const auto held = found->second.lock()) return held;
  }
  throw Error("data '" + choice.text +
              "' are arrays, which this process has not been given; give them to "
              "nelbo.load_data(...), or name other data");
}

/// Of all that the data set holds: its name.
std::string key_of(const data::Dataset& dataset) {
  Sha256 hash;
  const auto add = [&](const auto& values) {
    hash.update(values.data(), values.size() * sizeof(*values.data()));
  };
  add(content_hash(dataset));
  for (const data::Split& split : dataset.splits) {
    add(split.name + data::type_name(split.images.type()) + std::to_string(split.images.count()));
    add(split.images.shape());
    add(split.labels);
    add(split.factors);
    add(split.factor_values);
  }
  for (const std::string& name : dataset.factor_names) add(name + ";");
  return hash.hex().substr(0, 16);
}

ArraysHeld define(std::vector<SplitGiven> given, std::vector<std::string> factor_names) {
  ArraysRead read;
  data::Dataset& dataset = read.dataset;
  std::vector<std::string> names = factor_names;
  for (const SplitGiven& one : given) {
    dataset.splits.push_back(split_of(one, names, read.missing));
  }
  const auto& shape = dataset.splits.front().images.shape();
  for (const data::Split& split : dataset.splits) {
    if (split.images.shape() == shape &&
        split.images.type() == dataset.splits.front().images.type())
      continue;
    throw Error("data: examples of '" + split.name +
                "' have another shape or type than those of '" + dataset.splits.front().name + "'");
  }
  if (!names.empty()) {
    data::name_factors(dataset,
                       std::vector<std::vector<std::string>>(dataset.splits.size(), names));
  }
  dataset.format = "npy";  // whose bytes are pixels, as these are
  dataset.scale = data::choose_scaling(dataset, "");
  dataset.format = word;
  const std::string key = key_of(dataset);
  dataset.spec = std::string(word) + ":" + key;
  std::weak_ptr<const ArraysRead>& known = data_of_arrays()[key];
  if (const auto held = known.lock()) return {held};
  const auto held = std::make_shared<const ArraysRead>(std::move(read));
  known = held;
  return {held};
}

/// A data set as it is stored.
class PythonData {
 public:
  explicit PythonData(const std::string& spec, const std::string& label)
      : dataset_(data::read_dataset(spec, data::Reading(label, {}, true))) {}

  const data::Dataset& get() const { return dataset_; }
  const data::Split& split(const std::string& name) const {
    return name.empty() ? dataset_.splits.front() : dataset_.split(name);
  }
  /// [N, ...] as a model sees them, float32.
  nb::object x(const std::string& name) const {
    const data::Images& images = split(name).images;
    const std::size_t width = std::size_t(images.features());
    std::vector<std::int64_t> shape = images.shape();
    shape.insert(shape.begin(), images.count());
    const Tensor rows({images.count(), images.features()});
    for (std::int64_t i = 0; i < images.count(); ++i) {
      images.write(i, dataset_.scale, rows.data_as<float>() + std::size_t(i) * width);
    }
    return shape.size() <= std::size_t(max_rank)
               ? numpy_of(rows.reshape(Shape(std::span<const std::int64_t>(shape))), true)
               : numpy_of(rows, true);
  }

 private:
  data::Dataset dataset_;
};

}  // namespace

void bind_data(nb::module_& module) {
  data::data_sets().add({.name = word,
                         .usage = "array:HASH",
                         .summary = "arrays that this Python process was given",
                         .make = [](const Choice& choice) { return find(choice)->dataset; },
                         .missing = [](const Choice& choice) { return find(choice)->missing; }});
  nb::class_<ArraysHeld>(module, "ArraysHeld").def_prop_ro("spec", [](const ArraysHeld& self) {
    return self.read->dataset.spec;
  });
  module.def(
      "define_data",
      [](const nb::list& splits, std::vector<std::string> factor_names) {
        std::vector<SplitGiven> given;
        for (const nb::handle one : splits) {
          const nb::tuple parts = nb::cast<nb::tuple>(one);
          const auto array = [&](std::size_t i) -> std::optional<AnyArray> {
            if (parts[i].is_none()) return std::nullopt;
            return array_of(parts[i]);
          };
          given.push_back(
              {nb::cast<std::string>(parts[0]), array_of(parts[1]), array(2), array(3)});
        }
        return define(std::move(given), std::move(factor_names));
      },
      nb::arg("splits"), nb::arg("factor_names"),
      nb::sig("def define_data(splits: list[typing.Any], factor_names: list[str]) -> ArraysHeld"));
  nb::class_<PythonData>(module, "DataSet")
      .def(nb::init<const std::string&, const std::string&>(), nb::arg("spec"), nb::arg("label"))
      .def_prop_ro("spec", [](const PythonData& self) { return self.get().spec; })
      .def_prop_ro("notes", [](const PythonData& self) { return self.get().notes; })
      .def_prop_ro("shape", [](const PythonData& self) { return self.get().example_shape(); })
      .def_prop_ro("dtype",
                   [](const PythonData& self) {
                     return std::string(data::type_name(self.get().splits.front().images.type()));
                   })
      .def_prop_ro("scale", [](const PythonData& self) { return self.get().scale.text(); })
      .def_prop_ro("factor_names", [](const PythonData& self) { return self.get().factor_names; })
      .def_prop_ro(
          "splits",
          [](const PythonData& self) {
            nb::dict all;
            for (const data::Split& split : self.get().splits) {
              all[nb::str(split.name.c_str())] = split.images.count();
            }
            return all;
          },
          nb::sig("def splits(self) -> dict[str, int]"))
      .def("describe", [](const PythonData& self) { return data::describe(self.get()); })
      .def("x", &PythonData::x, nb::arg("split"),
           nb::sig("def x(self, split: str) -> numpy.typing.NDArray[numpy.float32]"))
      .def(
          "labels",
          [](const PythonData& self, const std::string& split) {
            const std::vector<std::int64_t>& labels = self.split(split).labels;
            return numpy_of(labels, {std::int64_t(labels.size())});
          },
          nb::arg("split"),
          nb::sig("def labels(self, split: str) -> numpy.typing.NDArray[numpy.int64]"))
      .def(
          "factors",
          [](const PythonData& self, const std::string& split) {
            const data::Split& of = self.split(split);
            const auto columns = std::int64_t(self.get().factor_names.size());
            std::vector<double> values = of.factor_values;
            if (values.empty()) values.assign(of.factors.begin(), of.factors.end());
            const auto rows = columns > 0 ? std::int64_t(values.size()) / columns : 0;
            return numpy_of(std::move(values), {rows, columns});
          },
          nb::arg("split"),
          nb::sig("def factors(self, split: str) -> numpy.typing.NDArray[numpy.float64]"));
}

}  // namespace nelbo::python
