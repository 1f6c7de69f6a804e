#include "apps/shards/part.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "apps/cli/fail.hpp"
#include "apps/cli/read_json.hpp"
#include "autodiff/error.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/files/safetensors.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;
using data::StoredType;

constexpr const char* key = "nelbo_part";

std::string text_name(std::size_t item) { return fmt::format("{}.text", item); }
std::string numbers_name(std::size_t item) { return fmt::format("{}.numbers", item); }

}  // namespace

std::span<const double> taken(std::span<const double>& left, std::size_t count) {
  if (left.size() < count)
    throw Error("a part holds fewer numbers than it says; run its shard again");
  const std::span<const double> front = left.first(count);
  left = left.subspan(count);
  return front;
}

std::string WorkPart::usual_name() const {
  const int digits = int(std::to_string(shard.of - 1).size());
  return fmt::format("{}-{:0{}}-of-{}.part", words.front(), shard.number, digits, shard.of);
}

void write_part(const std::string& path, const WorkPart& part) {
  safetensors::Views views;
  for (const auto& [item, result] : part.results) {
    views[text_name(item)] = {
        StoredType::uint8, {std::int64_t(result.text.size())}, result.text.data()};
    views[numbers_name(item)] = {
        StoredType::float64, {std::int64_t(result.numbers.size())}, result.numbers.data()};
  }
  const Json head{{"words", part.words},
                  {"of", part.of},
                  {"shard", part.shard.number},
                  {"shards", part.shard.of},
                  {"items", part.items}};
  const auto whatever_bytes = Json::error_handler_t::replace;
  safetensors::write(path, views, {{key, head.dump(-1, ' ', false, whatever_bytes)}});
}

WorkPart read_part(const std::string& path) {
  const safetensors::Reader reader(path);
  const auto found = reader.metadata().find(key);
  if (found == reader.metadata().end()) fail(path, "is no part of a command's work");
  reader.verify();
  WorkPart part;
  try {
    const Json head = parsed_json(found->second);
    part.words = head.at("words").get<std::vector<std::string>>();
    part.of = head.at("of");
    part.shard = read_shard(fmt::format("{}/{}", head.at("shard").get<std::size_t>(),
                                        head.at("shards").get<std::size_t>()));
    part.items = head.at("items");
  } catch (const nlohmann::json::exception&) {
    fail(path, "does not say of what it is a part; run its shard again");
  }
  if (part.words.empty()) fail(path, "does not say of what command it is a part");
  // Of more items than tensors some would be missing: so many turns and no more.
  std::size_t held = 0;
  for (std::size_t item = part.shard.number; item < part.items; item += part.shard.of) {
    if (!reader.has(text_name(item)) || !reader.has(numbers_name(item))) {
      fail(path, "item {} is missing; run its shard again", item);
    }
    const data::Array text = reader.read(text_name(item));
    ItemResult& result = part.results[item];
    result.text.assign(reinterpret_cast<const char*>(text.bytes.data()), text.bytes.size());
    result.numbers = data::to_double(reader.read(numbers_name(item)));
    ++held;
  }
  if (reader.entries().size() != 2 * held) fail(path, "holds items that are not of its shard");
  return part;
}

}  // namespace nelbo
