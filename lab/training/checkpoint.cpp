#include "lab/training/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "autodiff/error.hpp"
#include "autodiff/number_of.hpp"
#include "lab/files/safetensors.hpp"

namespace nelbo {
namespace {

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

/// Why a tensor cannot be taken for one of the type and shape of `wanted`; empty where it can.
std::string unlike(const safetensors::Reader& file, const std::string& name, const Tensor& wanted) {
  const auto found = file.entries().find(name);
  if (found == file.entries().end()) return "not there";
  const auto& [type, shape, begin, end] = found->second;
  const auto dims = wanted.shape().dims();
  const std::vector<std::int64_t> here(dims.begin(), dims.end());
  if (shape != here) return data::shape_text(shape) + " there, " + data::shape_text(here) + " here";
  if (type == (wanted.dtype() == DType::f64 ? "F64" : "F32")) return "";
  return type + " there";
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

/// The tensor that is the parameters' moving average.
const std::string ema_name = "ema";

/// Groups of the networks that learnt beside the model.
std::vector<std::string> groups_beside(const safetensors::Reader& file) {
  const auto found = file.metadata().find("auxiliaries");
  if (found == file.metadata().end()) return {"critic", "baseline"};  // those of nelbo 0.1.0
  std::vector<std::string> groups;
  std::istringstream list(found->second);
  for (std::string group; std::getline(list, group, ',');) groups.push_back(group);
  return groups;
}

/// Throws Error for a tensor that is neither the model's nor of what learnt beside it.
void check_no_others(const safetensors::Reader& file, const std::string& path,
                     const ParameterStore& store) {
  const safetensors::Views known = parameter_views(store);
  const std::vector<std::string> groups = groups_beside(file);
  const auto moments_of = [&](const std::vector<std::string>& some, const std::string& name) {
    return std::any_of(some.begin(), some.end(), [&](const std::string& group) {
      return name.starts_with(group + "_optimizer.");
    });
  };
  for (const auto& [name, entry] : file.entries()) {
    const bool beside = std::any_of(groups.begin(), groups.end(), [&](const std::string& group) {
      return name.starts_with(group + ".");
    });
    const bool moments = name.starts_with("optimizer.") || moments_of(groups, name) ||
                         moments_of(store.group_names(), name);
    if (!beside && !moments && name != ema_name && !known.contains(name)) {
      throw Error(path + ": tensor '" + name + "' is no parameter of the model");
    }
  }
}

std::vector<Restored> read_parameters(const safetensors::Reader& file, const std::string& path,
                                      const ParameterStore& store) {
  std::vector<Restored> all;
  for (const ParameterStore::Entry& entry : store.entries()) {
    const Tensor to = store.tensor(entry.name);
    all.push_back({to, read_like(file, path, entry.name, to)});
  }
  check_no_others(file, path, store);
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
  if (const auto value = number_of<std::size_t>(text)) return *value;
  throw Error(path + ": '" + key + "' is not a number: '" + text + "'");
}

/// Hexadecimal, as it was written: the very bits.
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

/// "critic,baseline".
std::string joined(const Auxiliaries& auxiliaries) {
  std::string list;
  for (const Auxiliary& one : auxiliaries.all()) list += (list.empty() ? "" : ",") + one.group;
  return list;
}

/// Throws Error where the file is not what was written; a note where it cannot be known.
std::string verified(const safetensors::Reader& file, const std::string& path) {
  const std::string note = file.verify();
  return note.empty() ? "" : path + ": " + note;
}

/// Where the sum of the objective's i-th named quantity stands.
std::string term_key(std::size_t i) { return "sum_term_" + std::to_string(i); }

}  // namespace

void save_checkpoint(const std::string& path, const std::string& model,
                     const Auxiliaries& auxiliaries, const ParameterStore& store,
                     const std::vector<NamedOptimizer>& optimizers, const TrainState& state,
                     const Tensor* ema) {
  safetensors::Views views = parameter_views(store);
  safetensors::Metadata numbers{
      {"model", model},
      {"auxiliaries", joined(auxiliaries)},
      {"step", std::to_string(state.step)},
      {"epoch", std::to_string(state.epoch)},
      {"batch", std::to_string(state.batch)},
      {"sum_nell", fmt::format("{:a}", state.sums.sums.nell)},
      {"sum_div", fmt::format("{:a}", state.sums.sums.div)},
      {"sum_bound", fmt::format("{:a}", state.sums.sums.objective)},
      {"sum_examples", std::to_string(state.sums.examples)},
      {"sum_gradient_norm", fmt::format("{:a}", state.gradient_norms)},
  };
  const auto& terms = state.sums.sums.terms;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    numbers[term_key(i)] = fmt::format("{:a}", terms[i]);
  }
  for (const auto& [name, optimizer] : optimizers) {
    for (const Optimizer::State& moment : optimizer->state()) {
      views[name + "." + moment.name] = view(moment.values);
    }
    numbers[name + ".updates"] = std::to_string(optimizer->steps());
  }
  if (ema != nullptr) views[ema_name] = view(*ema);
  if (state.clipped_in_all > 0) {
    numbers["clipped"] = std::to_string(state.clipped);
    numbers["clipped_in_all"] = std::to_string(state.clipped_in_all);
  }
  if (state.best) numbers["best_valid"] = fmt::format("{:a}", *state.best);
  numbers["best_epoch"] = std::to_string(state.best_epoch);
  safetensors::write(path, views, numbers);
}

std::string load_checkpoint(const std::string& path, ParameterStore& store,
                            const std::vector<NamedOptimizer>& optimizers, TrainState& state,
                            const Tensor* ema) {
  const safetensors::Reader file(path);
  const std::string note = verified(file, path);
  std::vector<Restored> all = read_parameters(file, path, store);
  std::vector<std::uint64_t> updates;
  for (const auto& [name, optimizer] : optimizers) {
    for (const Optimizer::State& moment : optimizer->state()) {
      all.push_back(
          {moment.values, read_like(file, path, name + "." + moment.name, moment.values)});
    }
    updates.push_back(read_count(file, path, name + ".updates"));
  }
  if (ema != nullptr) all.push_back({*ema, read_like(file, path, ema_name, *ema)});
  TrainState read;
  read.step = read_count(file, path, "step");
  read.epoch = read_count(file, path, "epoch");
  read.batch = read_count(file, path, "batch");
  read.sums.sums.nell = read_number(file, path, "sum_nell");
  read.sums.sums.div = read_number(file, path, "sum_div");
  read.sums.sums.objective = read_number(file, path, "sum_bound");
  while (file.metadata().contains(term_key(read.sums.sums.terms.size()))) {
    read.sums.sums.terms.push_back(read_number(file, path, term_key(read.sums.sums.terms.size())));
  }
  read.sums.examples = read_count(file, path, "sum_examples");
  read.gradient_norms = read_number(file, path, "sum_gradient_norm");
  if (file.metadata().contains("clipped_in_all")) {
    read.clipped = read_count(file, path, "clipped");
    read.clipped_in_all = read_count(file, path, "clipped_in_all");
  }
  // "best" of nelbo 0.1.0 was chosen on the test examples: it is left.
  if (file.metadata().contains("best_valid")) read.best = read_number(file, path, "best_valid");
  read.best_epoch =
      file.metadata().contains("best_epoch") ? read_count(file, path, "best_epoch") : read.epoch;

  copy_all(all);
  for (std::size_t i = 0; i < optimizers.size(); ++i)
    optimizers[i].optimizer->set_steps(updates[i]);
  state = read;
  return note;
}

void save_parameters(const std::string& path, const std::string& model,
                     const Auxiliaries& auxiliaries, const ParameterStore& store,
                     const TrainState& state) {
  safetensors::write(path, parameter_views(store),
                     {{"model", model},
                      {"auxiliaries", joined(auxiliaries)},
                      {"step", std::to_string(state.step)},
                      {"epoch", std::to_string(state.epoch)}});
}

std::string model_of_checkpoint(const std::string& path) {
  const safetensors::Reader file(path);
  verified(file, path);
  const auto found = file.metadata().find("model");
  return found == file.metadata().end() ? "" : found->second;
}

WarmStart take_parameters(const std::string& path, ParameterStore& store) {
  const safetensors::Reader file(path);
  WarmStart start{.of = store.entries().size(), .note = verified(file, path)};
  std::vector<Restored> all;
  for (const ParameterStore::Entry& entry : store.entries()) {
    const Tensor to = store.tensor(entry.name);
    if (const std::string why = unlike(file, entry.name, to); !why.empty()) {
      start.fresh.push_back(entry.name + " (" + why + ")");
    } else {
      all.push_back({to, file.read(entry.name)});
    }
  }
  if (all.empty()) {
    throw Error(path + ": holds none of the model's " + std::to_string(start.of) +
                " parameters: " + start.fresh.front() + ", ...");
  }
  copy_all(all);
  start.taken = all.size();
  return start;
}

CheckpointOrigin freeze_from(const std::string& path, ParameterStore& store) {
  const safetensors::Reader file(path);
  const std::string note = verified(file, path);
  store.freeze([&](const ParameterStore::Entry& entry, const Tensor& parameter) {
    const data::Array array = read_like(file, path, entry.name, parameter);
    std::memcpy(parameter.data(), array.bytes.data(), array.bytes.size());
  });
  check_no_others(file, path, store);
  const auto count = [&](const char* key) {
    return file.metadata().contains(key) ? read_count(file, path, key) : 0;
  };
  return {{count("step"), double(count("epoch"))}, note};
}

}  // namespace nelbo
