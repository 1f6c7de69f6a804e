#include "apps/verify/world_file.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "apps/cli/fail.hpp"
#include "apps/cli/read_json.hpp"
#include "autodiff/error.hpp"
#include "autodiff/nearest_name.hpp"

namespace nelbo::verify {
namespace {

using Json = nlohmann::ordered_json;

struct Key {
  const char* name;
  Tensor LinearGaussianParameters::*member;
  bool matrix;
};

constexpr Key keys[] = {
    {"data_mean", &LinearGaussianParameters::data_mean, false},
    {"data_cov", &LinearGaussianParameters::data_cov, true},
    {"enc_weight", &LinearGaussianParameters::enc_weight, true},
    {"enc_bias", &LinearGaussianParameters::enc_bias, false},
    {"enc_var", &LinearGaussianParameters::enc_var, false},
    {"prior_mean", &LinearGaussianParameters::prior_mean, false},
    {"prior_cov", &LinearGaussianParameters::prior_cov, true},
    {"dec_weight", &LinearGaussianParameters::dec_weight, true},
    {"dec_bias", &LinearGaussianParameters::dec_bias, false},
    {"dec_var", &LinearGaussianParameters::dec_var, false},
};

/// Appends a list of numbers and returns its length.
std::int64_t append_list(const std::string& path, const char* key, const Json& list,
                         std::vector<double>& to) {
  if (!list.is_array())
    fail(path, "{} holds {} where a list of numbers was wanted", key, list.type_name());
  for (const Json& element : list) {
    if (!element.is_number()) {
      fail(path, "{} holds {} where a number was wanted", key, element.type_name());
    }
    to.push_back(element.get<double>());
  }
  return std::int64_t(list.size());
}

Tensor array(const std::string& path, const Key& key, const Json& json) {
  std::vector<double> numbers;
  if (!key.matrix) {
    const std::int64_t n = append_list(path, key.name, json, numbers);
    return Tensor::of(numbers, {n}, DType::f64);
  }
  if (!json.is_array() || json.empty()) fail(path, "{} is not a list of rows", key.name);
  const std::int64_t rows = std::int64_t(json.size());
  const std::int64_t columns = append_list(path, key.name, json[0], numbers);
  for (std::int64_t r = 1; r < rows; ++r) {
    const std::int64_t length = append_list(path, key.name, json[std::size_t(r)], numbers);
    if (length != columns) {
      fail(path, "{} has rows of {} and {} numbers", key.name, columns, length);
    }
  }
  return Tensor::of(numbers, {rows, columns}, DType::f64);
}

}  // namespace

LinearGaussian read_linear_gaussian(const std::string& path) {
  const Json json = read_json_object(path);
  std::vector<std::string> names;
  for (const Key& key : keys) names.push_back(key.name);
  for (const auto& [name, value] : json.items()) {
    if (std::count(names.begin(), names.end(), name) == 0) {
      fail(path, "unknown key '{}'; {}", name, suggest(name, names));
    }
  }
  LinearGaussianParameters parameters;
  for (const Key& key : keys) {
    if (!json.contains(key.name)) fail(path, "lacks the key {}", key.name);
    parameters.*key.member = array(path, key, json[key.name]);
  }
  try {
    return LinearGaussian(parameters);
  } catch (const Error& error) {
    fail(path, "{}", error.what());
  }
}

}  // namespace nelbo::verify
