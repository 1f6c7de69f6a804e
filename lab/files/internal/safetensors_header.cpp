#include "lab/files/internal/safetensors_header.hpp"

#include <nlohmann/json.hpp>

#include "lab/files/internal/fail.hpp"

namespace nelbo::safetensors {
namespace {

using Json = nlohmann::json;

/// Receives the parser's events. The header is only three levels deep:
///
///     {name: {"dtype": text, "shape": [..], "data_offsets": [..]}, "__metadata__": {key: text}}
class Events final : public nlohmann::json_sax<Json> {
 public:
  explicit Events(const std::string& file) : file_(file) {}

  Header header;

  bool start_object(std::size_t) override {
    if (place_ == Place::outside) {
      place_ = Place::top;
    } else if (place_ == Place::top && key_ == "__metadata__") {
      place_ = Place::metadata;
    } else if (place_ == Place::top) {
      place_ = Place::tensor;
      entry_ = {};
      seen_ = 0;
    } else {
      wrong("an object");
    }
    return true;
  }

  bool key(std::string& name) override {
    key_ = name;
    if (place_ == Place::top) {
      tensor_ = name;
      const bool metadata = name == "__metadata__";
      if (metadata ? has_metadata_ : header.entries.count(name) != 0)
        data::fail(file_, "the header names '{}' twice", name);
      has_metadata_ = has_metadata_ || metadata;
    }
    return true;
  }

  bool end_object() override {
    if (place_ == Place::tensor) {
      if (seen_ != (dtype_seen | shape_seen | offsets_seen))
        data::fail(file_, "tensor '{}' lacks dtype, shape or data_offsets", tensor_);
      header.entries.emplace(tensor_, std::move(entry_));
      place_ = Place::top;
    } else {
      place_ = place_ == Place::metadata ? Place::top : Place::outside;
    }
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ != Place::tensor) wrong("a list");
    if (key_ == "shape") {
      once(shape_seen);
      place_ = Place::shape;
    } else if (key_ == "data_offsets") {
      once(offsets_seen);
      place_ = Place::offsets;
      offsets_ = 0;
    } else {
      wrong("a list");
    }
    return true;
  }

  bool end_array() override {
    if (place_ == Place::offsets && offsets_ != 2)
      data::fail(file_, "data_offsets of tensor '{}' must hold two numbers", tensor_);
    place_ = Place::tensor;
    return true;
  }

  bool number_unsigned(number_unsigned_t value) override {
    constexpr std::size_t most_axes = 64;
    if (place_ == Place::shape) {
      if (value > static_cast<number_unsigned_t>(INT64_MAX) || entry_.shape.size() == most_axes)
        data::fail(file_, "absurd shape of tensor '{}'", tensor_);
      entry_.shape.push_back(static_cast<std::int64_t>(value));
    } else if (place_ == Place::offsets && offsets_ < 2) {
      (offsets_++ == 0 ? entry_.begin : entry_.end) = value;
    } else {
      wrong("a number");
    }
    return true;
  }

  bool string(std::string& text) override {
    if (place_ == Place::metadata) {
      if (!header.metadata.emplace(key_, text).second)
        data::fail(file_, "the metadata names '{}' twice", key_);
    } else if (place_ == Place::tensor && key_ == "dtype") {
      once(dtype_seen);
      entry_.dtype = text;
    } else {
      wrong("text");
    }
    return true;
  }

  bool null() override { wrong("null"); }
  bool boolean(bool) override { wrong("a truth value"); }
  bool number_integer(number_integer_t) override { wrong("a negative number"); }
  bool number_float(number_float_t, const std::string&) override { wrong("a fraction"); }
  bool binary(Json::binary_t&) override { wrong("binary"); }
  bool parse_error(std::size_t position, const std::string&, const Json::exception&) override {
    data::fail(file_, "malformed JSON in the header at byte {}", position);
  }

 private:
  enum class Place { outside, top, metadata, tensor, shape, offsets };
  enum Field { dtype_seen = 1, shape_seen = 2, offsets_seen = 4 };

  [[noreturn]] void wrong(const char* what) const {
    data::fail(file_, "malformed header: {} where none belongs (at '{}')", what, key_);
  }
  void once(Field field) {
    if (seen_ & field) data::fail(file_, "tensor '{}' gives '{}' twice", tensor_, key_);
    seen_ |= field;
  }

  const std::string& file_;
  Place place_ = Place::outside;
  std::string key_, tensor_;
  Entry entry_;
  int seen_ = 0;
  int offsets_ = 0;
  bool has_metadata_ = false;
};

}  // namespace

Header parse_header(const std::string& file, std::string_view json) {
  if (!json.starts_with('{')) data::fail(file, "the header does not start with '{{'");
  Events events(file);
  Json::sax_parse(json.begin(), json.end(), &events);
  return std::move(events.header);
}

}  // namespace nelbo::safetensors
