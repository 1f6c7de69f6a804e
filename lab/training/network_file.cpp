#include "lab/training/network_file.hpp"

#include <toml++/toml.h>
#include <utility>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/nearest_name.hpp"
#include "lab/files/one_line.hpp"
#include "lab/training/run_folder.hpp"
#include "models/architectures/layer_types.hpp"

namespace nelbo {
namespace {

constexpr std::size_t longest = std::size_t{1} << 20, most_layers = 1000;

/// What a key holds. Throws Error for what no layer takes: a table, a date, a list of texts.
LayerValue value_of(const toml::node& node) {
  if (const auto value = node.value_exact<bool>()) return *value;
  if (const auto value = node.value_exact<std::int64_t>()) return *value;
  if (const auto value = node.value_exact<double>()) return *value;
  if (const auto value = node.value_exact<std::string>()) return *value;
  std::vector<std::int64_t> wholes;
  if (const toml::array* const list = node.as_array()) {
    for (const toml::node& one : *list) {
      const auto whole = one.value_exact<std::int64_t>();
      if (!whole) throw Error("must be a list of whole numbers");
      wholes.push_back(*whole);
    }
    return wholes;
  }
  throw Error("must be a number, a text or a list of whole numbers");
}

/// Says where what `read` throws is: "net.toml, line 7: encoder, layer 2: ...".
class Place {
 public:
  Place(std::string file, std::string in = "") : file_(std::move(file)), in_(std::move(in)) {}

  Place within(const std::string& part) const {
    return {file_, in_.empty() ? part : in_ + ", " + part};
  }
  [[noreturn]] void refuse(const toml::node& node, const std::string& reason) const {
    throw Error(data::one_line(file_ + ", line " + std::to_string(node.source().begin.line) + ": " +
                               (in_.empty() ? "" : in_ + ": ") + reason));
  }

 private:
  std::string file_, in_;
};

const LayerType& type_of(const toml::table& table, const Place& place) {
  const toml::node* const type = table.get("type");
  if (type == nullptr) place.refuse(table, "has no type");
  const auto name = type->value_exact<std::string>();
  if (!name) place.refuse(*type, "its type must be a text");
  try {
    return layer_type(*name);
  } catch (const Error& error) {
    place.refuse(*type, error.what());
  }
}

void set_key(LayerDescription& layer, const LayerType& type, const std::string& name,
             const toml::node& node, const Place& place) {
  std::vector<std::string> names{"type"};
  for (const LayerKey& key : type.keys) {
    names.push_back(key.name);
    if (key.name != name) continue;
    try {
      key.set(layer, value_of(node));
    } catch (const Error& error) {
      place.refuse(node, name + ": " + error.what());
    }
    return;
  }
  place.refuse(node, "'" + name + "' is no key of it; " + suggest(name, names));
}

LayerDescription layer_of(const toml::node& node, const Place& numbered) {
  const toml::table* const table = node.as_table();
  if (table == nullptr) numbered.refuse(node, "is no table, as [[encoder]] begins one");
  const LayerType& type = type_of(*table, numbered);
  const Place place = numbered.within(type.name);
  LayerDescription layer = type.usual;
  layer.type = type.name;
  for (const auto& [key, value] : *table) {
    const std::string name(key.str());
    if (name != "type") set_key(layer, type, name, value, place);
  }
  for (const LayerKey& key : type.keys) {
    if (key.wanted && !table->contains(key.name)) place.refuse(*table, "wants " + key.name);
  }
  return layer;
}

std::vector<LayerDescription> layers_of(const toml::node& node, const std::string& part,
                                        const Place& place) {
  const toml::array* const list = node.as_array();
  if (list == nullptr) {
    place.refuse(node, "'" + part + "' must be a list of layers: begin each with [[" + part + "]]");
  }
  if (list->size() > most_layers) {
    place.refuse(node, "'" + part + "' has more than " + std::to_string(most_layers) + " layers");
  }
  std::vector<LayerDescription> layers;
  for (const toml::node& one : *list) {
    const std::string number = std::to_string(layers.size() + 1);
    layers.push_back(layer_of(one, place.within(part).within("layer " + number)));
  }
  return layers;
}

}  // namespace

NetworkDescription read_network(const std::string& text, const std::string& name) {
  if (text.size() > longest) {
    throw Error(name + ": is longer than " + std::to_string(longest) + " bytes, and no network");
  }
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    throw Error(data::one_line(name + ", line " + std::to_string(error.source().begin.line) +
                               ": is not TOML (" + std::string(error.description()) + ")"));
  }
  const Place place(name);
  NetworkDescription network{.name = name};
  for (const auto& [key, node] : table) {
    const std::string part(key.str());
    if (part == "encoder") {
      network.encoder = layers_of(node, part, place);
    } else if (part == "decoder") {
      network.decoder = layers_of(node, part, place);
    } else {
      place.refuse(
          node, "'" + part + "' is no part of a network; " + suggest(part, {"encoder", "decoder"}));
    }
  }
  if (table.empty()) throw Error(name + ": has no [[encoder]] and no [[decoder]]");
  return network;
}

std::string network_text(const std::string& file) {
  const std::string text = read_text(file);
  read_network(text, file);
  return text;
}

}  // namespace nelbo
