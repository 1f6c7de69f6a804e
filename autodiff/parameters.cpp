#include "autodiff/parameters.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>

#include "autodiff/error.hpp"
#include "autodiff/internal/partition.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

// FNV-1a: the address of a parameter's random numbers.
std::uint32_t hash(const std::string& name) {
  std::uint32_t h = 2166136261u;
  for (unsigned char c : name) h = (h ^ c) * 16777619u;
  return h;
}

constexpr std::size_t padded(std::size_t n) { return (n + 15) & ~std::size_t{15}; }

Tensor view(void* buffer, const ParameterStore::Entry& entry, DType dtype) {
  auto* data = static_cast<std::byte*>(buffer) + entry.offset * size_of(dtype);
  return Tensor(data, entry.shape, row_major(entry.shape), dtype);
}

}  // namespace

ParameterId ParameterStore::add(const std::string& name, const std::string& group,
                                const Shape& shape, Initializer initialize) {
  if (frozen_) throw Error("parameters: '" + name + "' declared after freeze()");
  for (const Entry& entry : entries_) {
    if (entry.name == name) throw Error("parameters: two parameters are called '" + name + "'");
  }
  auto found = std::find(groups_.begin(), groups_.end(), group);
  if (found == groups_.end()) {
    if (groups_.size() == 30) throw Error("parameters: no room for a 31st group '" + group + "'");
    found = groups_.insert(groups_.end(), group);
  }
  entries_.push_back({name, int(found - groups_.begin()), shape, 0, std::move(initialize)});
  return {std::uint32_t(entries_.size() - 1)};
}

void ParameterStore::freeze(std::uint64_t seed) {
  freeze([seed](const Entry& entry, const Tensor& parameter) {
    entry.initialize(parameter, seed, hash(entry.name));
  });
}

void ParameterStore::freeze(const std::function<void(const Entry&, const Tensor&)>& fill) {
  if (frozen_) throw Error("parameters: freeze() called twice");
  frozen_ = true;
  ranges_.resize(groups_.size());
  for (std::size_t group = 0; group < groups_.size(); ++group) {
    ranges_[group].offset = size_;
    for (Entry& entry : entries_) {
      if (entry.group != int(group)) continue;
      entry.offset = size_;
      size_ += padded(entry.shape.size());
    }
    ranges_[group].length = size_ - ranges_[group].offset;
  }
  buffer_ = Tensor(Shape{std::int64_t(size_)}, dtype_);
  for (const Entry& entry : entries_) {
    fill(entry, view(buffer_.data(), entry, dtype_));
  }
}

std::size_t ParameterStore::count() const {
  std::size_t n = 0;
  for (const Entry& entry : entries_) n += entry.shape.size();
  return n;
}

Tensor ParameterStore::tensor(ParameterId id) const {
  if (!frozen_) throw Error("parameters: read before freeze()");
  return view(buffer_.data(), entries_[id.index], dtype_);
}

Tensor ParameterStore::tensor(const std::string& name) const {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].name == name) return tensor(ParameterId{std::uint32_t(i)});
  }
  throw Error("parameters: none is called '" + name + "'");
}

int ParameterStore::group_index(const std::string& group) const {
  const auto found = std::find(groups_.begin(), groups_.end(), group);
  if (found == groups_.end()) {
    std::string known;
    for (const std::string& name : groups_) known += (known.empty() ? "" : ", ") + name;
    throw Error("parameters: no group '" + group + "'; there are: " + known);
  }
  return int(found - groups_.begin());
}

Groups ParameterStore::groups(std::initializer_list<std::string> names) const {
  Groups mask = 0;
  for (const std::string& name : names) mask |= Groups{1} << group_index(name);
  return mask;
}

Range ParameterStore::range(const std::string& group) const {
  if (!frozen_) throw Error("parameters: range of '" + group + "' read before freeze()");
  return ranges_[group_index(group)];
}

GradientSink::GradientSink(const ParameterStore& store)
    : buffer_(Shape{std::int64_t(store.size())}, store.dtype()) {
  if (!store.frozen()) throw Error("gradient sink: the parameters are not frozen yet");
}

Tensor GradientSink::tensor(const ParameterStore& store, ParameterId id) const {
  return view(buffer_.data(), store.entry(id), buffer_.dtype());
}

void GradientSink::clear() {
  std::memset(buffer_.data(), 0, std::size_t(buffer_.size()) * size_of(buffer_.dtype()));
}

void GradientSink::add(const GradientSink& other, const Range& range) {
  if (!(buffer_.shape() == other.buffer_.shape()) || buffer_.dtype() != other.buffer_.dtype()) {
    throw Error("gradient sink: sinks of different stores cannot be added");
  }
  dispatch(buffer_.dtype(), [&](auto t) {
    using T = decltype(t);
    T* to = buffer_.data_as<T>() + range.offset;
    const T* from = other.buffer_.data_as<T>() + range.offset;
    const std::size_t size = range.length;
    parallel_for(divide_up(size, chunk_elements), [&](std::size_t chunk) {
      const std::size_t end = std::min(size, (chunk + 1) * chunk_elements);
      for (std::size_t i = chunk * chunk_elements; i < end; ++i) to[i] += from[i];
    });
  });
}

void GradientSink::normalise(const ParameterStore& store) {
  dispatch(buffer_.dtype(), [&](auto t) {
    using T = decltype(t);
    T* const all = buffer_.data_as<T>();
    parallel_for(store.entries().size(), [&](std::size_t i) {
      const ParameterStore::Entry& entry = store.entries()[i];
      const std::span<T> gradient(all + entry.offset, std::size_t(entry.shape.size()));
      double squares = 0;
      for (const T g : gradient) squares += double(g) * double(g);
      if (squares == 0) return;
      const double norm = std::sqrt(squares);
      for (T& g : gradient) g = T(double(g) / norm);
    });
  });
}

std::vector<Range> ParameterStore::tensors() const {
  std::vector<Range> all;
  for (const Entry& entry : entries_)
    all.push_back({entry.offset, std::size_t(entry.shape.size())});
  return all;
}

}  // namespace nelbo
