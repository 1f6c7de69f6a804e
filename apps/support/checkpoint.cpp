#include "apps/support/checkpoint.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "apps/support/safetensors.hpp"
#include "autodiff/error.hpp"

namespace nelbo {
namespace {

const std::string moment_prefix = "optimizer.";

data::StoredType stored_type(DType dtype) {
  return dtype == DType::f64 ? data::StoredType::float64 : data::StoredType::float32;
}

safetensors::View view(const Tensor& tensor) {
  const auto dims = tensor.shape().dims();
  return {stored_type(tensor.dtype()), {dims.begin(), dims.end()}, tensor.data()};
}

safetensors::Views parameter_views(const ParameterStore& store) {
  safetensors::Views views;
  for (const ParameterStore::Entry& entry : store.entries()) {
    views[entry.name] = view(store.tensor(entry.name));
  }
  return views;
}

/// Values of one tensor, of the type and shape that `wanted` has.
data::Array read_like(const safetensors::Reader& file, const std::string& path,
                      const std::string& name, const Tensor& wanted) {
  if (!file.has(name)) {
    throw Error(path + ": holds no tensor '" + name +
                "'; it belongs to another model or optimiser");
  }
  data::Array array = file.read(name);
  const auto dims = wanted.shape().dims();
  if (array.type != stored_type(wanted.dtype()) ||
      array.shape != std::vector<std::int64_t>(dims.begin(), dims.end())) {
    throw Error(path + ": tensor '" + name + "' is " + data::type_name(array.type) + " " +
                data::shape_text(array.shape) + ", the model has " + name_of(wanted.dtype()) + " " +
                wanted.shape().text());
  }
  return array;
}

/// Tensors to be overwritten once the whole file is known to fit.
struct Restored {
  Tensor to;
  data::Array from;
};

void copy_all(const std::vector<Restored>& all) {
  for (const Restored& one : all) {
    std::memcpy(one.to.data(), one.from.bytes.data(), one.from.bytes.size());
  }
}

std::vector<Restored> read_parameters(const safetensors::Reader& file, const std::string& path,
                                      const ParameterStore& store) {
  std::vector<Restored> all;
  for (const ParameterStore::Entry& entry : store.entries()) {
    const Tensor to = store.tensor(entry.name);
    all.push_back({to, read_like(file, path, entry.name, to)});
  }
  const safetensors::Views known = parameter_views(store);
  for (const auto& [name, entry] : file.entries()) {
    if (!name.starts_with(moment_prefix) && !known.contains(name)) {
      throw Error(path + ": tensor '" + name + "' is no parameter of the model");
    }
  }
  return all;
}

const std::string& text_of(const safetensors::Reader& file, const std::string& path,
                           const std::string& key) {
  const auto found = file.metadata().find(key);
  if (found == file.metadata().end()) {
    throw Error(path + ": holds no '" + key + "'; only last.safetensors can be resumed");
  }
  return found->second;
}

std::uint64_t read_count(const safetensors::Reader& file, const std::string& path,
                         const std::string& key) {
  const std::string& text = text_of(file, path, key);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) {
    throw Error(path + ": '" + key + "' is not a number: '" + text + "'");
  }
  return value;
}

double read_number(const safetensors::Reader& file, const std::string& path,
                   const std::string& key) {
  const std::string& text = text_of(file, path, key);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0') {
    throw Error(path + ": '" + key + "' is not a number: '" + text + "'");
  }
  return value;
}

}  // namespace

void save_checkpoint(const std::string& path, const ParameterStore& store,
                     const Optimizer& optimizer, const TrainState& state) {
  safetensors::Views views = parameter_views(store);
  for (const Optimizer::State& moment : optimizer.state()) {
    views[moment_prefix + moment.name] = view(moment.values);
  }
  safetensors::Metadata numbers{
      {"step", std::to_string(state.step)},
      {"epoch", std::to_string(state.epoch)},
      {"batch", std::to_string(state.batch)},
      {"updates", std::to_string(optimizer.steps())},
      {"sum_nell", fmt::format("{:a}", state.sums.nell)},
      {"sum_div", fmt::format("{:a}", state.sums.div)},
      {"sum_examples", std::to_string(state.sums.examples)},
      {"sum_gradient_norm", fmt::format("{:a}", state.gradient_norms)},
  };
  if (state.best) numbers["best"] = fmt::format("{:a}", *state.best);
  safetensors::write(path, views, numbers);
}

void load_checkpoint(const std::string& path, ParameterStore& store, Optimizer& optimizer,
                     TrainState& state) {
  const safetensors::Reader file(path);
  std::vector<Restored> all = read_parameters(file, path, store);
  for (const Optimizer::State& moment : optimizer.state()) {
    all.push_back(
        {moment.values, read_like(file, path, moment_prefix + moment.name, moment.values)});
  }
  TrainState read;
  read.step = read_count(file, path, "step");
  read.epoch = read_count(file, path, "epoch");
  read.batch = read_count(file, path, "batch");
  read.sums.nell = read_number(file, path, "sum_nell");
  read.sums.div = read_number(file, path, "sum_div");
  read.sums.examples = read_count(file, path, "sum_examples");
  read.gradient_norms = read_number(file, path, "sum_gradient_norm");
  if (file.metadata().contains("best")) read.best = read_number(file, path, "best");
  const std::uint64_t updates = read_count(file, path, "updates");

  copy_all(all);
  optimizer.set_steps(updates);
  state = read;
}

void save_parameters(const std::string& path, const ParameterStore& store,
                     const TrainState& state) {
  safetensors::write(
      path, parameter_views(store),
      {{"step", std::to_string(state.step)}, {"epoch", std::to_string(state.epoch)}});
}

void load_parameters(const std::string& path, ParameterStore& store) {
  copy_all(read_parameters(safetensors::Reader(path), path, store));
}

}  // namespace nelbo
